-- Our own suite "handover": see ../requirements.
local durable = require "durable"
local common = require "common"
local give = common.give

local suite = {}

local function handover(_, ctx)
  local out = {}
  out.first = ctx:step("first", give {n = 1, tags = {"a", "b"}})
  out.inside = ctx:run_in_child_context("inside", function(child)
    return child:step("second", give "two")
  end)
  out.items = ctx:map("items", {1, 2}, function(child, item)
    return child:step("times ten", give(item * 10))
  end, {max_concurrency = 1}):get_results()
  local one = common.answer_to(ctx, "go-1")
  out.third = ctx:step("third", give "three")
  ctx.logger:info("lua goes on")
  out.answers = {one, common.answer_to(ctx, "go-2")}
  ctx.logger:info("lua ends")
  return out
end

common.under(suite, durable.handler(handover, {serdes = durable.serdes.tagged}), "15-2", "15-4")

common.under(suite, durable.handler(handover, {dialect = "js"}), "15-7")

return suite
