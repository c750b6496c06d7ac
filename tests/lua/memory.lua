-- memory: the flow for memory.c: everything that crosses into C.
local durable = require "durable"
local testing = require "durable.testing"

local plugin = {
  name = "p", on_operation_end = function(info) return info.name end,
  wrap_attempt = function(_, body) return body() end,
}

local handler = durable.handler(function(event, ctx)
  local a = ctx:step("a", function(step)
    step.logger:info("inside", {n = step.attempt})
    return {list = event.list, id = ctx:uuid()}
  end)
  local ok, e = pcall(ctx.step, ctx, "b", function() error(durable.error("No", "never")) end,
    {retry_strategy = "none"})
  local batch = ctx:map("m", {1, 2}, function(child, item)
    child:wait("w", item)
    return child:step("s", function() return item end)
  end)
  local f = ctx:start("run_in_child_context", "f", function(c) return c:random() end)
  local all = ctx:all("all", {f})
  return {a, ok, e.message, batch:get_results(), #all}
end, {plugins = {plugin}, log = function() end})

return function()
  local runner = testing.runner(handler)
  local run = runner:run({list = {1, "two", {three = 3}}})
  runner:close()
  assert(run.status == "SUCCEEDED", run.status)
end
