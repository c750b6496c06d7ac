-- Suite "plugin": what plugins are told, as a JSON line for each call of a hook.
--
-- Every line has the execution's ARN, since logs are looked up by it.  A process
-- runs one invocation at a time, so the ARN is kept here.
local durable = require "durable"
local common = require "common"

local arn

-- The members may be of an info, which has to stay as it is.
local function put(plugin, hook, members)
  local line = {plugin = plugin, hook = hook, durableExecutionArn = arn}
  for key, value in pairs(members or {}) do line[key] = value end
  io.stdout:write(assert(durable.encode(line)), "\n")
  io.stdout:flush()
end

local function is_terminal(info) return info.status == "SUCCEEDED" or info.status == "FAILED" end

local function message(e) return e and e.ErrorMessage or nil end

-- fn(info) for operations of that type only.
local function of_type(type, fn)
  return function(info)
    if info.operation_type == type then fn(info) end
  end
end

-- A plugin that writes the lines of these hooks; it always keeps the ARN.
local function plugin(name, ...)
  local out = {name = name, on_invocation_start = function(info) arn = info.execution_arn end}
  for _, hooks in ipairs {...} do
    for hook, fn in pairs(hooks(name)) do out[hook] = fn end
  end
  return out
end

-- ---- hooks of many handlers

local function invocation_hooks(name)
  return {
    on_invocation_start = function(info)
      arn = info.execution_arn
      put(name, "invocation-start", {first = info.is_first_invocation})
    end,
    on_invocation_end = function(info)
      put(name, "invocation-end", {
        first = info.is_first_invocation, terminal = is_terminal(info), status = info.status,
      })
    end,
  }
end

local function step_hooks(name)
  return {
    on_operation_start = of_type("STEP", function(info)
      put(name, "operation-start", {op = info.operation_id, replay = info.is_replayed})
    end),
    on_operation_end = of_type("STEP", function(info)
      put(name, "operation-end", {
        op = info.operation_id, status = info.status, result = info.result or "NONE",
        error = message(info.error) or "NONE",
      })
    end),
  }
end

local function attempt_hooks(name)
  return {
    on_user_function_start = of_type("STEP", function(info)
      put(name, "attempt-start", {op = info.operation_id, n = info.attempt})
    end),
    on_user_function_end = of_type("STEP", function(info)
      put(name, "attempt-end",
        {op = info.operation_id, n = info.attempt, outcome = info.outcome})
    end),
  }
end

local function wait_hooks(name)
  return {
    on_operation_start = of_type("WAIT", function(info)
      put(name, "operation-start", {
        op = info.operation_id, type = info.operation_type, name = info.name,
        replay = info.is_replayed, pending = info.end_time == nil,
      })
    end),
    on_operation_end = of_type("WAIT", function(info)
      put(name, "operation-end", {
        op = info.operation_id, type = info.operation_type, name = info.name,
        status = info.status,
      })
    end),
  }
end

-- The same hooks; each raises an error after its line.
local function faulty(...)
  local all = {...}
  return function(name)
    local out = {}
    for _, hooks in ipairs(all) do
      for hook, fn in pairs(hooks(name)) do
        out[hook] = function(info)
          fn(info)
          error("as told")
        end
      end
    end
    return out
  end
end

local function watched(fn, ...)
  return durable.handler(fn, {plugins = {plugin("CONFPLUGIN", ...)}})
end

-- ---- workflows of many handlers

local function greeting(event, ctx) return ctx:step(common.greet(event)) end

local function two_seconds(_, ctx) ctx:wait(2) end

local function flaky(_, ctx)
  return ctx:step(common.fail_once "Operation succeeded", common.RETRY_TWICE)
end

local suite = {}

suite["10-1"] = watched(function(event, ctx)
  return ctx:step(function(step)
    step.logger:info("Greeting step running for: " .. event)
    return "Hello, " .. event .. "!"
  end)
end, invocation_hooks)

suite["10-2"] = watched(greeting, step_hooks)

suite["10-3"] = watched(flaky, attempt_hooks)

local FAULTY = plugin("CONFPLUGIN-FAULTY", faulty(invocation_hooks, step_hooks, attempt_hooks))

suite["10-4"] = durable.handler(greeting, {plugins = {FAULTY}})

suite["10-5"] = durable.handler(greeting, {plugins = {
  plugin("CONFPLUGIN-A", invocation_hooks), plugin("CONFPLUGIN-B", invocation_hooks),
}})

suite["10-6"] = watched(two_seconds, invocation_hooks)

suite["10-7"] = watched(function(_, ctx) return ctx:step(common.fail, common.NO_RETRY) end,
  invocation_hooks)

local function has_id(operations, id)
  for _, operation in ipairs(operations) do
    if operation.operation_id == id then return true end
  end
  return false
end

local function change_hooks(name)
  return {
    all_operations = true,
    on_operation_change = function(info)
      for _, operation in ipairs(info.updated_operations) do
        if operation.operation_type == "STEP" then
          put(name, "operation-change", {
            op = operation.operation_id, status = operation.status,
            in_full_map = has_id(info.operations, operation.operation_id),
          })
        end
      end
    end,
  }
end

suite["10-8"] = watched(greeting, change_hooks)

suite["10-9"] = watched(two_seconds, function(name)
  return {
    on_invocation_start = function(info)
      arn = info.execution_arn
      for _, operation in ipairs(info.updated_operations) do
        if operation.operation_type == "WAIT" then
          put(name, "updated-on-invoke", {
            op = operation.operation_id, status = operation.status,
            first = info.is_first_invocation,
          })
        end
      end
    end,
  }
end)

