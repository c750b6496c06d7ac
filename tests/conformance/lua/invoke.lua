-- Suite "invoke", and the functions that it invokes.
local durable = require "durable"
local common = require "common"
local give = common.give

local LARGE = 200 * 1024

local suite = {}

-- Targets take a second, so that who invoked them suspends.

local function target_echo(event, ctx)
  ctx:wait(1)
  return event
end

suite.TargetEcho = target_echo
suite.TargetEchoTenant = target_echo

function suite.TargetError(_, ctx)
  ctx:wait(1)
  common.fail()
end

local function echo(ctx, name, payload, options)
  return ctx:invoke(name, "TargetEcho", payload, options)
end

local function basic(event, ctx) return echo(ctx, nil, event) end

suite["5-1"] = basic

suite["5-2"] = function(event, ctx) return echo(ctx, event.name, event.payload) end

suite["5-3"] = basic

suite["5-4"] = basic

local function fails(event, ctx) return ctx:invoke(nil, "TargetError", event) end

suite["5-5"] = fails

local function caught(event, ctx)
  return common.caught(function() return fails(event, ctx) end,
    function() return "fallback" end)
end

suite["5-6"] = caught

suite["5-7"] = function(_, ctx) return #echo(ctx, nil, ("x"):rep(LARGE)) end

suite["5-8"] = function(event, ctx)
  return ctx:invoke(nil, "TargetEchoTenant", event.payload, {tenant_id = event.tenantId})
end

suite["5-9"] = function(event, ctx)
  local value = echo(ctx, nil, event)
  ctx:wait(1)
  return value
end

suite["5-10"] = function(event, ctx)
  local value = caught(event, ctx)
  ctx:wait(1)
  return value
end

suite["5-11"] = function(_, ctx) return echo(ctx, nil, ctx:step(give "made")) end

suite["5-12"] = function(event, ctx)
  local back = echo(ctx, nil, event)
  return ctx:step(function() return back end)
end

suite["5-13"] = function(event, ctx)
  return ctx:run_in_child_context(function(child) return echo(child, nil, event) end)
end

suite["5-14"] = function(event, ctx) return echo(ctx, nil, echo(ctx, nil, event)) end

-- JSON whose strings are in upper case.
local loud = {
  serialize = function(value)
    local out = {}
    for key, text in pairs(value) do out[key] = text:upper() end
    return durable.encode(out)
  end,
  deserialize = durable.decode,
}

suite["5-15"] = function(event, ctx) return echo(ctx, nil, event, {serdes_payload = loud}) end

-- The text of a result as it is, in upper case.
local loud_text = {
  serialize = function(value) return value end,
  deserialize = function(text) return text:upper() end,
}

suite["5-16"] = function(event, ctx)
  return echo(ctx, nil, event, {serdes_result = loud_text})
end

return suite
