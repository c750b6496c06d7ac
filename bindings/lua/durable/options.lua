-- options: what users write, as the private module takes it.
local native = require "durable.native"
local errors = require "durable.errors"
local serdes = require "durable.serdes"

local options = {}

local function refuse(message) error(errors.validation(message), 0) end

-- The rest of what a name may be is the engine's to check.
function options.name(name)
  if name == nil then return nil end
  if type(name) ~= "string" then refuse("a name is a string or nil, not a " .. type(name)) end
  if name:find("\0", 1, true) then refuse("a name is a string without zero bytes") end
  return name
end

function options.fn(fn, what)
  if type(fn) == "function" then return fn end
  local meta = getmetatable(fn)
  if meta and type(meta.__call) == "function" then return fn end
  refuse(what .. " needs a function, not a " .. type(fn))
end

local EMPTY = {}

-- What an option may be, in words and as a test.
options.NUMBER, options.FLAG = "a number", "true or false"
options.COUNT = "a whole number from 0 to 4294967295"
options.TEXT = "a string without zero bytes"

local TESTS = {
  [options.NUMBER] = function(value) return type(value) == "number" end,
  [options.FLAG] = function(value) return type(value) == "boolean" end,
  [options.COUNT] = function(value)
    return type(value) == "number" and value >= 0 and value <= 4294967295
      and value == math.floor(value)
  end,
  [options.TEXT] = function(value)
    return type(value) == "string" and not value:find("\0", 1, true)
  end,
}

