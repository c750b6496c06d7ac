-- notify: tell the customer.  A durable function that others invoke.
--
-- Input   {"order": "A-17"}
-- Result  {"order", "sent": true}
local ledger = require "ledger"

local function handler(event, ctx)
  return ctx:step("send", function(step)
    ledger.begin(step, "notify", 20)
    return {order = event.order, sent = true}
  end)
end

return {handler = handler}