suite["10-10"] = watched(two_seconds, wait_hooks)

suite["10-11"] = watched(function(event, ctx)
  return ctx:run_in_child_context(function(child) return greeting(event, child) end)
end, function(name)
  return {
    on_operation_end = function(info)
      put(name, "operation-end", {
        op = info.operation_id, parent = info.parent_id or "NONE", status = info.status,
      })
    end,
  }
end)

local function constant(value)
  return function() return value end
end

local function in_parallel(ctx, name, branches, max_concurrency)
  return ctx:parallel(name, branches, {max_concurrency = max_concurrency}):get_results()
end

suite["10-12"] = watched(function(_, ctx)
  return in_parallel(ctx, "parallel", {constant "task-1", constant "task-2"}, 1)
end, function(name)
  return {
    on_user_function_start = function(info)
      if info.sub_type == "ParallelBranch" then
        put(name, "fn-start", {op = info.operation_id, parent = info.parent_id or "NONE"})
      end
    end,
    on_user_function_end = function(info)
      if info.sub_type == "ParallelBranch" then
        put(name, "fn-end", {
          op = info.operation_id, parent = info.parent_id or "NONE", outcome = info.outcome,
        })
      end
    end,
  }
end)

suite["10-13"] = watched(function(event, ctx)
  ctx:step(common.give(nil))
  return flaky(event, ctx)
end, step_hooks)

suite["10-14"] = watched(function(_, ctx)
  ctx:step(common.give "task-a")
  ctx:step(function() error(durable.error("RuntimeError", "boom")) end, common.NO_RETRY)
end, step_hooks)

suite["10-15"] = watched(function(_, ctx) return ctx:step(common.fail, common.RETRY_ONCE) end,
  step_hooks, attempt_hooks)

suite["10-16"] = watched(two_seconds, invocation_hooks)

suite["10-17"] = durable.handler(greeting, {plugins = {
  FAULTY, plugin("CONFPLUGIN-HEALTHY", invocation_hooks, step_hooks, attempt_hooks),
}})

suite["10-18"] = watched(function(_, ctx)
  return in_parallel(ctx, "waits", {
    function(branch)
      branch:wait("short", 2)
      return "short-done"
    end,
    function(branch)
      branch:wait("long", 8)
      return "long-done"
    end,
  }, 2)
end, wait_hooks)

-- ---- infos as they are, under other names

local function same(value) return value end

local function iso(ms)
  return os.date("!%Y-%m-%dT%H:%M:%S", math.floor(ms / 1000)) .. (".%03dZ"):format(ms % 1000)
end

local NAMES = {
  operation_id = {"id", same}, name = {"name", same}, operation_type = {"type", same},
  sub_type = {"subType", same}, parent_id = {"parentId", same}, status = {"status", same},
  outcome = {"outcome", same}, attempt = {"attempt", same},
  start_time = {"startTimestamp", iso}, end_time = {"endTimestamp", iso},
  error = {"error", message}, is_replayed = {"isReplay", same},
  is_replay_children = {"isReplayingChildren", same}, request_id = {"requestId", same},
  is_first_invocation = {"isFirstInvocation", same},
  execution_start_time = {"executionStartTimestamp", iso},
  execution_arn = {"executionArn", same}, operation_count = {"operationsCount", same},
  updated_operation_count = {"updatedOperationsCount", same},
}

local function renamed(info, out)
  out = out or {}
  for key, name in pairs(NAMES) do
    if info[key] ~= nil then out[name[1]] = name[2](info[key]) end
  end
  return out
end

local function dump(name, hook, type)
  return of_type(type, function(info) put(name, hook, renamed(info)) end)
end

suite["10-19"] = watched(function(event, ctx)
  ctx:wait(2)
  return "done-" .. event
end, function(name)
  return {
    on_invocation_start = function(info)
      arn = info.execution_arn
      put(name, "invocation-start", renamed(info))
    end,
    on_invocation_end = function(info)
      local out = renamed(info, {terminal = is_terminal(info)})
      out.error, out.executionError = nil, message(info.error)
      put(name, "invocation-end", out)
    end,
  }
end)

local function greet_step(_, ctx) return ctx:step("greet", common.give "task-a") end

suite["10-20"] = watched(greet_step, function(name)
  return {
    on_operation_start = dump(name, "operation-start", "STEP"),
    on_operation_end = dump(name, "operation-end", "STEP"),
  }
end)

suite["10-21"] = watched(function(_, ctx)
  return ctx:step("flaky", common.fail_once "ok", common.RETRY_TWICE)
end, function(name)
  return {
    on_user_function_start = dump(name, "attempt-start", "STEP"),
    on_user_function_end = dump(name, "attempt-end", "STEP"),
  }
end)

suite["10-22"] = watched(greet_step, function(name)
  return {
    all_operations = true,
    on_operation_change = function(info)
      for _, operation in ipairs(info.updated_operations) do
        if operation.operation_type == "STEP" then
          put(name, "operation-change", renamed(operation, renamed(info, {
            inFullMap = has_id(info.operations, operation.operation_id),
          })))
        end
      end
    end,
  }
end)

suite["10-23"] = watched(function(_, ctx)
  return in_parallel(ctx, "ctx", {
    {"branch-a", function(branch)
      branch:step("inner", common.give "x")
      branch:wait(2)
      return "a-done"
    end},
    {"branch-b", constant "b-done"},
  }, 1)
end, function(name)
  return {
    on_operation_start = dump(name, "operation-start", "CONTEXT"),
    on_user_function_start = dump(name, "fn-start", "CONTEXT"),
  }
end)

return suite
