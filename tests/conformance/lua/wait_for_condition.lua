-- Suite "wait_for_condition".
local common = require "common"

local suite = {}

-- Look every second (or `seconds`) while `more` is true of the state.
local function polling(more, initial, strategy)
  strategy = strategy or {}
  return {
    initial_state = initial, serdes = strategy.serdes,
    wait_strategy = {
      backoff = "fixed", jitter_strategy = "NONE", initial_delay = strategy.seconds or 1,
      max_attempts = strategy.attempts, should_continue_polling = more,
    },
  }
end

local function increment(state) return state + 1 end
local function same(state) return state end

local function below(threshold)
  return function(state) return state < threshold end
end

local function basic(event, ctx)
  return ctx:wait_for_condition(increment, polling(below(event), 0))
end

suite["6-1"] = basic

suite["6-2"] = function(event, ctx)
  return ctx:wait_for_condition(same, polling(below(5), event))
end

suite["6-3"] = function(event, ctx)
  return ctx:wait_for_condition("poll-status", increment, polling(below(event), 0))
end

suite["6-4"] = function(event, ctx)
  return ctx:wait_for_condition(increment, polling(below(event), 5))
end

suite["6-5"] = function(event, ctx)
  return ctx:wait_for_condition(increment, polling(below(event), 0, {seconds = 2}))
end

suite["6-6"] = function(_, ctx)
  return ctx:wait_for_condition(increment,
    polling(function() return true end, 0, {attempts = 3}))
end

local function check_fails(_, ctx)
  return ctx:wait_for_condition(common.fail, polling(function() return true end, 0))
end

suite["6-7"] = check_fails

suite["6-8"] = function(event, ctx)
  return common.caught(function() return check_fails(event, ctx) end,
    function() return "recovered" end)
end

local function attempt(state)
  local attempts = state.attempts + 1
  return {status = attempts < 2 and "PENDING" or "DONE", attempts = attempts}
end

suite["6-9"] = function(_, ctx)
  return ctx:wait_for_condition(attempt, polling(
    function(state) return state.status == "PENDING" end,
    {status = "PENDING", attempts = 0}))
end

suite["6-10"] = function(_, ctx)
  return ctx:wait_for_condition(same, polling(function() return false end, nil))
end

suite["6-11"] = function(_, ctx)
  return ctx:wait_for_condition(function(state) return state .. "x" end,
    polling(function(state) return #state < 2 end, "", {serdes = common.prefixed "state:"}))
end

suite["6-12"] = function(event, ctx)
  local counted = basic(event, ctx)
  return ctx:step(function() return counted * 10 end)
end

suite["6-13"] = function(_, ctx)
  local two = ctx:wait_for_condition(increment, polling(below(2), 0))
  return ctx:wait_for_condition(increment, polling(below(4), two))
end

return suite
