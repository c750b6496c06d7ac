-- plugins: hooks of the user's around what happens.
--
-- A plugin is a table with any of on_invocation_start, on_invocation_end,
-- on_operation_start, on_operation_end, on_operation_change,
-- on_user_function_start, on_user_function_end, called with a table of what
-- happened; wrap_invocation, wrap_attempt, wrap_child, called with (info, body)
-- where body() runs what the hook is around; and enrich_log(fields), which may
-- add members.  With all_operations = true, on_operation_change is told of them
-- all, which costs time and memory for each of them.  A hook that raises has
-- failed: that is logged, and nothing else comes of it.
local native = require "durable.native"
local errors = require "durable.errors"
local tasks = require "durable.tasks"

local plugins = {}

local HOOKS = {
  [native.RECORD_INVOCATION_START] = "on_invocation_start",
  [native.RECORD_INVOCATION_END] = "on_invocation_end",
  [native.RECORD_OPERATION_START] = "on_operation_start",
  [native.RECORD_OPERATION_END] = "on_operation_end",
  [native.RECORD_OPERATION_CHANGE] = "on_operation_change",
  [native.RECORD_USER_FUNCTION_START] = "on_user_function_start",
  [native.RECORD_USER_FUNCTION_END] = "on_user_function_end",
}

-- What the plugins have to be told: 0: nothing; 1: what happens; 2: with all
-- operations in each change.
function plugins.want_records(list)
  local wanted = 0
  for _, plugin in ipairs(list) do
    if plugin.on_operation_change and plugin.all_operations then return 2 end
    for _, hook in pairs(HOOKS) do
      if plugin[hook] then wanted = 1 end
    end
  end
  return wanted
end

local function failed(run, plugin, hook, why)
  run:log_own("ERROR", ("Plugin %s: %s failed and was ignored: %s"):format(
    tostring(plugin.name or "without a name"), hook, tostring(errors.of(why))))
end

local function each(run, hook, ...)
  for _, plugin in ipairs(run.plugins) do
    if plugin[hook] then
      local ok, why = tasks.within("plugin's hook", plugin[hook], ...)
      if not ok then failed(run, plugin, hook, why) end
    end
  end
end

function plugins.deliver(run, kind, json)
  local hook = HOOKS[kind]
  if not hook or #run.plugins == 0 then return end
  local ok, info = native.decode(json, native.FORM_PLAIN)
  if ok then each(run, hook, info) end
end

function plugins.enrich(run, fields) each(run, "enrich_log", fields) end

-- ---- wrapping

local function info_of(run, call, attempt)
  local info = {request_id = run.request_id, execution_arn = run.arn}
  if call then
    local n = run.native
    local op = native.engine_op_current(n, call.op)
    info.operation_id = native.engine_op_id(n, op)
    info.name = native.engine_op_name(n, op)
    info.parent_id = native.engine_op_parent_id(n, op)
    if attempt and attempt > 0 then info.attempt = attempt end
  end
  return info
end

-- The body inside of the plugins from `at` on: once only.
local function around(run, hook, at, info, body)
  while run.plugins[at] and not run.plugins[at][hook] do at = at + 1 end
  local plugin = run.plugins[at]
  if not plugin then return body() end
  local ran, ok, value
  local function inner()
    if not ran then
      ran = true
      ok, value = around(run, hook, at + 1, info, body)
    end
    return ok, value
  end
  local called, why = tasks.pcall(plugin[hook], info, inner)
  if not called then failed(run, plugin, hook, why) end
  return inner()
end

-- fn(task, call, attempt) inside of the hooks; answers what it answers.
function plugins.wrap(run, hook, call, attempt, fn, task)
  if not run.wrapped then return fn(task, call, attempt) end
  return around(run, hook, 1, info_of(run, call, attempt),
    function() return fn(task, call, attempt) end)
end

function plugins.is_wrapped(list)
  for _, plugin in ipairs(list) do
    if plugin.wrap_invocation or plugin.wrap_attempt or plugin.wrap_child then return true end
  end
  return false
end

return plugins
