-- testing: run workflows in this process, with virtual time.
--
--   local testing = require "durable.testing"
--   local runner = testing.runner(handler, {functions = {notify = notify}})
--   local run = runner:run({order = "A-17"})
--   assert(run.status == "SUCCEEDED")
--   assert(run:operation("charge").status == "SUCCEEDED")
--
-- The service is the one of libdurable-service, on a database in memory; waits
-- and retry delays take no time.  An execution that waits for a callback stands
-- still until the test answers it.
local native = require "durable.testing_native"
local errors = require "durable.errors"
local handler = require "durable.handler"
local invocation = require "durable.invocation"
local values = require "durable.values"

local testing = {}

local RETURNED, RAISED, CRASHED = 0, 1, 2
local EXECUTIONS = "/2025-12-01/durable-executions/"
local CALLBACKS = "/2025-12-01/durable-execution-callbacks/"
local PAGE = 1000

local function encode_path(text)
  return (text:gsub("[^%w%-_.~]", function(c) return ("%%%02X"):format(c:byte()) end))
end

local function json(value)
  local text, why = values.encode(value)
  if not text then error(errors.new("SerDesError", why), 0) end
  return text
end

-- ---- operations, out of the events of a history

local DETAILS = "Details$"

local STATUS = {
  Started = "STARTED", Succeeded = "SUCCEEDED", Failed = "FAILED", TimedOut = "TIMED_OUT",
  Cancelled = "CANCELLED", Stopped = "STOPPED",
}

local function details_of(event)
  for key, value in pairs(event) do
    if key:find(DETAILS) and type(value) == "table" then return value end
  end
  return {}
end

local function payload_of(field) return type(field) == "table" and field.Payload or nil end

local function decoded(text)
  if text == nil then return nil end
  local value, why = values.decode(text)
  if why then return text end
  return value
end

local function take(op, event)
  local details = details_of(event)
  local kind, what = event.EventType:match("^(.-)(%u%l+)$")
  if event.EventType:find("TimedOut$") then
    kind, what = event.EventType:match("^(.-)(TimedOut)$")
  end
  op.type = kind
  op.status = STATUS[what] or op.status
  if details.CallbackId then op.callback_id = details.CallbackId end
  local result = payload_of(details.Result)
  if result then op.payload, op.result = result, decoded(result) end
  local failure = payload_of(details.Error)
  if type(failure) == "table" then op.error = errors.of_object(failure, 0) end
  if type(details.RetryDetails) == "table" then
    op.attempt = details.RetryDetails.CurrentAttempt or op.attempt
    if (details.RetryDetails.NextAttemptDelaySeconds or 0) > 0 then op.status = "PENDING" end
  end
end

