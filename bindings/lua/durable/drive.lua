-- drive: the one loop of the front end: it asks the engine what to do about an
-- operation and does it, until it has settled.
--
-- A call is one operation: what the user gave for it, and what came of it:
--   kind, run, op, ctx           what and where
--   fn, arg                      the body, and what it is given
--   serdes, item_serdes, received, is_raw
--   filter, decide, more, complete, summary
--   done, value, failure         once it has settled
local native = require "durable.native"
local batch = require "durable.batch"
local errors = require "durable.errors"
local give = require "durable.give"
local options = require "durable.options"
local payload = require "durable.payload"
local plugins = require "durable.plugins"
local serdes = require "durable.serdes"
local tasks = require "durable.tasks"

local drive = {}

local next_for, outcome = native.host_next_for, native.outcome
local RUN, DONE, PARK = native.NEXT_RUN, native.NEXT_DONE, native.NEXT_PARK
local SPAWN, DECIDE = native.NEXT_SPAWN, native.NEXT_DECIDE
local SUMMARY, SUSPEND = native.NEXT_SUMMARY, native.NEXT_SUSPEND
local RECORDS, BODY_PAYLOAD = native.HOST_RECORDS, native.BODY_PAYLOAD

-- ---- outcomes

local function fail(call, e)
  call.failure = e
  call.done = true
end

local function read(call, by, text)
  local ok, v = serdes.read(call.run, call.op, by, text)
  if not ok then return fail(call, v) end
  call.value = v
  call.done = true
end

local NO_RESULT = {wait = true, callback = true, branch = true}

-- DONE: take the outcome over.
local function take(call)
  if call.done then return end
  local kind = call.kind
  if kind == "callback" then
    call.value = native.engine_op_callback_id(call.run.native, call.op)
    if call.value then
      call.done = true
      return
    end
  end
  local form = call.serdes and call.serdes.form
  if NO_RESULT[kind] or kind == "callback_result" or call.ran_raw then form = nil end
  local ok, value, class, text = outcome(call.run.native, call.op, form)
  if ok == nil then return fail(call, errors.of_text(text, class)) end
  if ok == false then -- once more, for the words of a serdes error
    return read(call, call.serdes, native.engine_op_result(call.run.native, call.op))
  end
  if NO_RESULT[kind] then
    call.done = true
  elseif kind == "callback_result" then
    read(call, call.received or serdes.pass_through, value)
  elseif call.ran_raw then
    call.value, call.done = call.raw, true
  elseif form then
    call.value, call.done = value, true
  else
    read(call, call.serdes, value)
  end
  if kind == "group" and not call.failure then call.value = batch.of(call.value) end
end

-- ---- RUN

local ATTEMPTS = {step = "step", condition = "check", wait_for_callback = "submitter"}

local function is_suspending(e) return type(e) == "table" and e.retry_invocation end

local function give_result(call, value)
  if call.is_raw then
    call.raw, call.ran_raw = value, true
    return give.payload(call, nil)
  end
  local by = call.kind == "branch" and call.group.item_serdes or call.serdes
  if by.form and not call.summary then return give.value(call, value, by.form) end
  local ok, text = serdes.write(call.run, call.op, by, value)
  if not ok then return give.failure(call, text, text.retryable) end
  return give.payload(call, text)
end

local function give_outcome(call, ok, value)
  if ok then return give_result(call, value) end
  if is_suspending(value) then return give.nothing(call, true) end
  local retryable = true
  if call.filter then
    local tested, answer = tasks.within("retry filter", call.filter, value)
    retryable = tested and answer
  end
  return give.failure(call, value, retryable)
end

-- What the body of `call` is given.
local function step_body(task, call, attempt)
  local run, n = call.run, call.run.native
  local step = run:step_context(call, attempt)
  if call.kind == "step" then
    return tasks.call(task, call.fn, step)
  elseif call.kind == "wait_for_callback" then
    return tasks.call(task, call.fn, native.engine_op_callback_id(n, call.op), step)
  end
  local ok, state = serdes.read(run, call.op, call.serdes, native.engine_op_state(n, call.op))
  if not ok then return false, state end
  return tasks.call(task, call.fn, state, step)
end

local function scope_body(task, call, attempt)
  local ctx = call.run:child_context(call)
  if call.kind == "with_retry" then
    return tasks.call(task, call.fn, ctx, attempt)
  elseif call.kind == "branch" and call.group.items then
    local items = call.group.items
    return tasks.call(task, call.fn, ctx, items[call.index], call.index, items)
  end
  return tasks.call(task, call.fn, ctx)
end

