-- Coroutines: suspension through pcall, bodies that yield, hundreds of branches,
-- calls where none can be made.
local t = require "harness"
local durable = require "durable"
local testing = require "durable.testing"

local many = t.stress and 20 or 300

t.test("suspension passes through pcall and cannot be swallowed", function()
  local entered, caught = 0, 0
  local run = t.run(function(_, ctx)
    entered = entered + 1
    local ok, value = pcall(function()
      local inner, got = pcall(function()
        ctx:wait("w", 10)
        return "through"
      end)
      if not inner then caught = caught + 1 end
      return got
    end)
    if not ok then caught = caught + 1 end
    local good, twice = pcall(ctx.step, ctx, "s", function() return 2 end)
    return {value, good, twice}
  end)
  t.succeeds(run, {"through", true, 2})
  t.same(entered, 2, "runs")
  t.same(caught, 0, "errors that a pcall saw")
end)

t.test("suspension passes through xpcall, too", function()
  local handled = 0
  local run = t.run(function(_, ctx)
    local ok, a, b = xpcall(function()
      ctx:wait("w", 10)
      return 1, nil
    end, function() handled = handled + 1 end)
    local bad, why = xpcall(function()
      ctx:wait("x", 1)
      error("bad", 0)
    end, function(e) return "handled " .. e end)
    return {ok, a, b == nil, bad, why}
  end)
  t.succeeds(run, {true, 1, true, false, "handled bad"})
  t.same(handled, 0)
end)

t.test("pcall answers what it answers anywhere", function()
  local run = t.run(function(_, ctx)
    ctx:wait("w", 1)
    local n = select("#", pcall(function() return nil, nil, nil end))
    local ok, why = pcall(error, {code = 1})
    local deep = {pcall(pcall, error, "x")}
    return {n, ok, why.code, deep[1], deep[2], deep[3]}
  end)
  t.succeeds(run, {4, false, 1, true, false, "x"})
  t.same({pcall(function(...) return select("#", ...) end, nil, nil)}, {true, 2})
end)

t.test("pcall sees the errors of operations", function()
  local run = t.run(function(_, ctx)
    local ok, e = pcall(ctx.step, ctx, "s", function() error("no", 0) end,
      {retry_strategy = "none"})
    return {ok, e.name, e.message, durable.is_error(e)}
  end)
  t.succeeds(run, {false, "StepError", "no", true})
end)

t.test("nested map and parallel with hundreds of coroutines", function()
  local alive, most = 0, 0
  local run = t.run(function(_, ctx)
    local items = {}
    for i = 1, many do items[i] = i end
    local batch = ctx:map("outer", items, function(child, item)
      alive = alive + 1
      most = math.max(most, alive)
      child:wait("w", item % 7 + 1)
      local both = child:parallel("p", {
        function(c) return c:step("a", function() return item end) end,
        function(c)
          c:wait("x", 1)
          return c:step("b", function() return item end)
        end,
      })
      alive = alive - 1
      local r = both:get_results()
      return r[1] + r[2]
    end)
    local sum = 0
    for _, v in ipairs(batch:get_results()) do sum = sum + v end
    return sum
  end)
  t.succeeds(run, many * (many + 1))
  assert(most >= many, "all of them lived at once: " .. most)
end)

t.test("hundreds of futures", function()
  local run = t.run(function(_, ctx)
    local futures = {}
    for i = 1, many do
      futures[i] = ctx:start("run_in_child_context", nil, function(child)
        child:wait("w", i % 5 + 1)
        return child:step("s", function() return i end)
      end)
    end
    local sum = 0
    for _, f in ipairs(futures) do sum = sum + f:await() end
    return sum
  end)
  t.succeeds(run, many * (many + 1) / 2)
end)

t.test("a handler that returns leaves its futures behind", function()
  local ended = 0
  local run = t.run(function(_, ctx)
    ctx:start("run_in_child_context", "left", function(child)
      child:wait("w", 1000)
      ended = ended + 1
    end)
    ctx:start("wait", "also", 1000)
    return "done"
  end)
  t.succeeds(run, "done")
  t.same(ended, 0)
end)

