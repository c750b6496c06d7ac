-- order: from an order to its delivery.
--
--   validate -> reserve every item -> charge -> ship and invoice -> wait
--            -> the customer confirms (callback) -> notify (another function)
--
-- Input   {"order": "A-17", "items": [{"sku": "tea", "count": 2, "price": 450,
--          "flaky": false}, ...]}
-- Result  {"order", "total", "reserved", "receipt", "tracking", "invoice",
--          "confirmed", "notified"}
--
--   durable run order.lua --with notify.lua --input @order.json --name order-1
--   durable callback succeed --of order-1 confirm --result '"yes"'
local durable = require "durable"
local ledger = require "ledger"

local WAIT_S, CONFIRM_WITHIN, MAX_ITEMS = 2, {days = 1}, 32

-- After a second, up to five attempts; a step's body runs once or more for each.
local AGAIN = {
  retry_strategy = {
    backoff = "fixed", jitter_strategy = "NONE", max_attempts = 5, initial_delay = 1,
  },
}

-- ---- bodies: what is done to the world; their results are on record

local function validate(event)
  return function(step)
    ledger.begin(step, "validate", 10)
    local items = event.items or {}
    if type(event.order) ~= "string" or event.order == "" or #items == 0 or #items > MAX_ITEMS then
      -- A name of one's own: retry strategies and callers see it.
      error(durable.error("order.InvalidOrder", "an order has an id and 1 to " .. MAX_ITEMS .. " items"))
    end
    local total = 0
    for _, item in ipairs(items) do total = total + (item.count or 1) * (item.price or 0) end
    return total
  end
end

local function reserve(item)
  return function(step)
    ledger.begin(step, "reserve", 15)
    if item.flaky and step.attempt == 1 then
      error(durable.error("order.WarehouseBusy", "no answer about " .. (item.sku or "?")))
    end
    return item.sku
  end
end

-- Runs at most once for each attempt; the operation's id lets the bank see two
-- attempts as one.
local function charge(order, total)
  return function(step)
    ledger.begin(step, "charge", 30)
    return {order = order, paid = total}
  end
end

local function ship(order)
  return function(step)
    ledger.begin(step, "ship", 40)
    return "TRACK-" .. order
  end
end

local function invoice(order)
  return function(step)
    ledger.begin(step, "invoice", 20)
    return "INV-" .. order
  end
end

-- ---- the workflow: between its operations it does the same on every run

local function handler(event, ctx)
  local order = event.order or ""
  local out = durable.object({order = order},
    {"order", "total", "reserved", "receipt", "tracking", "invoice", "confirmed", "notified"})

  out.total = ctx:step("validate", validate(event))

  -- Two at a time; throw_if_error, since a map ends well also when items failed.
  local reserved = ctx:map("reserve-items", event.items, function(item_ctx, item)
    return item_ctx:step("reserve", reserve(item), AGAIN)
  end, {max_concurrency = 2}):throw_if_error()
  out.reserved = reserved:get_results()

  out.receipt = ctx:step("charge", charge(order, out.total), {
    step_semantics = "AT_MOST_ONCE_PER_RETRY", retry_strategy = AGAIN.retry_strategy,
  })

  local sent = ctx:parallel("send-out", {
    {name = "ship", fn = function(c) return c:step("ship", ship(order), AGAIN) end},
    {name = "invoice", fn = function(c) return c:step("invoice", invoice(order), AGAIN) end},
  }):throw_if_error()
  out.tracking, out.invoice = sent.all[1].result, sent.all[2].result

  -- Nothing of this runs meanwhile: the invocation ends, and another goes on here.
  ctx:wait("delivery", WAIT_S)

  out.confirmed = ctx:wait_for_callback("confirm", function(_, step)
    ledger.begin(step, "ask", 10) -- here the callback's id would go out by mail
  end, {
    timeout = CONFIRM_WITHIN, serdes = durable.serdes.json,
    retry_strategy = AGAIN.retry_strategy,
  })

  out.notified = ctx:invoke("notify", "notify", {order = order})
  return out
end

return {handler = handler}
