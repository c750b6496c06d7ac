-- handler: a workflow's function and how it is to be run.
local native = require "durable.native"
local errors = require "durable.errors"
local options = require "durable.options"
local serdes = require "durable.serdes"

local handler = {}

local Handler = {}
Handler.__index = Handler
Handler.__name = "durable.handler"

local DIALECTS = {
  python = native.DIALECT_PYTHON, js = native.DIALECT_JS, java = native.DIALECT_JAVA,
  rust = native.DIALECT_RUST,
}

local KNOWN = {
  plugins = true, serdes = true, dialect = true, linger_ms = options.COUNT,
  stay_ms = options.COUNT, log = true, log_replays = options.FLAG,
}

local function refuse(message) error(errors.validation("handler: " .. message), 3) end

local function plugins_of(list)
  if list ~= nil and type(list) ~= "table" then refuse("plugins are a list of tables") end
  for i, plugin in ipairs(list or {}) do
    if type(plugin) ~= "table" then
      refuse("plugin " .. i .. " is a table of hooks, not a " .. type(plugin))
    end
  end
  return list or {}
end

-- new(fn, config): a handler of fn(event, ctx).
--   serdes       of operations; default durable.serdes.json.  The event and the
--                result are always JSON
--   plugins      a list
--   dialect      "python" (default), "js", "java", "rust": whose executions these
--                are
--   linger_ms    how long a START may be held; default 20
--   stay_ms      timers due sooner are waited for in place; default 0
--   log          log(level, fields) takes log lines of all levels
--   log_replays  true: log lines are written while replaying, too
function handler.new(fn, config)
  config = options.given(config, KNOWN, "handler")
  if type(fn) ~= "function" then refuse("a function was expected, not a " .. type(fn)) end
  if config.log then options.fn(config.log, "handler: log") end
  local dialect = DIALECTS[config.dialect or "python"]
  if not dialect then refuse("there is no dialect " .. tostring(config.dialect)) end
  return setmetatable({
    fn = fn, dialect = dialect, plugins = plugins_of(config.plugins),
    serdes = serdes.check(config.serdes, "handler: serdes") or serdes.json,
    linger_ms = config.linger_ms, stay_ms = config.stay_ms,
    log = config.log, log_replays = config.log_replays,
  }, Handler)
end

-- plain(fn): a Lambda function fn(event, lambda_context) that is not durable.
function handler.plain(fn)
  if type(fn) ~= "function" then
    error(errors.validation("plain: a function was expected, not a " .. type(fn)), 2)
  end
  return setmetatable({fn = fn, is_plain = true}, Handler)
end

-- A handler, or a function as one with the defaults; else nil.
function handler.of(value)
  if getmetatable(value) == Handler then return value end
  if type(value) == "function" then return handler.new(value) end
end

return handler
