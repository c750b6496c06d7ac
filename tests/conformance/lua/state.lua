-- Our own suite "state": see ../requirements.
local common = require "common"

local KIB, MIB = 1024, 1024 * 1024

local suite = {}

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

return suite