-- The options of an operation: a table whose keys are among `known`, where each
-- has what it may be: one of the above, or true: its user tests it.
function options.given(given, known, what)
  if given == nil then return EMPTY end
  if type(given) ~= "table" then refuse(what .. ": options are a table, not a " .. type(given)) end
  for key, value in pairs(given) do
    local test = TESTS[known[key]]
    if test and not test(value) then
      refuse(what .. ": " .. key .. ": " .. known[key] .. " was expected, not "
        .. errors.words(value))
    end
    if not known[key] then
      local names = {}
      for name in pairs(known) do names[#names + 1] = name end
      table.sort(names)
      refuse(what .. ": there is no option " .. tostring(key) .. "; known are "
        .. table.concat(names, ", "))
    end
  end
  return given
end

local SECONDS_MAX = 2 ^ 53
local UNITS = {seconds = 1, minutes = 60, hours = 3600, days = 86400}

-- Seconds: a whole number, or a table of seconds, minutes, hours and days.
function options.seconds(duration, what)
  local total = duration
  if type(duration) == "table" then
    total = 0
    for unit, n in pairs(duration) do
      if not UNITS[unit] or type(n) ~= "number" then
        refuse(what .. ": a duration has numbers of seconds, minutes, hours and days")
      end
      total = total + n * UNITS[unit]
    end
  end
  if type(total) ~= "number" or total ~= math.floor(total) or math.abs(total) > SECONDS_MAX then
    refuse(what .. ": whole seconds were expected, or a table of them: got "
      .. tostring(duration))
  end
  return total
end

local function optional_seconds(duration, what)
  if duration == nil then return nil end
  return options.seconds(duration, what)
end

-- ---- retry strategies

local KINDS = {
  exponential = native.BACKOFF_EXPONENTIAL, linear = native.BACKOFF_LINEAR,
  fixed = native.BACKOFF_FIXED, none = native.BACKOFF_NONE,
}
local JITTERS = {
  FULL = native.JITTER_FULL, HALF = native.JITTER_HALF, NONE = native.JITTER_NONE,
}
local POLICY_KEYS = {
  preset = true, backoff = true, jitter_strategy = true, max_attempts = options.COUNT,
  initial_delay = true, max_delay = true, increment = true, backoff_rate = options.NUMBER,
  retryable_errors = true, retryable_error_types = true, retry_if = true,
  should_continue_polling = true,
}

local function one_of(map, value, default, what)
  if value == nil then return default end
  local found = map[value]
  if found then return found end
  local names = {}
  for name in pairs(map) do names[#names + 1] = '"' .. name .. '"' end
  table.sort(names)
  refuse(what .. " " .. tostring(value) .. ": expected " .. table.concat(names, ", "))
end

local function policy(p, what)
  if p.preset then
    if type(p.preset) == "string" and native.retry_preset(p.preset) then
      return {preset = p.preset}
    end
    refuse(what .. ": there is no preset " .. tostring(p.preset))
  end
  return {
    kind = one_of(KINDS, p.backoff, native.BACKOFF_DEFAULT, what .. ".backoff"),
    jitter = one_of(JITTERS, p.jitter_strategy, nil, what .. ".jitter_strategy"),
    max_attempts = p.max_attempts,
    initial_delay = optional_seconds(p.initial_delay, what .. ".initial_delay"),
    max_delay = optional_seconds(p.max_delay, what .. ".max_delay"),
    increment = optional_seconds(p.increment, what .. ".increment"),
    backoff_rate = p.backoff_rate,
  }
end

local CALLER = {kind = native.BACKOFF_CALLER}

local function list_of(given, what)
  if given == nil or type(given) == "table" then return given end
  refuse(what .. " is a list")
end

-- retryable_errors: texts that a message contains; retryable_error_types: names
-- or types; retry_if: a function of the error.  With none of them every failure
-- is tried again, else those that any entry matches.
local function filter(p, what)
  local texts = list_of(p.retryable_errors, what .. ".retryable_errors")
  local types = list_of(p.retryable_error_types, what .. ".retryable_error_types")
  local test = p.retry_if and options.fn(p.retry_if, what .. ".retry_if")
  if not texts and not types and not test then return nil end
  return function(e)
    for _, text in ipairs(texts or EMPTY) do
      if tostring(e.message):find(text, 1, true) then return true end
    end
    for _, name in ipairs(types or EMPTY) do
      if e.name == name or e.type == name then return true end
    end
    return test ~= nil and not not test(e)
  end
end

-- A retry strategy: nil, the name of a preset, a table, or a function(error,
-- attempts) that answers the seconds until the next attempt, or nil.  Answers
-- the policy, the filter and the function, each or nil.
function options.retry(given, what)
  if given == nil then return nil end
  if type(given) == "string" then return policy({preset = given}, what) end
  if type(given) == "function" then return CALLER, nil, given end
  if type(given) ~= "table" then refuse(what .. " is a preset's name, a table or a function") end
  options.given(given, POLICY_KEYS, what)
  return policy(given, what), filter(given, what)
end

-- A wait strategy: the same, but functions are of (state, attempts).
function options.pace(given, what)
  if given == nil then return nil end
  if type(given) == "function" then return CALLER, nil, given end
  if type(given) == "string" then return policy({preset = given}, what) end
  if type(given) ~= "table" then refuse(what .. " is a preset's name, a table or a function") end
  options.given(given, POLICY_KEYS, what)
  local more = given.should_continue_polling
  local p
  for key in pairs(given) do
    if key ~= "should_continue_polling" then p = policy(given, what) end
  end
  return p, more and options.fn(more, what .. ".should_continue_polling")
end

-- The seconds that a strategy's function answered: nil to stop.
function options.delay(answer, what)
  if type(answer) == "table" then
    if answer.should_retry == false or answer.should_continue == false then return nil end
    answer = answer.delay or 1
  end
  if answer == nil or answer == false then return nil end
  if answer == true then return 1 end
  local seconds = options.seconds(answer, what)
  return seconds < 1 and 1 or seconds
end

-- ---- groups

local COMPLETION_KEYS = {
  min_successful = options.COUNT, tolerated_failure_count = options.COUNT,
  tolerated_failure_percentage = options.NUMBER,
}

-- The engine's part of the options of a map or parallel, and the predicate.
function options.group(o, what)
  local out = {
    max_concurrency = o.max_concurrency,
    flat = o.nesting_type == "FLAT",
    has_summary = o.summary_generator ~= nil,
  }
  if o.nesting_type ~= nil and o.nesting_type ~= "FLAT" and o.nesting_type ~= "NESTED" then
    refuse(what .. ': nesting_type is "NESTED" or "FLAT"')
  end
  local completion = o.completion_config
  if type(completion) == "function" then
    out.caller_decides = true
    return out, completion
  end
  for key, value in pairs(options.given(completion, COMPLETION_KEYS,
    what .. ": completion_config")) do
    out[key] = value
  end
  return out
end

function options.serdes(given, what, key)
  return serdes.check(given, what .. ": " .. (key or "serdes"))
end

return options
