-- serdes: values to payloads and back.
--
-- A serdes is a table with serialize(value, info) and deserialize(text, info),
-- which raise an error when they cannot; `info` has operation_id and
-- execution_arn.  serialize may answer nil: no payload, read as nil.  An error
-- with a field retryable = true has a step tried again by its policy.
local native = require "durable.native"
local errors = require "durable.errors"
local tasks = require "durable.tasks"

local serdes = {}

local function codec(form)
  return {
    form = form,
    serialize = function(value)
      local text, why = native.encode(value, form)
      if not text then error(why, 0) end
      return text
    end,
    deserialize = function(text)
      local ok, value = native.decode(text, form)
      if not ok then error(value, 0) end
      return value
    end,
  }
end

-- JSON, the default.
serdes.json = codec(native.FORM_PLAIN)
-- The default of the official Python SDK: all kinds of values.
serdes.tagged = codec(native.FORM_TAGGED)

-- A string is the payload, as it is.
serdes.pass_through = {
  is_raw = true,
  serialize = function(value)
    if value ~= nil and value ~= native.null and type(value) ~= "string" then
      error("a raw payload is a string, not a " .. type(value), 0)
    end
    return type(value) == "string" and value or nil
  end,
  deserialize = function(text) return text end,
}

local function stored(text, why, retryable)
  if text then return text end
  local e = errors.new("SerDesError", why)
  e.retryable = retryable
  error(e, 0)
end

-- files{base_path, overflow, hashed, inner, preview}: payloads in a directory
-- that all invocations share.  overflow: small ones stay in the checkpoint;
-- hashed: names are digests; inner: the serdes of the text, JSON by default;
-- preview(value): an object to be shown in the checkpoint, or nil.
function serdes.files(options)
  local inner = options.inner or serdes.json
  if type(options.base_path) ~= "string" then
    error(errors.validation("serdes.files: base_path is a directory's path"), 2)
  end
  return {
    serialize = function(value, info)
      local text = inner.serialize(value, info)
      if text == nil then return nil end
      local part = options.preview and options.preview(value)
      local preview = part ~= nil and serdes.json.serialize(part) or nil
      return stored(native.store(options, info.execution_arn, info.operation_id, text, preview))
    end,
    deserialize = function(payload, info)
      return inner.deserialize(stored(native.load(options, payload)), info)
    end,
  }
end

function serdes.check(given, what)
  if given == nil then return nil end
  if type(given) ~= "table" or type(given.serialize) ~= "function"
    or type(given.deserialize) ~= "function" then
    error(errors.validation(what .. ": a serdes is a table with the functions serialize and "
      .. "deserialize"), 0)
  end
  return given
end

-- ---- uses, by the operations

local function info_of(run, op)
  return {
    operation_id = op and native.engine_op_id(run.native, op) or "",
    execution_arn = run.arn,
  }
end

-- What a serdes that raised is told as.
local function fault(what, run, op, raised)
  local id = info_of(run, op).operation_id
  local message = type(raised) == "table" and raised.message or raised
  local e = errors.new("SerDesError",
    what .. " failed for id: " .. id .. ", error: " .. errors.words(message),
    {code = native.E_SERDES})
  e.retryable = type(raised) == "table" and raised.retryable == true
  return e
end

serdes.fault = fault

-- true and the value; or false and an error object.
function serdes.read(run, op, by, text)
  if text == nil then return true, nil end
  if by.form then
    local ok, value = native.decode(text, by.form)
    if ok then return true, value end
    return false, fault("Deserialization", run, op, value)
  end
  local ok, value = tasks.within("serdes", by.deserialize, text, info_of(run, op))
  if ok then return true, value end
  return false, fault("Deserialization", run, op, value)
end

-- true and the text (nil: no payload); or false and an error object.  What a
-- serdes of the user's wrote is read back at once, so that what cannot be read
-- fails here and not on the replay.
function serdes.write(run, op, by, value)
  if by.form then
    local text, why = native.encode(value, by.form)
    if text then return true, text end
    return false, fault("Serialization", run, op, why)
  end
  local ok, text = tasks.within("serdes", by.serialize, value, info_of(run, op))
  if ok and text ~= nil and type(text) ~= "string" then
    ok, text = false, "a serdes answered a " .. type(text) .. ", not a string"
  end
  if not ok then return false, fault("Serialization", run, op, text) end
  if text ~= nil and not by.is_raw then
    local read, why = serdes.read(run, op, by, text)
    if not read then return false, why end
  end
  return true, text
end

return serdes