t.test("a yield of one's own lets the others run", function()
  local order = {}
  local run = t.run(function(_, ctx)
    local f = ctx:start("step", "s", function() order[#order + 1] = "future" end)
    coroutine.yield()
    order[#order + 1] = "main"
    f:await()
  end)
  t.succeeds(run)
  t.same(order, {"future", "main"})
end)

t.test("generators of one's own work beside operations", function()
  local run = t.run(function(_, ctx)
    local sum = 0
    for v in coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end) do
      sum = sum + ctx:step("s" .. v, function() return v end)
      ctx:wait("w", 1)
    end
    return sum
  end)
  t.succeeds(run, 6)
end)

t.test("an operation in a coroutine of one's own is refused", function()
  local run = t.run(function(_, ctx)
    local co = coroutine.create(function() ctx:wait("w", 1) end)
    local ok, e = coroutine.resume(co)
    return {ok, e.name, e.message}
  end)
  t.succeeds(run)
  t.same(run.result[1], false)
  t.matches(run.result[3], "a coroutine of your own")
end)

t.test("where Lua cannot yield an operation is no success", function()
  local swallowed = false
  local run = t.run(function(_, ctx)
    local list = {3, 1, 2}
    swallowed = not pcall(table.sort, list, function(a, b)
      ctx:wait("w", 10)
      return a < b
    end)
    return "went on"
  end)
  if swallowed and run.status == "SUCCEEDED" then
    -- It was refused before anything was asked for: an error like any other.
    assert(coroutine.isyieldable)
    t.same(#run.operations, 0)
  else
    t.fails(run, "DurableError", "cannot yield")
  end
end)

t.test("nothing durable inside of a step", function()
  local run = t.run(function(_, ctx)
    local e = t.raises("StepError", "inside of a step", function()
      ctx:step("outer", function() return ctx:step("inner", function() end) end,
        {retry_strategy = "none"})
    end)
    local f = t.raises("StepError", "inside of a step", function()
      ctx:step("starts", function() ctx:start("wait", 1) end, {retry_strategy = "none"})
    end)
    return {e.type, f.type}
  end)
  t.succeeds(run, {"DurableError", "DurableError"})
end)

t.test("nothing durable inside of what is only asked", function()
  local said
  local function ask(ctx)
    local ok, e = pcall(ctx.step, ctx, "stray", function() end)
    said = not ok and e.message
    return nil
  end
  local json = durable.serdes.json
  local shared
  local plugin = {on_operation_start = function() if shared then ask(shared) end end}
  local function check(what, fn)
    said = nil
    local run = t.run(durable.handler(function(_, ctx)
      shared = what == "plugin's hook" and ctx
      pcall(fn, ctx)
    end, {plugins = {plugin}}))
    t.succeeds(run)
    t.matches(said, "nothing durable can be done inside of a " .. what, what)
    for _, op in ipairs(run.operations) do assert(op.name ~= "stray", what) end
  end
  local function bad() error("no", 0) end
  check("retry strategy", function(ctx)
    ctx:step("s", bad, {retry_strategy = function() return ask(ctx) end})
  end)
  check("retry filter", function(ctx)
    ctx:step("s", bad, {retry_strategy = {retry_if = function() return ask(ctx) end}})
  end)
  check("wait strategy", function(ctx)
    ctx:wait_for_condition("c", function() end, {wait_strategy = function() return ask(ctx) end})
  end)
  check("completion predicate", function(ctx)
    ctx:map("m", {1, 2}, function() end, {completion_config = function() return ask(ctx) end})
  end)
  check("namer of items", function(ctx)
    ctx:map("m", {1}, function() end, {item_namer = function() return ask(ctx) end})
  end)
  check("serdes", function(ctx)
    ctx:step("s", function() end, {serdes = {deserialize = json.deserialize,
      serialize = function(v) ask(ctx) return json.serialize(v) end}})
  end)
  check("plugin's hook", function(ctx) ctx:step("s", function() end) end)
end)

t.test("contexts and futures of another invocation", function()
  local ctx, future
  t.succeeds(t.run(function(_, c)
    ctx, future = c, c:start("step", "s", function() end)
  end))
  t.succeeds(t.run(function()
    t.raises("DurableError", "of another invocation", function() ctx:step("s", print) end)
    t.raises("DurableError", "of another invocation", function() future:await() end)
  end))
end)

t.test("nothing durable outside of a workflow", function()
  local kept
  t.succeeds(t.run(function(_, ctx) kept = ctx end))
  t.raises("DurableError", "outside of a workflow", function() kept:wait("late", 1) end)
end)

t.test("pcall inside of a step", function()
  local run = t.run(function(_, ctx)
    return ctx:step("s", function()
      local ok, why = pcall(error, "x", 0)
      local again = xpcall(function() error("y") end, function() end)
      return {ok, why, again}
    end)
  end)
  t.succeeds(run, {false, "x", false})
end)

t.test("to-be-closed variables are closed when a task is given up", function()
  if _VERSION ~= "Lua 5.4" then return end
  local closed = 0
  local fn = load([[
    local ctx, close = ...
    local guard <close> = setmetatable({}, {__close = close})
    ctx:wait("w", 10)
  ]])
  t.succeeds(t.run(function(_, ctx) fn(ctx, function() closed = closed + 1 end) end))
  t.same(closed, 2, "once suspended, once done")
end)

-- The first event of that type that the service has of this execution, within a
-- while.
local function recorded(runner, arn, event_type)
  local target = "/2025-12-01/durable-executions/"
    .. arn:gsub("[^%w%-_.~]", function(c) return ("%%%02X"):format(c:byte()) end) .. "/history"
  local patience = os.time() + 60
  while os.time() < patience do
    local _, body = runner.service:request("GET", target)
    for _, event in ipairs(durable.decode(body).Events) do
      if event.EventType == event_type then return event end
    end
  end
end

t.test("a START that is held is sent while the body blocks", function()
  local runner
  runner = testing.runner(function(_, ctx)
    return ctx:step("long", function(step)
      return recorded(runner, step.execution_arn, "StepStarted") ~= nil
    end)
  end)
  t.succeeds(runner:run(), true)
  runner:close()
end)

t.test("a workflow may run another in a step", function()
  local run = t.run(function(_, ctx)
    local inner = ctx:step("inner", function()
      local other = testing.runner(function(_, c)
        c:wait("w", 5)
        return "inside"
      end)
      local result = other:run().result
      other:close()
      return result
    end)
    ctx:wait("after", 1)
    return inner
  end)
  t.succeeds(run, "inside")
end)

t.test("the code that does not match its record fails", function()
  local n = 0
  local run = t.run(function(_, ctx)
    n = n + 1
    local ok = pcall(function()
      if n == 1 then
        ctx:step("first", function() end)
      else
        ctx:wait("first", 1)
      end
      ctx:wait("w", 1)
    end)
    return ok
  end)
  t.fails(run, "NonDeterministicExecutionError", 'recorded as STEP/Step "first"')
end)

-- An invocation that the service knows nothing of: its checkpoints are refused.
local EVENT = [[{
  "DurableExecutionArn": "arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST/durable-execution/x/y",
  "CheckpointToken": "nonsense", "InitialExecutionState": {"Operations": [{
    "Id": "e", "Type": "EXECUTION", "Status": "STARTED", "StartTimestamp": 1,
    "ExecutionDetails": {"InputPayload": "{}"}}]}}]]

t.test("a refused checkpoint cannot be swallowed", function()
  local runner = testing.runner(function() end)
  local ran, went_on = 0, 0
  local ok, body = durable.invoke(durable.handler(function(_, ctx)
    pcall(function() ctx:step("s", function() ran = ran + 1 end) end)
    went_on = went_on + 1
    return "fine"
  end, {log = function() end}), EVENT, {transport = runner.service:transport()})
  t.same({ran, went_on}, {1, 0})
  assert(not ok or body:find('"FAILED"', 1, true), body)
  runner:close()
end)

t.test("no body is started when the deadline is near", function()
  local runner = testing.runner(function() end)
  local ran = 0
  local ok, body = durable.invoke(durable.handler(function(_, ctx)
    local busy = os.clock() + 0.05
    while os.clock() < busy do end
    pcall(function() ctx:step("s", function() ran = ran + 1 end) end)
    return "fine"
  end, {log = function() end}), EVENT, {
    transport = runner.service:transport(),
    deadline_ms = require("durable.native").wall_ms() + 30,
  })
  t.same({ok, ran}, {false, 0})
  t.matches(body, "deadline")
  runner:close()
end)

t.done()
