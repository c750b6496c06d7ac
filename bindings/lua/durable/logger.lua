-- logger: a JSON line with timestamp, level, message, requestId, executionArn,
-- operationId, operationName, parentId and attempt, as far as they apply; silent
-- while the context replays, unless the handler says otherwise.
local native = require "durable.native"
local errors = require "durable.errors"
local plugins = require "durable.plugins"
local tasks = require "durable.tasks"
local values = require "durable.values"

local logger = {}

local LEVELS = {
  trace = native.LOG_TRACE, debug = native.LOG_DEBUG, info = native.LOG_INFO,
  warn = native.LOG_WARN, error = native.LOG_ERROR, fatal = native.LOG_FATAL,
}

local ORDER = {
  "message", "requestId", "executionArn", "operationId", "operationName", "parentId", "attempt",
}

-- The line's text: what has no JSON is written as words.
local function text_of(fields)
  local text = native.encode(values.object(fields, ORDER), native.FORM_PLAIN)
  if text then return text end
  local plain = {}
  for key, value in pairs(fields) do
    if not native.encode(value, native.FORM_PLAIN) then
      value = errors.words(value):gsub("[\128-\255]", "?")
    end
    plain[(errors.words(key):gsub("[\128-\255]", "?"))] = value
  end
  return native.encode(values.object(plain, ORDER), native.FORM_PLAIN)
end

-- Write the fields: by the handler's own function, or as a line of the host.
local function write(run, level, fields)
  plugins.enrich(run, fields)
  if run.log then
    tasks.within("log function", run.log, level, fields)
    return
  end
  native.host_log(level, text_of(fields))
end

local function is_enabled(run, level)
  return run.log ~= nil or native.host_log_enabled(level) == 1
end

local function base(run, message)
  return {message = errors.words(message), requestId = run.request_id, executionArn = run.arn}
end

-- A line of the front end itself, or of the engine.
function logger.own(run, level, message)
  local number = native.host_log_level(level)
  if number and is_enabled(run, number) then write(run, number, base(run, message)) end
end

local function line(self, level, message, more)
  local run = type(self) == "table" and self.run
  if not run then error(errors.validation("logger: write logger:info(...), with a colon"), 0) end
  if more ~= nil and type(more) ~= "table" then
    error(errors.validation("logger: further members are a table, not a " .. type(more)), 0)
  end
  if not is_enabled(run, level) or not run.native_is_open then return end
  local n = run.native
  if not run.log_replays and native.engine_ctx_is_replaying(n, self.ctx) == 1 then return end
  local fields = base(run, message)
  if self.call then
    local op = native.engine_op_current(n, self.call.op)
    fields.operationId = native.engine_op_id(n, op)
    fields.operationName = native.engine_op_name(n, op)
    fields.parentId = native.engine_op_parent_id(n, op)
    if (self.attempt or 0) > 0 then fields.attempt = self.attempt end
  else
    fields.parentId = native.engine_ctx_parent_id(n, self.ctx)
  end
  for key, value in pairs(more or {}) do fields[key] = value end
  write(run, level, fields)
end

local Logger = {}
Logger.__index = Logger

for name, level in pairs(LEVELS) do
  -- logger:info(message, more): `more` is a table of further members, or nil.
  Logger[name] = function(self, message, more) line(self, level, message, more) end
end
Logger.warning = Logger.warn

-- Of a context; or of the inside of the operation `call`.
function logger.new(run, ctx, call, attempt)
  return setmetatable({run = run, ctx = ctx, call = call, attempt = attempt}, Logger)
end

return logger
