-- Suite "child".
local durable = require "durable"
local common = require "common"
local give, fail = common.give, common.fail

local LARGE = 300 * 1024

local suite = {}

-- A child with a step that returns `value`.
local function one_step(value)
  return function(child) return child:step(give(value)) end
end

suite["3-1"] = function(event, ctx) return ctx:run_in_child_context(one_step(event)) end

suite["3-2"] = function(event, ctx)
  return ctx:run_in_child_context(event.name, one_step(event.value))
end

suite["3-3"] = function(event, ctx)
  return ctx:run_in_child_context("two_steps", function(child)
    local first = child:step(give(event))
    return child:step(function() return first end)
  end)
end

local function failing_step(child) return child:step(fail, common.NO_RETRY) end

suite["3-4"] = function(_, ctx)
  return ctx:run_in_child_context("failing_step", failing_step)
end

suite["3-5"] = function(event, ctx)
  return common.caught(function() return ctx:run_in_child_context(failing_step) end,
    function() return ctx:step(give(event)) end)
end

suite["3-6"] = function(event, ctx)
  return ctx:run_in_child_context("outer", function(outer)
    outer:step(give(event))
    return outer:run_in_child_context("inner", one_step(event))
  end)
end

suite["3-7"] = function(event, ctx)
  return ctx:run_in_child_context("flaky_step", function(child)
    return child:step(common.fail_once(event), common.RETRY_TWICE)
  end)
end

suite["3-8"] = function(_, ctx)
  return ctx:run_in_child_context("hopeless_step", function(child)
    return child:step(fail, common.RETRY_ONCE)
  end)
end

suite["3-9"] = function(event, ctx)
  local value = ctx:run_in_child_context(one_step(event))
  ctx:wait(2)
  return value
end

local function step_and_wait(value)
  return function(child)
    child:step(give(value))
    child:wait(2)
    return value
  end
end

suite["3-10"] = function(event, ctx)
  return ctx:run_in_child_context("step_and_wait", step_and_wait(event))
end

suite["3-11"] = durable.handler(function(event, ctx)
  ctx:run_in_child_context("large_result", function(child)
    child.logger:info(event)
    return child:step(give "x"):rep(LARGE)
  end)
  ctx:wait(2)
end, {log_replays = true})

-- A step in whose first run the process ends, once its START is on record; a file
-- is what tells the second run from the first.
local function crash_first(value)
  return function()
    local path = os.getenv("CONFORMANCE_DIR") .. "/crashed"
    local marker = io.open(path)
    if marker then
      marker:close()
      return value
    end
    assert(io.open(path, "w")):close()
    os.execute("sleep 1") -- longer than a START is held
    os.exit(1)
  end
end

suite["3-12"] = function(event, ctx)
  return ctx:run_in_child_context(function(child) return child:step(crash_first(event)) end)
end

suite["3-13"] = function(event, ctx)
  ctx:run_in_child_context("only_wait", function(child)
    child:wait(1)
    return event
  end)
  return ctx:step(give(event))
end

suite["3-14"] = function(event, ctx)
  return ctx:run_in_child_context("one_step", one_step(event), {serdes = common.upper_case})
end

suite["3-15"] = function(_, ctx) return ctx:run_in_child_context("just_fail", fail) end

suite["3-16"] = function(_, ctx)
  return ctx:run_in_child_context("nothing", function() return nil end)
end

suite["3-17"] = durable.handler(function(event, ctx)
  local value = ctx:run_in_child_context("only_log", function(child)
    child.logger:info(event)
    return event
  end)
  ctx:wait(1)
  return value
end, {log_replays = true})

suite["3-18"] = function(event, ctx)
  ctx:run_in_child_context("step_and_wait", step_and_wait(event))
  local value = ctx:step(give(event))
  ctx:wait(2)
  return value
end

return suite
