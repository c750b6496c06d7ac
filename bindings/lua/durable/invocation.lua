-- invocation: one run of a handler, from the event to the output: the loop that
-- resumes coroutines and, when none is ready, waits for the host.
local native = require "durable.native"
local context = require "durable.context"
local errors = require "durable.errors"
local logger = require "durable.logger"
local plugins = require "durable.plugins"
local tasks = require "durable.tasks"

local invocation = {}

local NEVER = 1e15 -- Unix milliseconds beyond any clock

local Run = {}
Run.__index = Run

function Run:log_own(level, message) logger.own(self, level, message) end

function Run:child_context(call)
  local id = native.engine_op_ctx(self.native, call.op)
  return context.new(self, id and id > 0 and id or call.ctx)
end

function Run:step_context(call, attempt) return context.step(self, call, attempt) end

-- ---- records

local function deliver(self, kind, json)
  if kind == native.RECORD_LOG then
    local ok, said = native.decode(json, native.FORM_PLAIN)
    if ok then self:log_own(said.level or "INFO", said.message or "") end
  else
    plugins.deliver(self, kind, json)
  end
end

function Run:deliver_records()
  while true do
    local more, kind, _, json = native.host_record_next(self.native)
    if more ~= 1 then return end
    deliver(self, kind, json)
  end
end

-- ---- tasks

function Run:ready(task)
  self.last = self.last + 1
  self.queue[self.last] = task
end

local function add(self, id, fn)
  local task = tasks.new(self, id, fn)
  self.tasks[id] = task
  self:ready(task)
  return task
end

-- The engine's task `id` calls fn(task), from the next round on.  The engine waits
-- for its end, so without the memory for it the invocation is given up.
function Run:add_task(id, fn)
  local ok, task = tasks.raw_pcall(add, self, id, fn)
  if ok then return task end
  self.fault = task
  error(task, 0)
end

local function end_task(self, task)
  self.tasks[task.id] = nil
  native.engine_task_end(self.native, task.id)
end

-- Unwind what SUSPEND cut off: the bodies that it was in, innermost first.
local function drop(self, task)
  tasks.drop(task)
  for i = #task.open, 1, -1 do
    native.engine_op_abandon(self.native, task.open[i].op, 0)
  end
  if task.is_root then native.engine_unwound(self.native) end
  end_task(self, task)
end

local function go_on(self, task)
  local what = tasks.resume(task)
  if what == true then
    end_task(self, task)
  elseif what == tasks.SUSPEND then
    drop(self, task)
  elseif what ~= tasks.PARK then
    self:ready(task) -- it yielded by itself: the others first
  end
end

-- Take what the host has: tasks that may go on.  True when it is over.
local function take_events(self)
  local n = self.native
  while true do
    local kind, id = native.host_poll(n)
    if kind == native.EVENT_WAKE then
      local woken = self.tasks[id]
      if woken then self:ready(woken) end
    elseif kind == native.HOST_RECORDS then
      self:deliver_records()
    else
      return kind ~= native.EVENT_NONE
    end
  end
end

-- Until the invocation is over: run all that can, then wait, which sends what they
-- asked for.
local function loop(self)
  local queue = self.queue
  repeat
    while queue[self.first] do
      local task = queue[self.first]
      queue[self.first], self.first = nil, self.first + 1
      go_on(self, task)
      if self.fault then error(self.fault, 0) end
    end
    native.host_wait(self.native, NEVER)
  until take_events(self)
end

-- ---- the handler

local function give_error(self, e)
  native.engine_raise(self.native, errors.to_text(e), e.retry_invocation and 1 or 0)
end

local function give(self, ok, value)
  if not ok then return give_error(self, value) end
  local text, why = native.encode(value, native.FORM_PLAIN)
  local code = native.E_SERDES
  if text then
    local done
    done, why, code = native.engine_return(self.native, text)
    if done then return end
    why = "the result is too large: " .. why
  end
  if not errors.is_fatal(code) then give_error(self, errors.refused(code, why)) end
end

local function call_handler(task, self)
  local ok, event = native.decode(native.engine_input(self.native), native.FORM_PLAIN)
  if not ok then
    local e = errors.new("JSONDecodeError", "the input cannot be read: " .. event)
    e.retry_invocation = true
    return false, e
  end
  return tasks.call(task, self.fn, event, context.new(self, self.root_ctx))
end

local function run_root(self, task)
  local body = function(t) return call_handler(t, self) end
  local ok, value = plugins.wrap(self, "wrap_invocation", nil, nil, body, task)
  if not ok and errors.is(value) == false then value = errors.of(value) end
  give(self, ok, value)
end

-- ---- from the start to the end

local function begin(self)
  while true do
    local kind = native.host_begin(self.native)
    if kind ~= native.HOST_RECORDS then return kind end
    self:deliver_records()
  end
end

local function finish(self)
  while true do
    local kind, _, body = native.host_finish(self.native)
    if kind ~= native.HOST_RECORDS then return kind, body end
    self:deliver_records()
  end
end

local REFUSED = '{"errorMessage":"Unexpected payload provided to start the durable execution. '
  .. 'Check your resource configurations to confirm the durability is set.",'
  .. '"errorType":"ExecutionError"}'

local function open(handler, event, given)
  return native.open(event, {
    dialect = handler.dialect, linger_ms = handler.linger_ms, set_linger = handler.linger_ms ~= nil,
    stay_ms = handler.stay_ms, records = plugins.want_records(handler.plugins),
    deadline_ms = given.deadline_ms, request_id = given.request_id, seed = given.seed,
    set_seed = given.seed ~= nil, transport = given.transport,
  })
end

local function work(self)
  if begin(self) == native.EVENT_WAKE then
    local root = native.engine_root_task(self.native)
    self:add_task(root, function(task) run_root(self, task) end).is_root = true
    loop(self)
  end
  return finish(self)
end

-- Run one invocation for the Lambda `event` (its text).  `given`: request_id,
-- deadline_ms, tenant_id, lambda_context, transport, seed.  Answers true and the
-- output, or false and {"errorMessage","errorType"}: the invocation failed.
function invocation.run(handler, event, given)
  local n, why, code = open(handler, event, given)
  if not n then
    if code == native.E_PROTOCOL then return false, REFUSED end
    error(errors.refused(code, why), 0)
  end
  local self = setmetatable({
    native = n, native_is_open = true, fn = handler.fn, plugins = handler.plugins,
    wrapped = plugins.is_wrapped(handler.plugins),
    has_hooks = plugins.want_records(handler.plugins) > 0, serdes = handler.serdes,
    log = handler.log, log_replays = handler.log_replays,
    arn = native.engine_arn(n), request_id = given.request_id,
    lambda_context = given.lambda_context, root_ctx = native.engine_root_ctx(n),
    tasks = {}, queue = {}, first = 1, last = 0,
  }, Run)
  local ok, kind, body = pcall(work, self)
  self.native_is_open = false
  native.close(n)
  if not ok then error(kind, 0) end
  return kind == native.EVENT_FINISH, body
end

return invocation
