-- Suite "callback".
local durable = require "durable"
local common = require "common"
local give = common.give

local suite = {}

-- Create a callback that is named by the event, and wait for its result.
local function approval(options)
  return function(event, ctx) return ctx:create_callback(event, options):result() end
end

suite["4-1"] = approval()

suite["4-2"] = function(_, ctx) return ctx:create_callback("approval"):result() end

suite["4-3"] = approval {timeout = 5}

suite["4-4"] = approval {heartbeat_timeout = 5}

suite["4-5"] = approval {heartbeat_timeout = 10}

suite["4-6"] = approval()

local function step_between(options)
  return function(event, ctx)
    local callback = ctx:create_callback(event, options)
    ctx:step(give "meanwhile")
    return callback:result()
  end
end

suite["4-7"] = step_between()

suite["4-8"] = step_between {timeout = 5}

local function wait_between(seconds, options)
  return function(event, ctx)
    local callback = ctx:create_callback(event, options)
    ctx:wait(seconds)
    return callback:result()
  end
end

suite["4-9"] = wait_between(5)

suite["4-10"] = wait_between(5)

suite["4-11"] = wait_between(6, {timeout = 3})

suite["4-12"] = function(event, ctx)
  local value = approval()(event, ctx)
  ctx:wait(2)
  return value
end

local function caught(options)
  return function(event, ctx)
    local message = common.caught(function() return approval(options)(event, ctx) end,
      function(e) return e.message end)
    ctx:wait(2)
    return message
  end
end

suite["4-13"] = caught()

suite["4-14"] = caught {timeout = 3}

-- Seconds since 1970 of "2026-01-01T00:00:00...", by the days of the civil
-- calendar.
local function seconds_of(iso)
  local year, month, day, hour, minute, second =
    iso:match("^(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)")
  local y = month + 0 <= 2 and year - 1 or year + 0
  local m = (month + 9) % 12
  local days = 365 * y + math.floor(y / 4) - math.floor(y / 100) + math.floor(y / 400)
    + math.floor((153 * m + 2) / 5) + day - 1 - 719468
  return ((days * 24 + hour) * 60 + minute) * 60 + second
end

-- JSON whose member "timestamp" is in seconds here.
local dated = {
  serialize = durable.encode,
  deserialize = function(text)
    local value = assert(durable.decode(text))
    value.timestamp = seconds_of(value.timestamp)
    return value
  end,
}

suite["4-15"] = function(event, ctx)
  return {received = ctx:create_callback(event, {serdes = dated}):result()}
end

local number = {
  serialize = tostring,
  deserialize = function(text) return assert(tonumber(text), "that is no number") end,
}

suite["4-16"] = function(event, ctx)
  local count = ctx:create_callback(event, {serdes = number}):result()
  return {count = count, doubled = count * 2}
end

suite["4-17"] = function(event, ctx)
  local a = ctx:create_callback(event[1]):result()
  local b = ctx:create_callback(event[2]):result()
  return {a, b}
end

suite["4-18"] = function(event, ctx)
  local a, b = ctx:create_callback(event[1]), ctx:create_callback(event[2])
  return {a:result(), b:result()}
end

suite["4-19"] = function(event, ctx)
  local a, b = ctx:create_callback(event[1]), ctx:create_callback(event[2])
  local second = b:result()
  return {a:result(), second}
end

return suite
