-- Our own suite "determinism": see ../requirements.
local common = require "common"
local give = common.give

local suite = {}

common.under(suite, function(_, ctx)
  local value = ctx:step("same", give "x")
  return {value, common.answer_to(ctx, "go")}
end, "11-1", "11-2", "11-3", "11-4", "11-5")

return suite
