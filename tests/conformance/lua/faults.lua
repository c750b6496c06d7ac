-- Our own suite "faults": see ../requirements.
local common = require "common"
local give = common.give

local suite = {}

local function once(ctx, name)
  return ctx:step(name, give(name), {step_semantics = "AT_MOST_ONCE_PER_RETRY"})
end

common.under(suite, function(_, ctx)
  local a, b = once(ctx, "a"), once(ctx, "b")
  ctx:wait(1)
  return a .. b .. once(ctx, "c")
end, "14-1", "14-2", "14-3", "14-4", "14-5")

return suite