local function operations_of(events)
  local list, by_id = {}, {}
  for _, event in ipairs(events) do
    local id = event.Id
    if id and not event.EventType:find("^Execution") and not event.EventType:find("^Invocation") then
      local op = by_id[id]
      if not op then
        op = {id = id, name = event.Name, parent_id = event.ParentId, sub_type = event.SubType,
          attempt = 1, events = {}}
        by_id[id] = op
        list[#list + 1] = op
      end
      op.events[#op.events + 1] = event
      take(op, event)
    end
  end
  return list
end

-- ---- what a test looks at

-- status     "SUCCEEDED", "FAILED", "TIMED_OUT", "STOPPED", or "RUNNING": it waits
--            for a callback
-- result     the value that the handler returned
-- error      an error object
-- arn, name, operations (a list), events (the history)
local Run = {}
Run.__index = Run

-- The first operation of that name; or its n-th.
function Run:operation(name, n)
  for _, op in ipairs(self.operations) do
    if op.name == name then
      n = (n or 1) - 1
      if n == 0 then return op end
    end
  end
end

-- The operations inside of `op`.
function Run:children(op)
  local out = {}
  for _, child in ipairs(self.operations) do
    if child.parent_id == op.id then out[#out + 1] = child end
  end
  return out
end

-- ---- the runner

local Runner = {}
Runner.__index = Runner

local function check(status, body, what)
  if status >= 200 and status < 300 then return body end
  error(errors.new("TestingError", ("%s: the service answered %d %s"):format(what, status, body)), 0)
end

function Runner:get(target)
  local status, body = self.service:request("GET", target)
  return values.decode(check(status, body, "GET " .. target))
end

function Runner:post(target, body)
  local status, answer = self.service:request("POST", target, body or "")
  return check(status, answer, "POST " .. target)
end

local function raised(body)
  local e = values.decode(body) or {}
  return json {ErrorMessage = e.errorMessage or "", ErrorType = e.errorType or "Error"}
end

local function run_plain(fn, given)
  local ok, value = pcall(fn, values.decode(given.event), {aws_request_id = given.request_id})
  if ok then return RETURNED, json(value) end
  return RAISED, errors.to_text(errors.of(value))
end

local function run_one(self, given)
  local target = self.functions[given.function_name]
  if target.is_plain then return run_plain(target.fn, given) end
  local ok, body = invocation.run(target, given.event, {
    request_id = given.request_id, deadline_ms = given.deadline_ms,
    transport = self.service:transport(), lambda_context = {
      aws_request_id = given.request_id, tenant_id = given.tenant_id,
      function_name = given.function_name,
    },
  })
  self.invocations = self.invocations + 1
  if ok then return RETURNED, body end
  return RAISED, raised(body)
end

local function events_of(self, arn)
  local events, marker = {}, nil
  repeat
    local page = self:get(EXECUTIONS .. encode_path(arn) .. "/history?MaxItems=" .. PAGE
      .. (marker and "&Marker=" .. encode_path(marker) or ""))
    for _, event in ipairs(page.Events) do events[#events + 1] = event end
    marker = page.NextMarker
  until not marker
  return events
end

local function outcome(self, arn)
  local e = self:get(EXECUTIONS .. encode_path(arn))
  local events = events_of(self, arn)
  return setmetatable({
    arn = arn, name = e.DurableExecutionName, status = e.Status, payload = e.Result,
    result = decoded(e.Result), error = e.Error and errors.of_object(e.Error, 0) or nil,
    events = events, operations = operations_of(events),
  }, Run)
end

-- Time is real, and goes on with the execution by itself: there is a timer, or
-- nothing that the outside has to answer.
local function is_under_way(self, run)
  if self.skip_time or run.status ~= "RUNNING" then return false end
  local asks = false
  for _, op in ipairs(run.operations) do
    local open = op.status == "STARTED"
    if op.status == "PENDING" or open and op.type == "Wait" then return true end
    asks = asks or open and (op.type == "Callback" or op.type == "ChainedInvoke")
  end
  return not asks
end

-- Serve invocations until the execution is over, or only a callback can move it.
function Runner:settle(arn, advance_ms)
  self.service:watch(arn, advance_ms)
  while true do
    local given = self.service:next()
    if not given then
      local run = outcome(self, arn)
      if is_under_way(self, run) then return self:settle(arn) end
      return run
    end
    local ok, kind, body = pcall(run_one, self, given)
    if not ok then
      self.service:answer(given.job, CRASHED, errors.to_text(errors.of(kind)))
      error(kind, 0)
    end
    self.service:answer(given.job, kind, body)
  end
end

-- Start an execution, or find the one of that name, and run it as far as it goes.
function Runner:run(input, name)
  local text = input == nil and "{}" or json(input)
  local arn, why = self.service:start(self.name, text, name)
  if not arn then error(errors.new("TestingError", why), 0) end
  return self:settle(arn)
end

-- Go on with an execution, after the test has done something.
function Runner:go_on(run) return self:settle(run.arn) end

local function callback_id(given)
  local id = type(given) == "table" and given.callback_id or given
  if type(id) == "string" then return id end
  error(errors.validation("a callback's id, or an operation that has one, was expected"), 0)
end

-- Answer a callback, given by its id or its operation: with a value; as it is,
-- when it is to be no JSON; or with an error of name and message.
function Runner:succeed_callback(given, value)
  self:post(CALLBACKS .. encode_path(callback_id(given)) .. "/succeed", json(value))
end

function Runner:succeed_callback_raw(given, text)
  self:post(CALLBACKS .. encode_path(callback_id(given)) .. "/succeed", text)
end

function Runner:fail_callback(given, name, message)
  self:post(CALLBACKS .. encode_path(callback_id(given)) .. "/fail",
    json {ErrorMessage = message, ErrorType = name})
end

function Runner:heartbeat_callback(given)
  self:post(CALLBACKS .. encode_path(callback_id(given)) .. "/heartbeat")
end

-- Stop an execution.
function Runner:stop(run, name, message)
  self:post(EXECUTIONS .. encode_path(run.arn) .. "/stop",
    json {ErrorMessage = message or "", ErrorType = name or "Stopped"})
  return self:settle(run.arn)
end

-- Virtual Unix milliseconds.
function Runner:now() return self.service:now() end

-- Move time on, and run what comes due.
function Runner:advance(run, seconds) return self:settle(run.arn, seconds * 1000) end

function Runner:close() self.service:close() end

local KNOWN = {
  name = true, functions = true, path = true, skip_time = true, collapse = true,
  hold_callbacks = true, timeout = true, execution_timeout = true,
}

local function add(self, name, target, options)
  self.functions[name] = target
  local ok, why = self.service:register(name, {
    timeout = options.timeout, execution_timeout = options.execution_timeout,
    not_durable = target.is_plain,
  })
  if not ok then error(errors.validation("function " .. name .. ": " .. tostring(why)), 0) end
end

-- A runner of `fn`, a handler or a function.
--   name        of the function; default "workflow"
--   functions   {name = handler}: to be invoked; durable.plain() makes those that
--               are not durable
--   path        the database; default: in memory
--   skip_time   false: waits take their time; default true
--   collapse    hand out no children of finished contexts, as AWS Lambda does
--   hold_callbacks  timeouts of callbacks pass only by advance(); default true
--   timeout, execution_timeout  seconds
function testing.runner(fn, options)
  options = options or {}
  for key in pairs(options) do
    if not KNOWN[key] then
      error(errors.validation("runner: there is no option " .. tostring(key)), 2)
    end
  end
  local main = handler.of(fn)
  if not main then error(errors.validation("runner: a handler was expected"), 2) end
  local service, why = native.open {
    path = options.path, virtual_time = options.skip_time ~= false,
    hold_callbacks = options.hold_callbacks ~= false, collapse = options.collapse,
  }
  if not service then error(errors.new("TestingError", why), 2) end
  local self = setmetatable({
    service = service, skip_time = options.skip_time ~= false,
    name = options.name or "workflow", functions = {}, invocations = 0,
  }, Runner)
  for name, target in pairs(options.functions or {}) do
    add(self, name, assert(handler.of(target), name .. " is no handler"), options)
  end
  add(self, self.name, main, options)
  return self
end

return testing
