-- runtime: a custom runtime of AWS Lambda: takes the handler that _HANDLER names
-- from LAMBDA_TASK_ROOT and serves invocations of the Runtime API.
--
-- _HANDLER is MODULE.NAME: `order.handler` is what the module order gives under
-- the name handler; folders are written as in `flows/order.handler`.
local native = require "durable.native"
local errors = require "durable.errors"
local handler = require "durable.handler"
local invocation = require "durable.invocation"
local tasks = require "durable.tasks"
local values = require "durable.values"

local runtime = {}

local getenv = os.getenv

-- ---- the handler

local function refuse(category, message) error({category = category, message = message}, 0) end

local function split(name)
  local module, key = (name or ""):match("^(.+)%.([^./]+)$")
  if not module then
    refuse("Runtime.MalformedHandlerName",
      ('_HANDLER is "%s": expected MODULE.NAME, such as order.handler'):format(name or ""))
  end
  return module, key
end

-- package.path once more, for a message.
local function is_there(module)
  if package.searchpath then return package.searchpath(module, package.path) ~= nil end
  for template in package.path:gmatch("[^;]+") do
    local file = io.open((template:gsub("%?", (module:gsub("%.", "/")))))
    if file then
      file:close()
      return true
    end
  end
  return false
end

-- What _HANDLER names: a handler, or a plain function of durable.plain().
function runtime.load(name)
  local module, key = split(name)
  module = module:gsub("/", ".")
  if not package.loaded[module] and not package.preload[module] and not is_there(module) then
    refuse("Runtime.ImportModuleError",
      ("there is no module %s in %s"):format(module, package.path))
  end
  local loaded = require(module)
  local found = type(loaded) == "table" and loaded[key] or nil
  local target = handler.of(found)
  if target then return target end
  refuse("Runtime.HandlerNotFound",
    ("the module %s gives no function or handler %s: return {%s = ...} at its end"):format(
      module, key, key))
end

-- ---- Lambda's form of errors

local function object(name, message, stack)
  return (values.encode(values.object({
    errorMessage = message, errorType = name, stackTrace = values.array(stack or {}),
  }, {"errorMessage", "errorType", "stackTrace"})))
    or '{"errorMessage":"an error that cannot be told","errorType":"' .. name .. '"}'
end

local function lines(text)
  local out = {}
  for line in text:gmatch("[^\n]+") do out[#out + 1] = (line:gsub("^%s+", "")) end
  return out
end

local function with_trace(raised)
  if type(raised) == "table" then return raised end
  return {message = tostring(raised), stack = lines(debug.traceback("", 2))}
end

local function category_of(e)
  if e.category then return e.category end
  local message = tostring(e.message or e)
  if message:find("syntax", 1, true) or message:find("error loading module", 1, true) then
    return "Runtime.UserCodeSyntaxError"
  end
  return "Runtime.UserCodeError"
end

-- ---- invocations

local Lambda = {}
Lambda.__index = Lambda

-- Real milliseconds until Lambda ends this invocation.
function Lambda:get_remaining_time_in_millis()
  return math.max(0, self.deadline_ms - native.wall_ms())
end

local function lambda_context(given)
  return setmetatable({
    aws_request_id = given.request_id, deadline_ms = given.deadline_ms,
    invoked_function_arn = given.function_arn, tenant_id = given.tenant_id,
    trace_id = given.trace_id,
    client_context = given.client_context and values.decode(given.client_context),
    identity = given.cognito_identity and values.decode(given.cognito_identity),
    function_name = getenv "AWS_LAMBDA_FUNCTION_NAME",
    function_version = getenv "AWS_LAMBDA_FUNCTION_VERSION",
    memory_limit_in_mb = tonumber(getenv "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"),
    log_group_name = getenv "AWS_LAMBDA_LOG_GROUP_NAME",
    log_stream_name = getenv "AWS_LAMBDA_LOG_STREAM_NAME",
  }, Lambda)
end

local function run_plain(fn, given, context)
  local event, why = values.decode(given.event)
  if event == nil and why then return false, object("JSONDecodeError", why) end
  local ok, value = xpcall(function() return fn(event, context) end, function(e)
    return errors.of(e, lines(debug.traceback("", 2)))
  end)
  if not ok then return false, object(value.name, value.message, value.stack) end
  local text, reason = values.encode(value)
  if text then return true, text end
  return false, object("SerDesError", reason)
end

local function run_one(target, given)
  local context = lambda_context(given)
  if target.is_plain then return run_plain(target.fn, given, context) end
  return invocation.run(target, given.event, {
    request_id = given.request_id, deadline_ms = given.deadline_ms, lambda_context = context,
  })
end

-- Serve until the API is gone: why.
local function serve(client, target)
  while true do
    local given, why = client:next()
    if not given then return why end
    local ok, done, body = tasks.pcall(run_one, target, given)
    if not ok then
      local e = errors.of(done)
      done, body = false, object(e.name, e.message, e.stack)
    end
    if done then
      ok, why = client:respond(body)
    else
      ok, why = client:error(body, nil)
    end
    if not ok then return why end
  end
end

local function say(text) io.stderr:write("durable-lua: ", text, "\n") end

-- The exit status of the process.
function runtime.main()
  local client, why = native.lambda()
  if not client then
    say(why .. ": AWS_LAMBDA_RUNTIME_API is to be HOST:PORT of a Lambda Runtime API")
    return 2
  end
  local ok, target = xpcall(function() return runtime.load(getenv "_HANDLER") end, with_trace)
  if not ok then
    local category = category_of(target)
    local message = tostring(target.message)
    say(category .. ": " .. message)
    client:init_error(object(category, message, target.stack), category)
    return 1
  end
  say(serve(client, target))
  return 1
end

return runtime
