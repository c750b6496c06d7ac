-- operations: the claims: each takes the next place of its context, and answers
-- a call to be driven.
--
-- A name may be left out where what follows it is no string.
local native = require "durable.native"
local errors = require "durable.errors"
local options = require "durable.options"
local serdes = require "durable.serdes"
local tasks = require "durable.tasks"

local operations = {}

local TEXT, FLAG, COUNT = options.TEXT, options.FLAG, options.COUNT

-- Known options: `typed` ones by what they may be, and those whose user tests
-- them.
local function keys(typed, ...)
  for _, key in ipairs {...} do typed[key] = true end
  return typed
end

-- (name, a, b, ...), or (a, b, ...) for nil.
local function named(name, a, b, c)
  if type(name) == "string" then return options.name(name), a, b, c end
  if name == nil then return nil, a, b, c end
  if a ~= nil and (type(name) == "number" or type(name) == "boolean") then options.name(name) end
  return nil, name, a, b
end

-- A call of `kind` claimed as `op`; a refused claim raises.
local function claimed(call, op, why, code)
  if op then
    call.op = op
    return call
  end
  if errors.is_fatal(code) then
    call.is_fatal = true -- the engine knows why: the task unwinds
    return call
  end
  error(errors.refused(code, why), 0)
end

local function call_of(ctx, kind, o)
  return {
    kind = kind, run = ctx.run, ctx = ctx.id,
    serdes = o.serdes and options.serdes(o.serdes, kind) or ctx.run.serdes,
  }
end

local function refuse(message) error(errors.validation(message), 0) end

-- ---- step

local STEP = keys({sub_type = TEXT}, "retry_strategy", "step_semantics", "serdes")
local SEMANTICS = {AT_LEAST_ONCE_PER_RETRY = false, AT_MOST_ONCE_PER_RETRY = true}
local NONE = {}

local function step_options(call, o)
  local retry, filter, decide = options.retry(o.retry_strategy, "step: retry_strategy")
  call.filter, call.decide = filter, decide
  local at_most_once = false
  if o.step_semantics ~= nil then
    at_most_once = SEMANTICS[o.step_semantics]
    if at_most_once == nil then
      refuse('step: step_semantics is "AT_LEAST_ONCE_PER_RETRY" or "AT_MOST_ONCE_PER_RETRY"')
    end
  end
  if retry or at_most_once or o.sub_type then
    return {retry = retry, at_most_once = at_most_once, sub_type = o.sub_type}
  end
end

function operations.step(ctx, task, name, fn, opts)
  name, fn, opts = named(name, fn, opts)
  local o = opts == nil and NONE or options.given(opts, STEP, "step")
  local call = call_of(ctx, "step", o)
  call.fn = type(fn) == "function" and fn or options.fn(fn, "step")
  local eo = opts and step_options(call, o) or nil
  return claimed(call, native.engine_step(ctx.run.native, task.id, ctx.id, name, eo))
end

-- ---- wait

function operations.wait(ctx, task, name, duration)
  name, duration = named(name, duration)
  local seconds = options.seconds(duration, "wait")
  return claimed(call_of(ctx, "wait", NONE),
    native.engine_wait(ctx.run.native, task.id, ctx.id, name, seconds))
end

-- ---- invoke

local INVOKE = keys({tenant_id = TEXT, trace_id = TEXT}, "serdes_payload", "serdes_result")

function operations.invoke(ctx, task, name, function_name, payload, opts)
  local o = options.given(opts, INVOKE, "invoke")
  local call = call_of(ctx, "invoke", NONE)
  if type(function_name) ~= "string" or function_name:find("\0", 1, true) then
    refuse("invoke: the function's name is a string; arguments are name, function, payload")
  end
  call.serdes = options.serdes(o.serdes_result, "invoke", "serdes_result") or serdes.json
  local ok, text = serdes.write(ctx.run, nil,
    options.serdes(o.serdes_payload, "invoke", "serdes_payload") or serdes.json, payload)
  if not ok then error(text, 0) end
  return claimed(call, native.engine_invoke(ctx.run.native, task.id, ctx.id,
    options.name(name), function_name, text,
    {tenant_id = o.tenant_id, trace_id = o.trace_id}))
