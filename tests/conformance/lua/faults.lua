-- Our own suite "faults": see ../requirements.
local common = require "common"
local give = common.give

local suite = {}

common.under(suite, function(_, ctx)
  local a, b = ctx:step("a", give "a"), ctx:step("b", give "b")
  ctx:wait(1)
  return a .. b .. ctx:step("c", give "c")
end, "14-1", "14-2", "14-3", "14-4", "14-5")

return suite
