-- common: what the handlers of all suites share.
local durable = require "durable"

local common = {}

function common.fixed(attempts, seconds)
  return {
    backoff = "fixed", jitter_strategy = "NONE", max_attempts = attempts,
    initial_delay = seconds or 1,
  }
end

common.NO_RETRY = {retry_strategy = "none"}
common.RETRY_ONCE = {retry_strategy = common.fixed(2)}
common.RETRY_TWICE = {retry_strategy = common.fixed(3)}

-- A step that returns `value`.
function common.give(value)
  return function() return value end
end

-- A body that fails.
function common.fail() error(durable.error("RuntimeError", "as told")) end

-- A step that fails once, then returns `value`.
function common.fail_once(value)
  return function(step)
    if step.attempt == 1 then common.fail() end
    return value
  end
end

function common.greet(name)
  return function() return "Hello, " .. name .. "!" end
end

-- Call fn; answers its value, or `otherwise` of the error.
function common.caught(fn, otherwise)
  local ok, value = pcall(fn)
  if ok then return value end
  return otherwise(value)
end

-- Strings in upper case on their way out, as they are: no JSON.
common.upper_case = {
  serialize = function(value) return value:upper() end,
  deserialize = function(text) return text end,
}

-- A serdes that puts `prefix` before a string, which is no JSON then.
function common.prefixed(prefix)
  return {
    serialize = function(value) return prefix .. value end,
    deserialize = function(text)
      assert(text:sub(1, #prefix) == prefix, "the prefix is missing")
      return text:sub(#prefix + 1)
    end,
  }
end

-- The result of a new callback.
function common.answer_to(ctx, name) return ctx:create_callback(name):result() end

-- The same handler for several requirements of a suite.
function common.under(suite, handler, ...)
  for _, id in ipairs {...} do suite[id] = handler end
end

-- Those members of a batch's summary that are named.
function common.summary(batch, ...)
  local all = {
    completionReason = batch.completion_reason, status = batch.status,
    successCount = batch.success_count, failureCount = batch.failure_count,
    totalCount = batch.total_count,
  }
  local out = {}
  for _, key in ipairs {...} do out[key] = all[key] end
  return out
end

return common
