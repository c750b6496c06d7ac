-- Suite "map".  Items run one after the other, unless it is said.
local common = require "common"
local durable = require "durable"
local summary = common.summary

local LARGE = 70 * 1024

local suite = {}

local function results(ctx, items, fn, options)
  options = options or {}
  options.max_concurrency = options.max_concurrency or 1
  return ctx:map("map", items, fn, options):get_results()
end

local function itself(_, item) return item end
local function upper(_, item) return item:upper() end
local function in_step(child, item) return child:step(common.give(item)) end

suite["9-1"] = function(event, ctx)
  return results(ctx, event, function(child, item) return child:step(common.greet(item)) end)
end

suite["9-2"] = function(event, ctx)
  return ctx:map(event, function(_, item) return item * 2 end, {max_concurrency = 1})
    :get_results()
end

-- Indices begin with 1 here.
suite["9-3"] = function(event, ctx)
  return results(ctx, event, function(_, item, index) return item + index - 1 end)
end

suite["9-4"] = function(event, ctx) return results(ctx, event, itself) end

suite["9-11"] = function(_, ctx)
  return results(ctx, {"r0", "r1", "r2"}, itself, {max_concurrency = 2})
end

suite["9-12"] = function(_, ctx)
  return results(ctx, {"fa", "fb"}, in_step, {nesting_type = "FLAT"})
end

suite["9-13"] = function(event, ctx)
  return ctx:map("named-items", event, function(_, item) return item * 10 end, {
    max_concurrency = 1,
    item_namer = function(item) return ("item-%d"):format(item) end,
  }):get_results()
end

suite["9-14"] = function(_, ctx)
  return results(ctx, {"x", "y"}, upper, {item_serdes = common.prefixed "wrapped:"})
end

suite["9-15"] = function(_, ctx)
  return results(ctx, {"r0", "r1"}, function(child, item, index)
    if index == 2 then child:wait(1) end
    return in_step(child, item)
  end)
end

suite["9-17"] = function(_, ctx)
  local found = results(ctx, {"a", "b"}, upper)
  ctx:wait(1)
  return found
end

-- The whole result is stored as "OPSERDE:X,Y".
local joined = {
  serialize = function(batch)
    local parts = {}
    for i, item in ipairs(batch.all) do parts[i] = item.result end
    return "OPSERDE:" .. table.concat(parts, ",")
  end,
  deserialize = function(text)
    local all = {}
    for part in assert(text:match "^OPSERDE:(.*)$"):gmatch "[^,]+" do
      all[#all + 1] = {index = #all, status = "SUCCEEDED", result = part}
    end
    return {all = all, completionReason = "ALL_COMPLETED"}
  end,
}

local function map_joined(ctx)
  return results(ctx, {"x", "y"}, upper, {serdes = joined, item_serdes = durable.serdes.json})
end

suite["9-19"] = function(_, ctx) return map_joined(ctx) end

suite["9-20"] = function(_, ctx)
  local found = map_joined(ctx)
  ctx:wait(1)
  return found
end

-- ---- when it is complete: a letter for each item, f: it fails

local function ok_or_not(_, item)
  if item == "f" then common.fail() end
  return "ok"
end

local function complete(ctx, outcomes, thresholds)
  local items = {}
  for letter in outcomes:gmatch "." do items[#items + 1] = letter end
  return ctx:map("map", items, ok_or_not,
    {max_concurrency = 1, completion_config = thresholds})
end

suite["9-5"] = function(_, ctx)
  return summary(complete(ctx, "sfs", {tolerated_failure_count = 0}), "completionReason",
    "status", "successCount", "failureCount", "totalCount")
end

suite["9-6"] = function(_, ctx)
  complete(ctx, "fs", {tolerated_failure_count = 0}):throw_if_error()
end

suite["9-7"] = function(_, ctx)
  return summary(complete(ctx, "ssss", {min_successful = 2}), "completionReason",
    "successCount", "totalCount")
end

suite["9-8"] = function(_, ctx)
  return summary(complete(ctx, "sfs", {tolerated_failure_count = 1}), "completionReason",
    "status", "successCount", "failureCount", "totalCount")
end

suite["9-9"] = function(_, ctx)
  return summary(complete(ctx, "ffs", {tolerated_failure_count = 1}), "completionReason",
    "successCount", "failureCount", "totalCount")
end

suite["9-10"] = function(_, ctx)
  return summary(complete(ctx, "ffss", {tolerated_failure_percentage = 25}),
    "completionReason", "successCount", "failureCount", "totalCount")
end

suite["9-16"] = function(_, ctx)
  return summary(ctx:map("map", {"a", "b", "c", "d"},
    function(_, item) return item:rep(LARGE) end, {max_concurrency = 1}), "successCount",
    "totalCount")
end

suite["9-18"] = function(_, ctx)
  local batch = complete(ctx, "sf", {tolerated_failure_count = 1})
  ctx:wait(1)
  return summary(batch, "completionReason", "status", "successCount", "failureCount",
    "totalCount")
end

return suite
