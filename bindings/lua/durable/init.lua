-- durable: durable workflows in Lua.
--
--   local durable = require "durable"
--
--   local function order(event, ctx)
--     local receipt = ctx:step("charge", function(step)
--       return {paid = event.total}
--     end)
--     ctx:wait("cool off", {hours = 1})
--     return receipt
--   end
--
--   return {handler = order}
--
-- Run it by `durable run order.lua`, or as _HANDLER=order.handler of the custom
-- runtime `durable-lua`.
local native = require "durable.native"

local too_old = native.abi()
if too_old then error("durable: " .. too_old) end

local errors = require "durable.errors"
local handler = require "durable.handler"
local invocation = require "durable.invocation"
local serdes = require "durable.serdes"
local values = require "durable.values"

local durable = {
  _VERSION = native.version_string(),
  null = values.null, array = values.array, object = values.object, tuple = values.tuple,
  typed = values.typed, encode = values.encode, decode = values.decode,
  error = errors.new, is_error = errors.is, retry_invocation = errors.retry_invocation,
  serdes = serdes,
  handler = handler.new, plain = handler.plain,
}

-- Run one invocation for the text of a Lambda event: true and the output, or
-- false and {"errorMessage","errorType"}.
function durable.invoke(fn, event, given)
  return invocation.run(assert(handler.of(fn), "invoke: a handler was expected"), event,
    given or {})
end

return durable
