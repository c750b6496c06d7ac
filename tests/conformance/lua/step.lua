-- Suite "step".
local durable = require "durable"
local common = require "common"
local give, fail, greet = common.give, common.fail, common.greet

local suite = {}

suite["1-1"] = function(event, ctx) return ctx:step(greet(event)) end

suite["1-2"] = function(event, ctx) return ctx:step("custom_step_name", greet(event)) end

suite["1-3"] = function(_, ctx)
  local first = ctx:step(give "first")
  return ctx:step(function() return first .. "_second" end)
end

suite["1-4"] = function(event, ctx)
  return ctx:step(function()
    return {user = {name = event.name, tags = event.tags}, count = #event.tags}
  end)
end

suite["1-5"] = function(_, ctx) return ctx:step(give(nil)) end

suite["1-6"] = function(event, ctx)
  return ctx:step(give(event), {serdes = common.upper_case})
end

suite["1-7"] = function(event, ctx)
  return ctx:step(function(step)
    step.logger:info("Greeting step started for: " .. event)
    local hello = "Hello, " .. event .. "!"
    step.logger:info("Greeting step completed with: " .. hello)
    return hello
  end)
end

suite["1-8"] = function(_, ctx)
  local computed = ctx:step(give "computed")
  ctx:wait(2)
  return computed
end

suite["1-9"] = function(_, ctx)
  local cached = ctx:step(give "cached_value")
  ctx:wait(1)
  return cached
end

suite["1-10"] = function(_, ctx)
  local message = common.caught(function() return ctx:step(fail, common.NO_RETRY) end,
    function(e) return e.message end)
  ctx:wait(1)
  return message
end

suite["1-11"] = function(_, ctx)
  return ctx:step(common.fail_once "Operation succeeded", common.RETRY_TWICE)
end

suite["1-12"] = function(_, ctx)
  return ctx:step(fail, {retry_strategy = common.fixed(4)})
end

local function fail_twice(step)
  if step.attempt <= 2 then fail() end
  return "done"
end

suite["1-13"] = function(_, ctx) return ctx:step(fail_twice) end

suite["1-14"] = function(_, ctx)
  return ctx:step(fail_twice, {
    retry_strategy = {
      backoff = "exponential", jitter_strategy = "NONE", initial_delay = 2, backoff_rate = 3,
    },
  })
end

local function fail_transiently(step)
  if step.attempt == 1 then error(durable.error("TransientError", "not now")) end
  return "done"
end

local function retry_only(name)
  local strategy = common.fixed(3)
  strategy.retryable_error_types = {name}
  return {retry_strategy = strategy}
end

suite["1-15"] = function(_, ctx)
  return ctx:step(fail_transiently, retry_only "TransientError")
end

suite["1-16"] = function(_, ctx)
  return ctx:step(fail_transiently, retry_only "ThrottlingError")
end

-- A step in whose first attempt the process ends.
local function crash_once(text)
  return function(step)
    step.logger:info(text)
    if step.attempt == 1 then os.exit(1) end
    return "succeeded on second attempt"
  end
end

suite["1-17"] = function(event, ctx)
  return ctx:step("at_most_once_flaky_step", crash_once(event),
    {retry_strategy = "none", step_semantics = "AT_MOST_ONCE_PER_RETRY"})
end

suite["1-18"] = function(event, ctx)
  return ctx:step(crash_once(event),
    {retry_strategy = common.fixed(3), step_semantics = "AT_MOST_ONCE_PER_RETRY"})
end

suite["1-19"] = function(_, ctx) return ctx:step(fail, common.NO_RETRY) end

suite["1-20"] = function(_, ctx)
  return common.caught(function() return ctx:step(fail, common.NO_RETRY) end,
    function() return ctx:step(give "fallback_result") end)
end

return suite
