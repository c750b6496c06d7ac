-- Suite "parallel".  Branches run one after the other, unless it is said.
local durable = require "durable"
local common = require "common"
local summary = common.summary

local suite = {}

-- A branch that returns `value`.
local function constant(value)
  return function() return value end
end

-- A branch that does so in a step.
local function in_step(value)
  return function(branch) return branch:step(common.give(value)) end
end

local function results(ctx, branches, options)
  options = options or {}
  options.max_concurrency = options.max_concurrency or 1
  return ctx:parallel("parallel", branches, options):get_results()
end

suite["8-1"] = function(_, ctx) return results(ctx, {in_step "task-1", in_step "task-2"}) end

suite["8-2"] = function(_, ctx)
  return ctx:parallel({constant "alpha", constant "beta"}, {max_concurrency = 1}):get_results()
end

suite["8-3"] = function(_, ctx)
  return results(ctx, {{"first", constant "one"}, {"second", constant "two"}})
end

suite["8-4"] = function(_, ctx)
  return results(ctx, {constant "hello", constant(42), constant {k = "v"}})
end

suite["8-5"] = function(_, ctx) return results(ctx, {}) end

suite["8-11"] = function(_, ctx)
  return results(ctx, {constant "r0", constant "r1", constant "r2"}, {max_concurrency = 2})
end

suite["8-12"] = function(_, ctx)
  return results(ctx, {in_step "fa", in_step "fb"}, {nesting_type = "FLAT"})
end

suite["8-14"] = function(_, ctx)
  return results(ctx, {in_step "b0", function(branch)
    branch:wait(2)
    return "b1"
  end})
end

-- v is stored as {"wrapped": v}.
local wrapped = {
  serialize = function(value) return durable.encode {wrapped = value} end,
  deserialize = function(text) return assert(durable.decode(text)).wrapped end,
}

suite["8-15"] = function(_, ctx)
  return results(ctx, {constant "x", constant "y"}, {item_serdes = wrapped})
end

suite["8-21"] = function(_, ctx)
  return results(ctx, {function(branch)
    return results(branch, {in_step "i1", in_step "i2"})
  end})
end

-- ---- when it is complete: a letter for each branch, f: it fails

local function complete(ctx, outcomes, thresholds)
  local branches = {}
  for letter in outcomes:gmatch "." do
    branches[#branches + 1] = letter == "f" and common.fail or constant "ok"
  end
  return ctx:parallel("parallel", branches,
    {max_concurrency = 1, completion_config = thresholds})
end

suite["8-6"] = function(_, ctx)
  return summary(complete(ctx, "sfs", {tolerated_failure_count = 0}), "completionReason",
    "status", "successCount", "failureCount", "totalCount")
end

suite["8-7"] = function(_, ctx)
  complete(ctx, "fs", {tolerated_failure_count = 0}):throw_if_error()
end

suite["8-8"] = function(_, ctx)
  return summary(complete(ctx, "ssss", {min_successful = 2}), "completionReason",
    "successCount", "totalCount")
end

suite["8-9"] = function(_, ctx)
  return summary(complete(ctx, "sfs", {tolerated_failure_count = 1}), "completionReason",
    "status", "successCount", "failureCount", "totalCount")
end

suite["8-10"] = function(_, ctx)
  return summary(complete(ctx, "ffs", {tolerated_failure_count = 1}), "completionReason",
    "successCount", "failureCount", "totalCount")
end

suite["8-13"] = function(_, ctx)
  return summary(complete(ctx, "ffss", {tolerated_failure_percentage = 25}),
    "completionReason", "successCount", "failureCount", "totalCount")
end

suite["8-16"] = function(_, ctx)
  return summary(complete(ctx, "fff", {tolerated_failure_count = 3}), "completionReason",
    "status", "successCount", "failureCount", "totalCount")
end

suite["8-17"] = function(_, ctx)
  return summary(complete(ctx, "sfs", {min_successful = 3}), "completionReason", "status",
    "successCount", "failureCount", "totalCount")
end

suite["8-18"] = function(_, ctx)
  return summary(complete(ctx, "ffss", {min_successful = 3, tolerated_failure_count = 1}),
    "completionReason", "successCount", "failureCount", "totalCount")
end

suite["8-19"] = function(_, ctx)
  return results(ctx, {constant "a", constant "b"}, {max_concurrency = 0})
end

suite["8-20"] = function(_, ctx)
  local batch = complete(ctx, "sfs", {tolerated_failure_count = 1})
  return {
    hasFailure = batch.has_failure, successCount = #batch:succeeded(),
    failureCount = #batch:failed(), errorCount = #batch:get_errors(),
  }
end

suite["8-22"] = function(_, ctx)
  return summary(complete(ctx, "fsss", {tolerated_failure_percentage = 25}),
    "completionReason", "status", "successCount", "failureCount", "totalCount")
end

return suite
