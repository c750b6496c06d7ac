-- Suite "wait_for_callback".
local durable = require "durable"
local common = require "common"

local suite = {}

-- The runner finds callbacks by itself: there is nobody to be told.
local function submit() end

local function approval(options)
  return function(event, ctx) return ctx:wait_for_callback(event, submit, options) end
end

local basic = approval()

suite["7-1"] = basic

suite["7-2"] = function(_, ctx) return ctx:wait_for_callback("approval", submit) end

suite["7-3"] = function(_, ctx) return ctx:wait_for_callback(submit) end

suite["7-4"] = basic

suite["7-5"] = approval {timeout = 3}

local function caught(fn, otherwise)
  return function(event, ctx)
    return common.caught(function() return fn(event, ctx) end, function() return otherwise end)
  end
end

suite["7-6"] = caught(basic, "recovered")

suite["7-7"] = function(event, ctx)
  return ctx:wait_for_callback(event, common.fail, common.RETRY_ONCE)
end

suite["7-8"] = function(event, ctx)
  return ctx:run_in_child_context("wrapper", function(child) return basic(event, child) end)
end

suite["7-9"] = function(_, ctx)
  ctx:wait_for_callback("first", submit)
  return ctx:wait_for_callback("second", submit)
end

suite["7-10"] = function(event, ctx)
  ctx:wait(1)
  ctx:step(common.give "fixed data")
  return basic(event, ctx)
end

suite["7-11"] = function(event, ctx)
  return approval {serdes = durable.serdes.json}(event, ctx).status
end

suite["7-12"] = approval {heartbeat_timeout = 5}

suite["7-13"] = approval {heartbeat_timeout = 10}

suite["7-14"] = caught(approval {timeout = 3}, "timed-out-handled")

suite["7-15"] = basic

return suite