end

-- ---- callbacks

local CALLBACK = keys({sub_type = TEXT}, "timeout", "heartbeat_timeout", "serdes")
local WAIT_FOR_CALLBACK = keys({sub_type = TEXT}, "timeout", "heartbeat_timeout", "serdes",
  "retry_strategy")

local function timeouts(o, what)
  return {
    timeout = o.timeout and options.seconds(o.timeout, what .. ": timeout"),
    heartbeat_timeout = o.heartbeat_timeout
      and options.seconds(o.heartbeat_timeout, what .. ": heartbeat_timeout"),
    sub_type = o.sub_type,
  }
end

function operations.callback(ctx, task, name, opts)
  name, opts = named(name, opts)
  local o = options.given(opts, CALLBACK, "create_callback")
  local call = call_of(ctx, "callback", NONE)
  call.received = options.serdes(o.serdes, "create_callback")
  return claimed(call, native.engine_callback(ctx.run.native, task.id, ctx.id, name,
    timeouts(o, "create_callback")))
end

-- The outcome of the claimed callback `of`.
function operations.callback_result(ctx, task, of)
  local call = call_of(ctx, "callback_result", NONE)
  call.received = of.received
  return claimed(call, native.engine_callback_result(ctx.run.native, task.id, of.op))
end

function operations.wait_for_callback(ctx, task, name, submitter, opts)
  name, submitter, opts = named(name, submitter, opts)
  local o = options.given(opts, WAIT_FOR_CALLBACK, "wait_for_callback")
  local call = call_of(ctx, "wait_for_callback", NONE)
  call.fn = options.fn(submitter, "wait_for_callback")
  call.received = options.serdes(o.serdes, "wait_for_callback")
  local retry
  retry, call.filter, call.decide = options.retry(o.retry_strategy,
    "wait_for_callback: retry_strategy")
  return claimed(call, native.engine_wait_for_callback(ctx.run.native, task.id, ctx.id, name,
    timeouts(o, "wait_for_callback"), retry))
end

-- ---- child context

local CHILD = keys({sub_type = TEXT, is_virtual = FLAG}, "serdes", "summary_generator")

local function child_options(call, o, what)
  call.is_raw = o.is_virtual and true or false
  call.summary = o.summary_generator
    and options.fn(o.summary_generator, what .. ": summary_generator")
  return {
    sub_type = o.sub_type, is_virtual = call.is_raw, has_summary = call.summary ~= nil,
  }
end

function operations.run_in_child_context(ctx, task, name, fn, opts)
  name, fn, opts = named(name, fn, opts)
  local o = options.given(opts, CHILD, "run_in_child_context")
  local call = call_of(ctx, "child", o)
  call.fn = options.fn(fn, "run_in_child_context")
  local eo = opts and child_options(call, o, "run_in_child_context") or nil
  return claimed(call, native.engine_child(ctx.run.native, task.id, ctx.id, name, eo))
end

-- ---- condition

local CONDITION = keys({}, "initial_state", "wait_strategy", "serdes")

function operations.wait_for_condition(ctx, task, name, check, opts)
  name, check, opts = named(name, check, opts)
  local o = options.given(opts, CONDITION, "wait_for_condition")
  local call = call_of(ctx, "condition", o)
  call.fn = options.fn(check, "wait_for_condition")
  local pace
  pace, call.more, call.decide = options.pace(o.wait_strategy, "wait_for_condition: wait_strategy")
  local ok, state = serdes.write(ctx.run, nil, call.serdes, o.initial_state)
  if not ok then error(state, 0) end
  return claimed(call,
    native.engine_condition(ctx.run.native, task.id, ctx.id, name, state, pace))
end

-- ---- with_retry

local WITH_RETRY = keys({sub_type = TEXT, wrap_in_child_context = FLAG, is_virtual = FLAG},
  "retry_strategy", "serdes", "summary_generator")

