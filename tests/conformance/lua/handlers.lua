-- handlers: every handler of the conformance suite, by the id of its requirement:
-- _HANDLER=handlers.1-1 of durable-lua.
local SUITES = {
  "step", "wait", "child", "callback", "invoke", "wait_for_condition", "wait_for_callback",
  "parallel", "map", "plugin", "determinism", "combinators", "state", "faults", "handover",
}

return setmetatable({}, {
  __index = function(_, id)
    local number = tonumber(id:match("^(%d+)-"))
    return require(SUITES[number] or "invoke")[id]
  end,
})
