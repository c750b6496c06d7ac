-- Our own suite "combinators": see ../requirements.
local common = require "common"
local give, fail = common.give, common.fail

local suite = {}

local function start(ctx, name) return ctx:start("step", name, give(name)) end
local function start_failing(ctx, name) return ctx:start("step", name, fail, common.NO_RETRY) end

suite["12-1"] = function(_, ctx)
  local values = ctx:all {start(ctx, "a"), start(ctx, "b"), ctx:start("wait", 1)}
  ctx:wait(1)
  return values
end

suite["12-2"] = function(_, ctx) return ctx:all {start(ctx, "a"), start_failing(ctx, "b")} end

suite["12-3"] = function(_, ctx)
  local out = {}
  for i, outcome in ipairs(ctx:settled {start(ctx, "a"), start_failing(ctx, "b")}) do
    out[i] = {
      outcome.status,
      outcome.status == "fulfilled" and outcome.value or outcome.reason.ErrorType,
    }
  end
  return out
end

suite["12-4"] = function(_, ctx)
  local value = ctx:any {start_failing(ctx, "a"), start(ctx, "b")}
  ctx:wait(1)
  return value
end

suite["12-5"] = function(_, ctx)
  local value = ctx:race {start(ctx, "a"), ctx:start("wait", 60)}
  ctx:wait(1)
  return value
end

return suite
