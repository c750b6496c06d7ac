-- Error objects, what bodies may raise, and what is refused.
local t = require "harness"
local durable = require "durable"

local NONE = {retry_strategy = "none"}

-- What a step whose body raises `raised` surfaces as.
local function through_step(raised)
  local seen
  local run = t.run(function(_, ctx)
    local ok, e = pcall(ctx.step, ctx, "s", function() error(raised, 0) end, NONE)
    assert(not ok)
    if not ctx:is_replaying() then seen = e end
    ctx:wait("w", 1)
    return {name = e.name, message = e.message, type = e.type, data = e.data, text = tostring(e)}
  end)
  t.succeeds(run)
  return run.result, seen, run
end

t.test("an error of one's own", function()
  local e = durable.error("Declined", "no money", {code = 402, data = "A-17"})
  t.same({e.name, e.message, e.code, e.data, e.type}, {"Declined", "no money", 402, "A-17",
    "Declined"})
  t.same(tostring(e), "Declined: no money")
  assert(durable.is_error(e) and not durable.is_error("x") and not durable.is_error({}))
end)

t.test("bodies may raise anything", function()
  local got = through_step(durable.error("Declined", "no money", {data = "A-17"}))
  t.same(got, {name = "StepError", message = "no money", type = "Declined", data = "A-17",
    text = "StepError: no money (Declined)"})
  t.same(through_step("plain text").message, "plain text")
  t.same(through_step("plain text").type, "Error")
  t.same(through_step({name = "Mine", message = "a table"}).type, "Mine")
  t.same(through_step({message = "only this"}).message, "only this")
  t.same(through_step(42).message, "42")
  t.matches(through_step({}).message, "^table: ")
  t.same(through_step(durable.error("Bytes", "\255\254")).message, "??")
  t.matches(through_step(durable.error("Data", "x", {data = {a = 1}})).data, '^{"a":1}$')
end)

t.test("the fields of a failed operation", function()
  local _, e = through_step(durable.error("Declined", "no money"))
  t.same(e.code, 2) -- DURABLE_OPERATION_ERROR_STEP
  t.same(e.cause.name, "DurableOperationError")
  t.same(e.cause.type, "Declined")
end)

