-- give: the outcome of a body, to the engine.  Each answers nil, or a fatal
-- code.
local native = require "durable.native"
local errors = require "durable.errors"
local serdes = require "durable.serdes"

local give = {INLINE_MAX = 262144} -- a payload above this is not stored

local function fatal(done, code)
  if not done and errors.is_fatal(code) then return code end
end

function give.failure(call, e, retryable)
  local done, _, code = native.engine_op_fail(call.run.native, call.op, errors.to_text(e),
    retryable and 1 or 0)
  return fatal(done, code)
end

function give.payload(call, text)
  if call.summary and text and #text > give.INLINE_MAX then call.large = text end
  local done, why, code = native.engine_op_succeed(call.run.native, call.op, text)
  if done then return nil end
  if errors.is_fatal(code) then return code end
  return give.failure(call, errors.refused(code, "the result is too large to be stored: " .. why),
    false)
end

-- A value in a built-in form.
function give.value(call, value, form)
  local size, why, code = native.succeed(call.run.native, call.op, value, form)
  if size then return nil end
  if size == false then
    return give.failure(call, serdes.fault("Serialization", call.run, call.op, why), false)
  end
  if errors.is_fatal(code) then return code end
  return give.failure(call, errors.refused(code, "the result is too large to be stored: " .. why),
    false)
end

function give.nothing(call, retry_invocation)
  local done, _, code = native.engine_op_abandon(call.run.native, call.op,
    retry_invocation and 1 or 0)
  return fatal(done, code)
end

return give
