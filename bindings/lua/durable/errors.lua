-- errors: error objects: tables with name, message, code, data.
--
--   name     the class: "StepError"; of an error of your own, its name
--   message  a sentence
--   type     what failed inside of the operation: "Declined"; else the name
--   code     DURABLE_OPERATION_ERROR_* of a failed operation (positive),
--            DURABLE_E_* of a refused call (negative); of your own, what you gave
--   data     text, or nil
--   stack    a list of lines, or nil
--   cause    the error inside, of a failed operation
local native = require "durable.native"

local errors = {}

local raw_pcall = pcall -- for what does not yield

local Error = {}
Error.__index = Error
Error.__tostring = function(e)
  local name, kind = errors.words(e.name), errors.words(e.type)
  local text = name .. ": " .. errors.words(e.message)
  if kind ~= name then return text .. " (" .. kind .. ")" end
  return text
end

local function make(fields)
  fields.type = fields.type or fields.name
  return setmetatable(fields, Error)
end

-- A text for any value: one whose __tostring fails has the text of that failure.
function errors.words(value)
  if type(value) == "string" then return value end
  local ok, text = raw_pcall(tostring, value)
  if ok then return text end
  return type(text) == "string" and text or "a " .. type(value) .. " without a text"
end

local words = errors.words

-- new(name, message, more): an error of one's own, to be raised; `more` may hold
-- data and code.
function errors.new(name, message, more)
  more = more or {}
  return make {
    name = words(name or "Error"),
    message = words(message or ""),
    data = more.data, code = more.code,
  }
end

-- An InvocationError: the invocation ends, and the service runs it again.
function errors.retry_invocation(message)
  local e = errors.new("InvocationError", message)
  e.retry_invocation = true
  return e
end

function errors.is(value) return getmetatable(value) == Error end

local function with_fields(raised)
  if raised.message ~= nil or raised.name ~= nil then
    return errors.new(raised.name, raised.message, raised)
  end
end

-- Any raised value as an error object; this raises nothing itself.
function errors.of(raised, stack)
  if getmetatable(raised) == Error then return raised end
  if type(raised) == "table" then
    local ok, e = raw_pcall(with_fields, raised) -- __index may raise
    if not ok then return errors.new("Error", e) end
    if e then return e end
  end
  local e = errors.new("Error", words(raised))
  e.stack = stack
  return e
end

-- ---- refused calls

local E_FATAL = native.E_FATAL

local NAMES = {
  [native.E_SERDES] = "SerDesError",
  [native.E_NOMEM] = "OutOfMemory",
  [native.E_LIMIT] = "ValidationError",
  [native.E_ARGUMENT] = "ValidationError",
}

function errors.refused(code, message)
  return errors.new(NAMES[code] or "DurableError", message, {code = code})
end

function errors.validation(message) return errors.refused(native.E_ARGUMENT, message) end

function errors.is_fatal(code) return code <= E_FATAL end

-- ---- failed operations

local OPERATION = native.OPERATION_ERROR_OPERATION

local function class_of(kind) return native.operation_error_name(kind) end

-- From an ErrorObject as a table; `kind` is the class that it surfaces as.
function errors.of_object(object, kind)
  local inner = object.ErrorType
  local fields = {
    message = object.ErrorMessage or "",
    data = object.ErrorData,
    stack = object.StackTrace,
  }
  if kind == 0 or kind == OPERATION then
    fields.name = inner or "Error"
    return make(fields)
  end
  fields.name, fields.type, fields.code = class_of(kind), inner or class_of(kind), kind
  local known = inner and native.operation_error_of(inner) or 0
  if known == 0 then known = OPERATION end
  fields.cause = make {
    name = class_of(known), type = fields.type, code = known,
    message = fields.message, data = fields.data, stack = fields.stack,
  }
  return make(fields)
end

-- The same from its text, or from nil.
function errors.of_text(text, kind)
  local ok, object = native.decode(text, native.FORM_PLAIN)
  return errors.of_object(ok and type(object) == "table" and object or {}, kind)
end

-- ---- to what is stored

local function text_of(value)
  if value == nil or type(value) == "string" then return value end
  return native.encode(value, native.FORM_PLAIN) or words(value)
end

-- The fields are the user's to change, so they may be anything.
function errors.to_object(e)
  local stack = type(e.stack) == "table" and #e.stack > 0 and {} or nil
  for i = 1, stack and #e.stack or 0 do stack[i] = words(e.stack[i]) end
  return {
    ErrorMessage = words(e.message), ErrorType = words(e.name),
    ErrorData = text_of(e.data), StackTrace = stack,
  }
end

-- JSON text of the ErrorObject; bytes that are no UTF-8 do not stop it.
function errors.to_text(e)
  local object = errors.to_object(e)
  local text = native.encode(object, native.FORM_PLAIN)
  if text then return text end
  return native.encode({
    ErrorMessage = object.ErrorMessage:gsub("[\128-\255]", "?"),
    ErrorType = object.ErrorType:gsub("[\128-\255]", "?"),
  }, native.FORM_PLAIN)
end

return errors
