-- harness: what the tests of the Lua module share.  A test file is a program:
--   local t = require "harness"
--   t.test("name", function() ... end)
--   t.done()
-- With DURABLE_LUA_GC=1 every coroutine collects all garbage again and again.
local stress = os.getenv("DURABLE_LUA_GC") == "1"
if stress then
  if rawget(_G, "jit") then jit.off() end
  local create = coroutine.create
  local function collect() collectgarbage() end
  coroutine.create = function(fn)
    local co = create(fn)
    debug.sethook(co, collect, "", 97)
    return co
  end
  debug.sethook(collect, "", 997)
  collectgarbage("setpause", 1)
end

local durable = require "durable"
local testing = require "durable.testing"

local harness = {stress = stress}
local failed, count = 0, 0

function harness.test(name, fn)
  count = count + 1
  local ok, why = xpcall(fn, function(e)
    if type(e) == "table" and not durable.is_error(e) then return e end
    return debug.traceback(tostring(e), 2)
  end)
  if not ok then
    failed = failed + 1
    io.stderr:write("FAILED ", name, "\n", tostring(why), "\n")
  end
end

function harness.done()
  collectgarbage()
  print(("%d tests, %d failed"):format(count, failed))
  if failed > 0 or count == 0 then os.exit(1) end
end

-- ---- claims

local function show(v, depth)
  if type(v) == "string" then return ("%q"):format(v) end
  if type(v) ~= "table" or (depth or 0) > 6 then return tostring(v) end
  local keys, out = {}, {}
  for k in pairs(v) do keys[#keys + 1] = k end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  for _, k in ipairs(keys) do
    out[#out + 1] = ("[%s]=%s"):format(tostring(k), show(v[k], (depth or 0) + 1))
  end
  return "{" .. table.concat(out, ", ") .. "}"
end

local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  for k, v in pairs(a) do
    if not same(v, b[k]) then return false end
  end
  for k in pairs(b) do
    if a[k] == nil then return false end
  end
  return true
end

function harness.same(got, expected, what)
  if not same(got, expected) then
    error(("%s: got %s, expected %s"):format(what or "value", show(got), show(expected)), 2)
  end
end

function harness.matches(text, pattern, what)
  if not tostring(text):find(pattern) then
    error(("%s: %q does not match %q"):format(what or "text", tostring(text), pattern), 2)
  end
end

-- fn raises an error whose name and message match.
function harness.raises(name, pattern, fn, level)
  local ok, e = pcall(fn)
  if ok then error("no error was raised", level or 2) end
  if type(e) ~= "table" then error("a " .. type(e) .. " was raised: " .. tostring(e), 2) end
  if name and e.name ~= name then
    error(("the error is %s, expected %s"):format(tostring(e), name), 2)
  end
  if not tostring(e.message):find(pattern) then
    error(("the message %q does not match %q"):format(tostring(e.message), pattern), 2)
  end
  return e
end

-- ---- runs

-- Run fn(event, ctx) to where it can go, and once more over its record: whatever
-- it was, every other time with the children of finished contexts dropped.
function harness.run(fn, input, options)
  local runner = testing.runner(fn, options)
  local run = runner:run(input, "run")
  runner:close()
  return run
end

-- It succeeds, with this result.
function harness.succeeds(run, expected)
  if run.status ~= "SUCCEEDED" then
    error(("the run %s: %s"):format(run.status, tostring(run.error)), 2)
  end
  if expected ~= nil then harness.same(run.result, expected, "result") end
  return run
end

function harness.fails(run, name, pattern)
  if run.status ~= "FAILED" then error("the run " .. tostring(run.status), 2) end
  if run.error.name ~= name then
    error(("the run failed with %s, expected %s"):format(tostring(run.error), name), 2)
  end
  harness.matches(run.error.message, pattern, "message")
  return run
end

return harness