t.test("a text has the lines of its stack, an object has none", function()
  local _, _, run = through_step("boom")
  local stored = run:operation("s").error
  assert(#stored.stack > 0, "no stack")
  t.matches(table.concat(stored.stack, "\n"), "test_errors")
  _, _, run = through_step(durable.error("X", "y"))
  t.same(run:operation("s").error.stack, nil)
end)

t.test("what leaves the handler fails the execution", function()
  t.fails(t.run(function() error(durable.error("Own", "mine")) end), "Own", "^mine$")
  t.fails(t.run(function() error("text", 0) end), "Error", "^text$")
  t.fails(t.run(function(_, ctx)
    ctx:step("s", function() error(durable.error("Inner", "why")) end, NONE)
  end), "StepError", "^why$")
  t.fails(t.run(function() return print end), "SerDesError", "a function cannot be stored")
end)

t.test("an error may be caught and raised again", function()
  local run = t.run(function(_, ctx)
    local ok, e = pcall(ctx.step, ctx, "s", function() error("first", 0) end, NONE)
    ctx:wait("w", 1)
    if not ok then error(e) end
  end)
  t.fails(run, "StepError", "first")
end)

t.test("retry_invocation has the service run it again", function()
  local n, bodies = 0, 0
  local run = t.run(function(_, ctx)
    n = n + 1
    if n == 1 then error(durable.retry_invocation("the database is away")) end
    return ctx:step("s", function()
      bodies = bodies + 1
      if bodies == 1 then error(durable.retry_invocation("again")) end
      return bodies
    end)
  end)
  t.succeeds(run, 2)
  t.same(n, 3)
end)

t.test("refused calls name what was wrong, and take no place", function()
  local run = t.run(function(_, ctx)
    local function refused(pattern, fn)
      local e = t.raises("ValidationError", pattern, fn, 3)
      assert(e.code == -1 or e.code == -4, e.code) -- ARGUMENT, LIMIT
    end
    local nothing = function() end
    refused("step needs a function, not a nil", function() ctx:step("s") end)
    refused("there is no option retries; known are", function() ctx:step("s", nothing, {retries = 1}) end)
    refused("options are a table", function() ctx:step("s", nothing, 5) end)
    refused("step_semantics is", function() ctx:step("s", nothing, {step_semantics = "ONCE"}) end)
    refused("no preset gentle", function() ctx:step("s", nothing, {retry_strategy = "gentle"}) end)
    refused('jitter_strategy sometimes: expected "FULL"', function()
      ctx:step("s", nothing, {retry_strategy = {jitter_strategy = "sometimes"}})
    end)
    refused("whole seconds", function() ctx:wait("w", 1.5) end)
    refused("whole seconds", function() ctx:wait("w") end)
    refused("numbers of seconds", function() ctx:wait("w", {weeks = 1}) end)
    refused("", function() ctx:wait("w", 0) end)
    refused("the function's name is a string", function() ctx:invoke("f", {}) end)
    refused("the items are a list", function() ctx:map("m", 5, nothing) end)
    refused("map needs a function", function() ctx:map("m", {}) end)
    refused("branch 2 needs a function", function() ctx:parallel("p", {nothing, 5}) end)
    refused("nesting_type", function() ctx:map("m", {}, nothing, {nesting_type = "DEEP"}) end)
    refused("no option max", function()
      ctx:map("m", {}, nothing, {completion_config = {max = 1}})
    end)
    refused("", function() ctx:map("m", {1}, nothing, {completion_config = {min_successful = 2}}) end)
    refused("futures of ctx:start", function() ctx:all("a", {5}) end)
    refused("a list of futures", function() ctx:all("a") end)
    refused("", function() ctx:any("a", {}) end)
    refused("cannot be started", function() ctx:start("nothing") end)
    refused("a serdes is a table", function() ctx:step("s", nothing, {serdes = 1}) end)
    refused("unwrapped attempts", function()
      ctx:start("with_retry", "w", nothing, {wrap_in_child_context = false})
    end)
    refused("", function() ctx:step(("x"):rep(257), nothing) end)
    refused("without zero bytes", function() ctx:step("a\0b", nothing) end)
    refused("a name is a string or nil, not a number", function() ctx:step(5, nothing) end)
    refused("a name is a string or nil, not a number", function()
      ctx:parallel("p", {{name = 5, fn = nothing}})
    end)
    refused("a name is a string or nil, not a number", function()
      ctx:map("m", {1}, nothing, {item_namer = function() return 5 end})
    end)
    refused("map: item_namer needs a function", function()
      ctx:map("m", {1}, nothing, {item_namer = 5})
    end)
    refused("step: sub_type: a string", function() ctx:step("s", nothing, {sub_type = 5}) end)
    refused("invoke: tenant_id: a string", function() ctx:invoke("n", "f", 1, {tenant_id = 5}) end)
    refused("invoke: serdes_result: a serdes", function()
      ctx:invoke("n", "f", 1, {serdes_result = 5})
    end)
    refused("run_in_child_context: is_virtual: true or false", function()
      ctx:run_in_child_context("c", nothing, {is_virtual = "no"})
    end)
    refused("with_retry: wrap_in_child_context: true or false", function()
      ctx:with_retry("r", nothing, {wrap_in_child_context = 0})
    end)
    refused("map: max_concurrency: a whole number", function()
      ctx:map("m", {}, nothing, {max_concurrency = -1})
    end)
    refused("parallel: completion_config: min_successful: a whole number", function()
      ctx:parallel("p", {}, {completion_config = {min_successful = true}})
    end)
    refused("step: retry_strategy: max_attempts: a whole number", function()
      ctx:step("s", nothing, {retry_strategy = {max_attempts = "3"}})
    end)
    refused("step: retry_strategy: backoff_rate: a number", function()
      ctx:step("s", nothing, {retry_strategy = {backoff_rate = "2"}})
    end)
    refused("wait: whole seconds.*got inf", function() ctx:wait("w", math.huge) end)
    refused("create_callback: timeout: whole seconds", function()
      ctx:create_callback("c", {timeout = 1e300})
    end)
    refused("write ctx:step%(%.%.%.%), with a colon", function() ctx.step("s", nothing) end)
    t.raises("SerDesError", "a function cannot be stored", function()
      ctx:invoke("f", "g", {print})
    end)
    local id
    ctx:step("first", function(step) id = step.operation_id end)
    return id or "replayed"
  end)
  t.succeeds(run)
  t.same(#run.operations, 1)
  -- The id of the first operation of the root: all of those took no place.
  local other = t.run(function(_, ctx) ctx:step("first", function() end) end)
  t.same(run.operations[1].id, other.operations[1].id)
end)

t.test("a result that cannot be stored fails the operation", function()
  local run = t.run(function(_, ctx)
    local e = t.raises("StepError", "%$%.f: a function cannot be stored", function()
      ctx:step("s", function() return {f = print} end, NONE)
    end)
    return e.type
  end)
  t.succeeds(run, "SerDesError")
end)

local function unruly(what)
  return setmetatable({}, {[what] = function() error("unruly " .. what, 0) end})
end

t.test("what is raised need not have a text", function()
  local changed = durable.error("Changed", "m")
  changed.message, changed.stack, changed.data = nil, "no list", {print}
  for _, raised in ipairs {unruly "__tostring", unruly "__index",
    {message = unruly "__tostring"}, changed} do
    local e
    t.fails(t.run(function(_, ctx)
      local ok, failure = pcall(ctx.step, ctx, "s", function() error(raised) end, NONE)
      e = not ok and failure
      error(raised)
    end), raised == changed and "Changed" or "Error", "")
    t.same(e.name, "StepError")
    t.matches(e.message, raised == changed and "^nil$" or "^unruly")
  end
end)

-- Not while all garbage is collected again and again: the stack is too deep.
local test_deep = t.stress and function() end or t.test
test_deep("a body without an end overflows its stack, and fails", function()
  local function deeper(n) return 1 + deeper(n + 1) end
  local run = t.run(function(_, ctx)
    local e = t.raises("StepError", "stack overflow", function()
      ctx:step("s", function() return deeper(1) end, NONE)
    end)
    deeper(1)
    return e.name
  end)
  t.fails(run, "Error", "stack overflow")
end)

t.test("handlers are checked", function()
  t.raises("ValidationError", "linger_ms: a whole number", function()
    durable.handler(print, {linger_ms = -1})
  end)
  t.raises("ValidationError", "plugin 1 is a table", function()
    durable.handler(print, {plugins = {print}})
  end)
  t.raises("ValidationError", "log needs a function", function()
    durable.handler(print, {log = "stderr"})
  end)
  t.raises("ValidationError", "a function was expected", function() durable.handler(5) end)
  t.raises("ValidationError", "no option plugin", function()
    durable.handler(print, {plugin = 1})
  end)
  t.raises("ValidationError", "no dialect cobol", function()
    durable.handler(print, {dialect = "cobol"})
  end)
end)

t.test("an event that is none", function()
  local ok, body = durable.invoke(function() end, '{"hello":1}')
  t.same(ok, false)
  t.matches(body, "Unexpected payload")
end)

t.done()
