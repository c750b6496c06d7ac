-- context: what bodies are given: ctx, whose methods are the operations, and the
-- inside of a step.
local native = require "durable.native"
local drive = require "durable.drive"
local errors = require "durable.errors"
local logger = require "durable.logger"
local operations = require "durable.operations"
local tasks = require "durable.tasks"

local context = {}

local Context = {}
Context.__index = Context

local entering, may_yield, settle = tasks.entering, tasks.may_yield, drive.settle

-- What a settled call answers; a failure is raised.
local function answer(call)
  if call.failure then error(call.failure, 0) end
  return call.value
end

-- Claim by `claim`, drive it to its end, and answer.
local function blocking(claim)
  return function(self, ...)
    local task = entering(self)
    may_yield()
    local call = claim(self, task, ...)
    if call.is_fatal then tasks.suspend(task) end
    settle(task, call)
    if call.failure then error(call.failure, 0) end
    return call.value
  end
end

-- ---- futures

local Future = {}
Future.__index = Future

-- The value, once the operation has ended; any number of times, by any task.  A
-- failure is raised.
function Future:await()
  local task = entering(type(self) == "table" and self.call)
  may_yield()
  if not self.call.done then drive.await(task, self.call) end
  return answer(self.call)
end

-- Whether await() will answer without waiting.
function Future:is_done() return self.call.done == true end

local BODY = {
  step = true, child = true, condition = true, with_retry = true, group = true,
  wait_for_callback = true,
}

local function future_of(task, call)
  if call.is_fatal then tasks.suspend(task) end
  if BODY[call.kind] then
    local run = call.run
    local id, why, code = native.engine_task_new(run.native, call.ctx)
    if not id then
      if errors.is_fatal(code) then tasks.suspend(task) end
      error(errors.refused(code, why), 0)
    end
    call.has_task = true
    run:add_task(id, function(self) settle(self, call) end)
  end
  return setmetatable({call = call}, Future)
end

-- ---- callbacks

local Callback = {}
Callback.__index = Callback

-- What the external system sent; a failure is raised.
function Callback:result()
  local task = entering(type(self) == "table" and self.ctx)
  may_yield()
  local call = operations.callback_result(self.ctx, task, self.call)
  if call.is_fatal then tasks.suspend(task) end
  settle(task, call)
  return answer(call)
end

-- The same as a future.
function Callback:start_result()
  local task = entering(type(self) == "table" and self.ctx)
  return future_of(task, operations.callback_result(self.ctx, task, self.call))
end

local function callback_of(ctx, call)
  return setmetatable({ctx = ctx, call = call, callback_id = call.value}, Callback)
end

-- A callback whose callback_id is known once this answers.
function Context:create_callback(...)
  local task = entering(self)
  may_yield()
  local call = operations.callback(self, task, ...)
  if call.is_fatal then tasks.suspend(task) end
  settle(task, call)
  answer(call)
  return callback_of(self, call)
end

-- ---- operations

Context.step = blocking(operations.step)
Context.wait = blocking(operations.wait)
Context.invoke = blocking(operations.invoke)
Context.wait_for_callback = blocking(operations.wait_for_callback)
Context.run_in_child_context = blocking(operations.run_in_child_context)
Context.wait_for_condition = blocking(operations.wait_for_condition)
Context.with_retry = blocking(operations.with_retry)
Context.map = blocking(operations.map)
Context.parallel = blocking(operations.parallel)

local function combining(mode)
  return function(self, task, ...) return operations.combine(self, task, mode, ...) end
end

local claims = {
  step = operations.step, wait = operations.wait, invoke = operations.invoke,
  wait_for_callback = operations.wait_for_callback,
  run_in_child_context = operations.run_in_child_context,
  wait_for_condition = operations.wait_for_condition,
  with_retry = operations.with_retry, map = operations.map, parallel = operations.parallel,
  all = combining(native.COMBINE_ALL), settled = combining(native.COMBINE_SETTLED),
  any = combining(native.COMBINE_ANY), race = combining(native.COMBINE_RACE),
}

Context.all = blocking(claims.all)
Context.settled = blocking(claims.settled)
Context.any = blocking(claims.any)
Context.race = blocking(claims.race)

-- start("step", ...): the operation of that method takes its place now and goes
-- on beside its caller; answers a future.
function Context:start(kind, ...)
  local task = entering(self)
  local claim = claims[kind]
  if not claim then
    local names = {}
    for name in pairs(claims) do names[#names + 1] = name end
    table.sort(names)
    error(errors.validation("start: " .. tostring(kind) .. " cannot be started; what can is "
      .. table.concat(names, ", ")), 0)
  end
  local given = select("#", ...)
  local opts = given > 0 and (select(given, ...)) or nil
  if kind == "with_retry" and type(opts) == "table" and opts.wrap_in_child_context == false then
    error(errors.validation("start: unwrapped attempts use the context of their caller: they "
      .. "cannot be started beside it"), 0)
  end
  return future_of(task, claim(self, task, ...))
end

-- ---- what a body knows

function Context:is_replaying()
  return native.engine_ctx_is_replaying(self.run.native, self.id) == 1
end

-- Replay-safe: the same on every run.
function Context:uuid() return native.uuid(self.run.native, self.id) end

-- Unix milliseconds: the end of the newest operation that this context has seen.
function Context:now() return native.engine_now_ms(self.run.native, self.id) end

-- 0 <= x < 1
function Context:random()
  return native.engine_random(self.run.native, self.id) / 9007199254740992.0
end

-- ---- making them

local function new(run, id)
  return setmetatable({
    run = run, id = id, execution_arn = run.arn, lambda_context = run.lambda_context,
  }, Context)
end

-- ctx.logger is made when it is first asked for.
local base = Context.__index
Context.__index = function(self, key)
  if key == "logger" then
    local made = logger.new(self.run, self.id)
    rawset(self, "logger", made)
    return made
  end
  return base[key]
end

context.new = new

local Step = {}
Step.__index = function(self, key)
  local value
  if key == "logger" then
    value = logger.new(self.run, self.call.ctx, self.call, self.attempt)
  elseif key == "operation_id" then
    local n = self.run.native
    value = native.engine_op_id(n, native.engine_op_current(n, self.call.op))
  end
  rawset(self, key, value)
  return value
end

-- The inside of a step: attempt (from 1), operation_id, execution_arn, logger,
-- lambda_context.
function context.step(run, call, attempt)
  return setmetatable({
    run = run, call = call, attempt = attempt, execution_arn = run.arn,
    lambda_context = run.lambda_context,
  }, Step)
end

return context