function operations.with_retry(ctx, task, name, fn, opts)
  name, fn, opts = named(name, fn, opts)
  local o = options.given(opts, WITH_RETRY, "with_retry")
  local call = call_of(ctx, "with_retry", o)
  call.fn = options.fn(fn, "with_retry")
  local eo = child_options(call, o, "with_retry")
  eo.retry, call.filter, call.decide = options.retry(o.retry_strategy,
    "with_retry: retry_strategy")
  if o.wrap_in_child_context == false then
    eo.unwrapped, call.is_raw, call.is_unwrapped = true, true, true
  end
  return claimed(call, native.engine_with_retry(ctx.run.native, task.id, ctx.id, name, eo))
end

-- ---- groups

local MAP = keys({max_concurrency = COUNT}, "completion_config", "serdes", "item_serdes",
  "summary_generator", "nesting_type", "item_namer")
local PARALLEL = keys({max_concurrency = COUNT}, "completion_config", "serdes", "item_serdes",
  "summary_generator", "nesting_type")

local function group(ctx, task, name, call, o, eo, what)
  call.kind = "group"
  call.item_serdes = options.serdes(o.item_serdes, what, "item_serdes") or call.serdes
  call.summary = o.summary_generator
    and options.fn(o.summary_generator, what .. ": summary_generator")
  eo.branches = call.count
  return claimed(call, native.engine_group(ctx.run.native, task.id, ctx.id, name, call.count,
    eo))
end

local function names_of(items, namer)
  local names = {}
  options.fn(namer, "map: item_namer")
  for i, item in ipairs(items) do
    local ok, name = tasks.within("namer of items", namer, item, i)
    if not ok then error(name, 0) end
    names[i] = options.name(name or nil) or false
  end
  return names
end

function operations.map(ctx, task, name, items, fn, opts)
  name, items, fn, opts = named(name, items, fn, opts)
  local o = options.given(opts, MAP, "map")
  if type(items) ~= "table" then refuse("map: the items are a list, not a " .. type(items)) end
  local call = call_of(ctx, "map", o)
  call.fn = options.fn(fn, "map")
  call.items, call.count = items, #items
  local eo, complete = options.group(o, "map")
  call.complete = complete
  eo.kind = native.GROUP_MAP
  if o.item_namer then eo.names = names_of(items, o.item_namer) end
  return group(ctx, task, name, call, o, eo, "map")
end

-- A branch is a function, or {name = ..., fn = ...}, or {name, fn}.
local function branch_of(branch, i)
  if type(branch) == "function" then return false, branch end
  if type(branch) == "table" and not getmetatable(branch) then
    return options.name(branch.name or branch[1] or nil) or false,
      options.fn(branch.fn or branch[2], "parallel: branch " .. i)
  end
  return false, options.fn(branch, "parallel: branch " .. i)
end

function operations.parallel(ctx, task, name, branches, opts)
  name, branches, opts = named(name, branches, opts)
  local o = options.given(opts, PARALLEL, "parallel")
  if type(branches) ~= "table" then
    refuse("parallel: the branches are a list of functions, not a " .. type(branches))
  end
  local call = call_of(ctx, "parallel", o)
  local eo, complete = options.group(o, "parallel")
  call.fns, call.count, call.complete = {}, #branches, complete
  eo.kind, eo.names = native.GROUP_PARALLEL, {}
  for i, branch in ipairs(branches) do
    eo.names[i], call.fns[i] = branch_of(branch, i)
  end
  return group(ctx, task, name, call, o, eo, "parallel")
end

-- ---- combinators

local COMBINE = keys({}, "serdes")

function operations.combine(ctx, task, mode, name, futures, opts)
  name, futures, opts = named(name, futures, opts)
  local o = options.given(opts, COMBINE, "a combinator")
  local call = call_of(ctx, "combine", o)
  if type(futures) ~= "table" then
    refuse("a combinator takes a list of futures, not a " .. type(futures))
  end
  local ops = {}
  call.mode, call.inputs = mode, {}
  for i, future in ipairs(futures) do
    local input = type(future) == "table" and future.call
    if not input then refuse("a combinator takes futures of ctx:start(): number " .. i .. " is none") end
    call.inputs[i], ops[i] = input, input.op
  end
  return claimed(call, native.combine(ctx.run.native, task.id, ctx.id, name, mode, ops))
end

return operations
