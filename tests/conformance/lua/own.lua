-- Our own suites: determinism, combinators, state, faults and handover.
local durable = require "durable"
local common = require "common"
local give, fail = common.give, common.fail

local KIB, MIB = 1024, 1024 * 1024

local suite = {}

local function ids(handler, ...)
  for _, id in ipairs {...} do suite[id] = handler end
end

local function answer_to(ctx, name) return ctx:create_callback(name):result() end

ids(function(_, ctx)
  local value = ctx:step("same", give "x")
  return {value, answer_to(ctx, "go")}
end, "11-1", "11-2", "11-3", "11-4", "11-5")

-- ---- combinators

local function start(ctx, name) return ctx:start("step", name, give(name)) end
local function start_failing(ctx, name) return ctx:start("step", name, fail, common.NO_RETRY) end

suite["12-1"] = function(_, ctx)
  local values = ctx:all {start(ctx, "a"), start(ctx, "b"), ctx:start("wait", 1)}
  ctx:wait(1)
  return values
end

suite["12-2"] = function(_, ctx) return ctx:all {start(ctx, "a"), start_failing(ctx, "b")} end

suite["12-3"] = function(_, ctx)
  local out = {}
  for i, outcome in ipairs(ctx:settled {start(ctx, "a"), start_failing(ctx, "b")}) do
    out[i] = {
      outcome.status,
      outcome.status == "fulfilled" and outcome.value or outcome.reason.ErrorType,
    }
  end
  return out
end

suite["12-4"] = function(_, ctx)
  local value = ctx:any {start_failing(ctx, "a"), start(ctx, "b")}
  ctx:wait(1)
  return value
end

suite["12-5"] = function(_, ctx)
  local value = ctx:race {start(ctx, "a"), ctx:start("wait", 60)}
  ctx:wait(1)
  return value
end

-- ---- state

suite["13-1"] = function(_, ctx)
  local length, seen, different = 0, {}, 0
  for i = 0, 39 do
    local letter = string.char(97 + i % 26)
    local value = ctx:step(function() return letter:rep(200 * KIB) end)
    length = length + #value
    if not seen[value:sub(1, 1)] then different = different + 1 end
    seen[value:sub(1, 1)] = true
  end
  ctx:wait(1)
  return {length = length, different = different}
end

local function map_and_wait(ctx, body)
  local batch = ctx:map({"a", "b", "c"}, function(child, item)
    return child:step(function() return body(item) end)
  end, {max_concurrency = 1})
  ctx:wait(1)
  return batch:get_results()
end

suite["13-2"] = function(_, ctx) return map_and_wait(ctx, string.upper) end

suite["13-3"] = function(_, ctx)
  local out = {}
  for i, text in ipairs(map_and_wait(ctx, function(item) return item:rep(100 * KIB) end)) do
    out[i] = {text:sub(1, 1), #text}
  end
  return out
end

suite["13-4"] = function(_, ctx)
  local value = common.caught(
    function() return ctx:step("large", function() return ("x"):rep(7 * MIB) end, common.NO_RETRY) end,
    function() return "too large" end)
  ctx:wait(1)
  return value
end

suite["13-5"] = function() return ("x"):rep(6 * MIB - 100) end

-- ---- faults

ids(function(_, ctx)
  local a, b = ctx:step("a", give "a"), ctx:step("b", give "b")
  ctx:wait(1)
  return a .. b .. ctx:step("c", give "c")
end, "14-1", "14-2", "14-3", "14-4", "14-5")

-- ---- handover

local function handover(_, ctx)
  local out = {}
  out.first = ctx:step("first", give {n = 1, tags = {"a", "b"}})
  out.inside = ctx:run_in_child_context("inside", function(child)
    return child:step("second", give "two")
  end)
  out.items = ctx:map("items", {1, 2}, function(child, item)
    return child:step("times ten", give(item * 10))
  end, {max_concurrency = 1}):get_results()
  local one = answer_to(ctx, "go-1")
  out.third = ctx:step("third", give "three")
  ctx.logger:info("lua goes on")
  out.answers = {one, answer_to(ctx, "go-2")}
  ctx.logger:info("lua ends")
  return out
end

ids(durable.handler(handover, {serdes = durable.serdes.tagged}), "15-2", "15-4")

ids(durable.handler(handover, {dialect = "js"}), "15-7")

return suite