local function run_body(task, call)
  local run, n = call.run, call.run.native
  local open = task.open
  open[#open + 1] = call
  if run.has_hooks then run:deliver_records() end -- before the body, not after it
  local body, attempt = native.body(n, call.op)
  if body == BODY_PAYLOAD then
    local code = payload.run(call, function(input) drive.await(task, input) end)
    open[#open] = nil
    return code
  end
  local ok, value
  if ATTEMPTS[call.kind] then
    local outside = task.inside
    task.inside = ATTEMPTS[call.kind]
    ok, value = plugins.wrap(run, "wrap_attempt", call, attempt, step_body, task)
    task.inside = outside
  else
    ok, value = plugins.wrap(run, "wrap_child", call, attempt, scope_body, task)
  end
  open[#open] = nil
  return give_outcome(call, ok, value)
end

-- ---- the user's decisions

local function asked(call, what, fn, ...)
  local ok, answer = tasks.within(what, fn, ...)
  if ok then return true, answer end
  call.run:log_own("ERROR", "the " .. what .. " raised an error: " .. tostring(errors.of(answer)))
  return false, errors.of(answer)
end

local function decided(call, decision, delay)
  local done, _, code = native.engine_op_decide(call.run.native, call.op, decision, delay or 0)
  if not done and errors.is_fatal(code) then return code end
end

local function decide_retry(call, attempts, text)
  local e = errors.of_text(text, 0)
  local ok, answer = asked(call, "retry strategy", call.decide, e, attempts)
  local valid, delay = pcall(options.delay, ok and answer or nil, "the retry strategy's answer")
  if not valid or not delay then return decided(call, native.DECIDE_STOP) end
  return decided(call, native.DECIDE_CONTINUE, delay)
end

local function is_met(state) return state ~= nil and state ~= false and state ~= native.null end

local function decide_poll(call, attempts, text)
  local ok, state = serdes.read(call.run, call.op, call.serdes, text)
  if not ok then return give.failure(call, state, false) end
  local delay
  if call.decide then
    local answer
    ok, answer = asked(call, "wait strategy", call.decide, state, attempts)
    if ok then ok, delay = pcall(options.delay, answer, "the wait strategy's answer") end
    if not ok then return give.failure(call, errors.of(delay or answer), false) end
  elseif call.more then
    ok, delay = asked(call, "should_continue_polling", call.more, state)
    if not ok then return give.failure(call, delay, false) end
    delay = delay and 1 or nil
  else
    delay = not is_met(state) and 1 or nil
  end
  if delay then return decided(call, native.DECIDE_CONTINUE, delay) end
  return decided(call, native.DECIDE_STOP)
end

local COMPLETIONS = {
  [true] = native.DECIDE_STOP, SUCCEEDED = native.DECIDE_STOP, FAILED = native.DECIDE_FAIL,
}

local function decide(call)
  local _, what, attempts, failure, state, total, succeeded, failed, started =
    native.engine_op_decision(call.run.native, call.op)
  if what == native.DECISION_RETRY then return decide_retry(call, attempts, failure) end
  if what == native.DECISION_POLL then return decide_poll(call, attempts, state) end
  local ok, answer = asked(call, "completion predicate", call.complete, {
    total_count = total, success_count = succeeded, failure_count = failed,
    started_count = started,
  })
  return decided(call, ok and COMPLETIONS[answer] or not ok and native.DECIDE_FAIL
    or native.DECIDE_CONTINUE)
end

local function summarize(call)
  local ok, value = serdes.read(call.run, call.op, call.serdes, call.large)
  local text
  if ok and call.summary then
    if call.kind == "group" then value = batch.of(value) end
    ok, text = asked(call, "summary generator", call.summary, value)
    if not ok or type(text) ~= "string" then text = nil end
  end
  local done, _, code = native.engine_op_summary(call.run.native, call.op, text)
  if not done and errors.is_fatal(code) then return code end
end

-- ---- the loop

local function spawn(call)
  local rc, index, task, op = native.engine_branch(call.run.native, call.op)
  if not rc then return task end
  local branch = {
    kind = "branch", run = call.run, op = op, ctx = call.ctx, group = call,
    fn = call.fns and call.fns[index + 1] or call.fn, index = index + 1,
  }
  call.run:add_task(task, function(self) drive.settle(self, branch) end)
end

local ACTIONS = {
  [RUN] = run_body,
  [SPAWN] = function(_, call) return spawn(call) end,
  [DECIDE] = function(_, call) return decide(call) end,
  [SUMMARY] = function(_, call) return summarize(call) end,
  [RECORDS] = function(_, call) call.run:deliver_records() end,
  [PARK] = function(task) tasks.park(task) end,
  [SUSPEND] = function(task) tasks.suspend(task) end,
}

-- Drive `call` to its end, as `task`.  It does not return when the task is
-- suspended.
function drive.settle(task, call)
  local n, id, op = call.run.native, task.id, call.op
  while not call.done do
    local answer, why, code = next_for(n, id, op, 0)
    if answer == DONE then return take(call) end
    if not answer and not errors.is_fatal(code) then
      return fail(call, errors.refused(code, why))
    end
    if not answer or ACTIONS[answer](task, call) then tasks.suspend(task) end
  end
end

-- Wait for a call that another task may be driving.
function drive.await(task, call)
  if call.has_task then
    local n, ops = call.run.native, {call.op}
    while not call.done do
      local answer, why, code = native.task_wait(n, task.id, ops, true)
      if answer == DONE then return take(call) end
      if answer == RECORDS then
        call.run:deliver_records()
      elseif answer == PARK then
        tasks.park(task)
      elseif answer == SUSPEND or not answer and errors.is_fatal(code) then
        tasks.suspend(task)
      else
        return fail(call, errors.refused(code or native.E_STATE, why or "no answer"))
      end
    end
  else
    drive.settle(task, call)
  end
end

return drive
