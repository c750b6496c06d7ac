-- Every operation, live and over its record.
local t = require "harness"
local durable = require "durable"
local testing = require "durable.testing"

-- Run `fn` so that it goes over its whole record once more: a wait follows it.
-- Answers what it returned the first time, the last time, and the run.
local function twice(fn, options)
  local results = {}
  local run = t.run(function(event, ctx)
    local value = fn(ctx, event)
    results[#results + 1] = value == nil and durable.null or value
    ctx:wait("again", 1)
    return value
  end, nil, options)
  t.succeeds(run)
  t.same(#results, 2, "runs")
  t.same(results[1], results[2], "first run and replay")
  return results[1], run
end

-- ---- step

t.test("step", function()
  local runs = 0
  local value, run = twice(function(ctx)
    return ctx:step("charge", function(step)
      runs = runs + 1
      t.same(step.attempt, 1)
      t.same(#step.operation_id, 64)
      t.matches(step.execution_arn, "^arn:")
      return {paid = 42, tags = durable.array {}}
    end)
  end)
  t.same(value, {paid = 42, tags = {}})
  t.same(runs, 1, "body runs")
  t.same(run:operation("charge").payload, '{"paid":42,"tags":[]}')
  t.same(run:operation("charge").sub_type, "Step")
end)

t.test("step: what it returns is what was stored", function()
  local value = twice(function(ctx)
    local given = {list = {1, 2}}
    local got = ctx:step("s", function() return given end)
    assert(got ~= given)
    return got
  end)
  t.same(value, {list = {1, 2}})
end)

t.test("step: without a name, with options, with nothing to return", function()
  local value, run = twice(function(ctx)
    ctx:step(function() end)
    return ctx:step(function() return "x" end, {sub_type = "Mine"})
  end)
  t.same(value, "x")
  t.same(run.operations[1].payload, "null")
  t.same(run.operations[1].name, nil)
  t.same(run.operations[2].sub_type, "Mine")
end)

t.test("step: retries", function()
  local attempts = {}
  local value, run = twice(function(ctx)
    return ctx:step("flaky", function(step)
      attempts[#attempts + 1] = step.attempt
      if step.attempt < 3 then error(durable.error("Busy", "no answer")) end
      return step.attempt
    end, {retry_strategy = {backoff = "fixed", initial_delay = 2, jitter_strategy = "NONE"}})
  end)
  t.same(value, 3)
  t.same(attempts, {1, 2, 3})
  local delays = {}
  for _, event in ipairs(run:operation("flaky").events) do
    local d = event.StepFailedDetails
    if d then delays[#delays + 1] = d.RetryDetails.NextAttemptDelaySeconds end
  end
  t.same(delays, {2, 2})
end)

t.test("step: filters and functions decide about retries", function()
  local function attempts_of(strategy)
    local n = 0
    local run = t.run(function(_, ctx)
      ctx:step("s", function()
        n = n + 1
        error(durable.error("Busy", "try later"))
      end, {retry_strategy = strategy})
    end)
    t.fails(run, "StepError", "try later")
    return n
  end
  t.same(attempts_of("none"), 1)
  t.same(attempts_of({max_attempts = 2}), 2)
  t.same(attempts_of({max_attempts = 4, retryable_errors = {"later"}}), 4)
  t.same(attempts_of({max_attempts = 4, retryable_errors = {"sooner"}}), 1)
  t.same(attempts_of({max_attempts = 4, retryable_error_types = {"Busy"}}), 4)
  t.same(attempts_of({max_attempts = 4, retryable_error_types = {"Idle"}}), 1)
  t.same(attempts_of({max_attempts = 3, retry_if = function(e) return e.name == "Busy" end}), 3)
  t.same(attempts_of(function(e, made)
    t.same(e.name, "Busy")
    return made < 5 and 1 or nil
  end), 5)
  t.same(attempts_of(function() error("broken strategy") end), 1)
end)

t.test("step: at most once", function()
  local value, run = twice(function(ctx)
    return ctx:step("pay", function() return 1 end, {step_semantics = "AT_MOST_ONCE_PER_RETRY"})
  end)
  t.same(value, 1)
  t.same(run:operation("pay").events[1].EventType, "StepStarted")
end)

-- ---- wait

t.test("wait", function()
  local runner = testing.runner(function(_, ctx)
    local before = ctx:now()
    ctx:wait("long", {days = 2, hours = 1, minutes = 1, seconds = 1})
    ctx:wait(5)
    return ctx:now() - before
  end)
  local run = t.succeeds(runner:run())
  assert(run.result >= (2 * 86400 + 3661 + 5) * 1000, run.result)
  runner:close()
end)

-- ---- invoke

t.test("invoke", function()
  local value, run = twice(function(ctx)
    return ctx:invoke("ask", "echo", {n = 1})
  end, {functions = {echo = durable.plain(function(event) return {got = event} end)}})
  t.same(value, {got = {n = 1}})
  t.same(run:operation("ask").type, "ChainedInvoke")
end)

t.test("invoke: a trace id is a header", function()
  local run = t.run(function(_, ctx)
    t.raises("ValidationError", "trace id", function()
      ctx:invoke("ask", "echo", 1, {trace_id = "Root=1\r\nHost: x"})
    end)
    return ctx:invoke("ask", "echo", 1, {trace_id = "Root=1;Sampled=1"})
  end, nil, {functions = {echo = durable.plain(function(event) return event end)}})
  t.succeeds(run, 1)
end)

t.test("invoke: a durable function, one that fails, one that is not there", function()
  local run = t.run(function(_, ctx)
    local out = {ctx:invoke("a", "child", "x")}
    local e = t.raises("InvokeError", "no such luck", function() ctx:invoke("b", "bad") end)
    t.same(e.type, "Unlucky")
    return out
  end, nil, {
    functions = {
      child = function(event, ctx)
        ctx:wait("w", 1)
        return event .. "!"
      end,
      bad = durable.plain(function() error(durable.error("Unlucky", "no such luck")) end),
    },
  })
  t.succeeds(run, {"x!"})
end)

-- ---- callbacks

t.test("create_callback", function()
  local ids = {}
  local runner = testing.runner(function(_, ctx)
    local callback = ctx:create_callback("approval", {timeout = {hours = 1}})
    ids[#ids + 1] = callback.callback_id
    return callback:result()
  end)
  local run = runner:run()
  t.same(run.status, "RUNNING")
  runner:heartbeat_callback(run:operation("approval"))
  runner:succeed_callback_raw(run:operation("approval"), "as it is")
  t.succeeds(runner:go_on(run), "as it is")
  t.same(ids[1], ids[2], "the id on the replay")
  runner:close()
end)

t.test("create_callback: its failure and its timeout", function()
  local runner = testing.runner(function(_, ctx)
    local failing = ctx:create_callback("failing")
    local late = ctx:create_callback("late", {timeout = 60})
    t.raises("CallbackExternalError", "^no$", function() failing:result() end)
    t.raises("CallbackTimeoutError", "", function() late:result() end)
    return "both"
  end)
  local run = runner:run()
  t.same(run.status, "RUNNING", tostring(run.error))
  runner:fail_callback(run:operation("failing"), "Refused", "no")
  run = runner:go_on(run)
  t.same(run.status, "RUNNING", tostring(run.error))
  t.succeeds(runner:advance(run, 61), "both")
  runner:close()
end)

t.test("wait_for_callback", function()
  local seen
  local runner = testing.runner(function(_, ctx)
    return ctx:wait_for_callback("boss", function(id, step)
      seen = {id = id, attempt = step.attempt}
    end, {serdes = durable.serdes.json, timeout = 86400})
  end)
  local run = runner:run()
  t.same(seen.attempt, 1)
  runner:succeed_callback(seen.id, {yes = true})
  t.succeeds(runner:go_on(run), {yes = true})
  runner:close()
end)

t.test("wait_for_callback: the submitter fails", function()
  local run = t.run(function(_, ctx)
    local e = t.raises("CallbackSubmitterError", "no mail", function()
      ctx:wait_for_callback("boss", function() error("no mail", 0) end,
        {retry_strategy = "none"})
    end)
    return e.name
  end)
  t.succeeds(run, "CallbackSubmitterError")
end)

-- ---- child context

t.test("run_in_child_context", function()
  local runs = 0
  local value, run = twice(function(ctx)
    return ctx:run_in_child_context("child", function(child)
      runs = runs + 1
      local a = child:step("a", function() return 1 end)
      child:wait("w", 1)
      return a + child:step("b", function() return 2 end)
    end)
  end)
  t.same(value, 3)
  t.same(runs, 2, "body runs")
  local child = run:operation("child")
  t.same(#run:children(child), 3)
  t.same(child.sub_type, "RunInChildContext")
end)

t.test("run_in_child_context: its error, virtual ones", function()
  local raw = {}
  local value, run = twice(function(ctx)
    local e = t.raises("ChildContextError", "inside", function()
      ctx:run_in_child_context("bad", function() error(durable.error("Own", "inside")) end)
    end)
    t.same(e.type, "Own")
    t.same(e.cause.name, "DurableOperationError")
    local got = ctx:run_in_child_context("virtual", function(child)
      child:step("s", function() return 1 end)
      return raw
    end, {is_virtual = true})
    assert(got == raw)
    return "ok"
  end)
  t.same(value, "ok")
  t.same(run:operation("virtual"), nil)
  t.same(run:operation("s").parent_id, nil)
end)

t.test("run_in_child_context: large results are made again", function()
  local runs = 0
  local value, run = twice(function(ctx)
    local big = ctx:run_in_child_context("big", function(child)
      runs = runs + 1
      return {text = ("x"):rep(300000), n = child:step("s", function() return 1 end)}
    end, {summary_generator = function(v) return "n is " .. v.n end})
    return #big.text + big.n
  end)
  t.same(value, 300001)
  t.same(runs, 2)
  t.same(run:operation("big").payload, "n is 1")
end)

-- ---- condition

t.test("wait_for_condition", function()
  local states = {}
  local value = twice(function(ctx)
    return ctx:wait_for_condition("until", function(state, step)
      states[#states + 1] = {state, step.attempt}
      return state + 1
    end, {
      initial_state = 5,
      wait_strategy = {
        backoff = "fixed", initial_delay = 1, max_attempts = 10,
        should_continue_polling = function(state) return state < 8 end,
      },
    })
  end)
  t.same(value, 8)
  t.same(states, {{5, 1}, {6, 2}, {7, 3}})
end)

t.test("wait_for_condition: a function paces it; it is met by default", function()
  local run = t.run(function(_, ctx)
    local a = ctx:wait_for_condition("f", function(n) return n + 1 end, {
      initial_state = 0,
      wait_strategy = function(state, made)
        t.same(state, made)
        if state < 3 then return {delay = {seconds = 2}} end
      end,
    })
    local looks = 0
    local b = ctx:wait_for_condition("d", function(state)
      looks = looks + 1
      if state then return "met" end
      return looks > 0 and "met" or nil
    end)
    return {a, b}
  end)
  t.succeeds(run, {3, "met"})
end)

t.test("wait_for_condition: errors of the check and of the strategy", function()
  local run = t.run(function(_, ctx)
    t.raises("WaitForConditionError", "blind", function()
      ctx:wait_for_condition("c", function() error("blind", 0) end, {initial_state = 1})
    end)
    t.raises("WaitForConditionError", "undecided", function()
      ctx:wait_for_condition("d", function(s) return s end, {
        initial_state = 1, wait_strategy = function() error("undecided", 0) end,
      })
    end)
    return true
  end)
  t.succeeds(run, true)
end)

-- ---- with_retry

t.test("with_retry", function()
  local attempts = {}
  local value, run = twice(function(ctx)
    return ctx:with_retry("both", function(child, attempt)
      attempts[attempt] = true
      child:step("a" .. attempt, function() return attempt end)
      if attempt < 3 then error(durable.error("Half", "not yet")) end
      return attempt
    end, {retry_strategy = {max_attempts = 5, initial_delay = 1}})
  end)
  t.same(value, 3)
  t.same(#attempts, 3)
  t.same(run:operation("both-backoff-2").type, "Wait")
end)

t.test("with_retry: unwrapped, and in vain", function()
  local value, run = twice(function(ctx)
    local v = ctx:with_retry("flat", function(same, attempt)
      return same:step("in", function() return attempt end)
    end, {wrap_in_child_context = false})
    t.raises("ChildContextError", "never", function()
      ctx:with_retry("vain", function() error("never", 0) end,
        {retry_strategy = {max_attempts = 2, initial_delay = 1}})
    end)
    return v
  end)
  t.same(value, 1)
  t.same(run:operation("in").parent_id, nil)
end)

-- ---- map and parallel

t.test("map", function()
  local value, run = twice(function(ctx)
    local batch = ctx:map("double", {10, 20, 30}, function(child, item, index, items)
      t.same(items[index], item)
      return child:step("d", function() return item * 2 end)
    end, {max_concurrency = 2, item_namer = function(item) return "item " .. item end})
    t.same(batch.status, "SUCCEEDED")
    t.same(batch.completion_reason, "ALL_COMPLETED")
    t.same({batch.total_count, batch.success_count, batch.failure_count}, {3, 3, 0})
    t.same(batch.all[2].index, 2)
    assert(batch:throw_if_error() == batch)
    return batch:get_results()
  end)
  t.same(value, {20, 40, 60})
  t.same(run:operation("item 20").sub_type, "MapIteration")
  t.same(run:operation("double").sub_type, "Map")
end)

t.test("map: failures", function()
  local value = twice(function(ctx)
    local batch = ctx:map("m", {1, 2, 3, 4}, function(child, item)
      child:wait("w", item)
      if item == 2 then error(durable.error("Odd", "not " .. item)) end
      return item
    end, {completion_config = {tolerated_failure_count = 1}})
    t.same(batch.completion_reason, "ALL_COMPLETED")
    t.same(batch:failed()[1].index, 2)
    t.same(batch:failed()[1].error.name, "ChildContextError")
    t.same(batch:get_errors()[1].type, "Odd")
    local e = t.raises("ChildContextError", "^item 2: not 2$", function()
      batch:throw_if_error()
    end)
    t.same(e.type, "Odd")
    return batch:get_results()
  end)
  t.same(value, {1, 3, 4})
end)

t.test("map: early exit, and what is left behind", function()
  local after = 0
  local value, run = twice(function(ctx)
    local batch = ctx:map("race", {1, 2, 3}, function(child, item)
      child:wait("w", item * 100)
      after = after + 1
      return child:step("s", function() return item end)
    end, {completion_config = {min_successful = 1}})
    t.same(batch.completion_reason, "MIN_SUCCESSFUL_REACHED")
    t.same(batch.started_count, 2)
    return batch:get_results()
  end)
  t.same(value, {1})
  t.same(after, 1, "branches that went on")
  t.same(run:operation("s", 2), nil)
end)

t.test("map: a function says when it is complete", function()
  local value = twice(function(ctx)
    local batch = ctx:map("m", {1, 2, 3}, function(child, item)
      child:wait("w", item)
      return item
    end, {completion_config = function(p)
      t.same(p.total_count, 3)
      if p.success_count == 2 then return "FAILED" end
    end})
    return batch.completion_reason
  end)
  t.same(value, "CUSTOM_COMPLETION_FAILED")
end)

t.test("map: flat, empty, other serdes, large", function()
  local upper = {
    serialize = function(v) return durable.encode(v):upper() end,
    deserialize = function(text) return durable.decode(text:lower()) end,
  }
  local value, run = twice(function(ctx)
    local flat = ctx:map("flat", {1, 2}, function(child, item)
      return child:step("f", function() return item end)
    end, {nesting_type = "FLAT"})
    local none = ctx:map("none", {}, function() end)
    local items = ctx:map("items", {"a", "b"}, function(_, item) return item end,
      {item_serdes = upper})
    local large = ctx:map("large", {1, 2, 3}, function() return ("y"):rep(100000) end,
      {summary_generator = function(b) return "of " .. b.total_count end})
    return {flat:get_results(), none.total_count, items:get_results(), #large:get_results()[3]}
  end)
  t.same(value, {{1, 2}, 0, {"a", "b"}, 100000})
  t.same(run:operation("map-item-0").payload, '"A"')
  t.matches(run:operation("large").payload, '"summary": "of 3"')
end)

t.test("parallel", function()
  local value, run = twice(function(ctx)
    local batch = ctx:parallel("both", {
      function(child) return child:step("a", function() return "a" end) end,
      {name = "named", fn = function(child)
        child:wait("w", 5)
        return "b"
      end},
      {"short", function() return nil end},
    })
    return batch:get_results()
  end)
  t.same(value, {"a", "b"})
  t.same(run:operation("parallel-branch-0").sub_type, "ParallelBranch")
  assert(run:operation("named") and run:operation("short"))
end)

t.test("parallel: the first failure ends it", function()
  local value = twice(function(ctx)
    local batch = ctx:parallel("p", {
      function() error("bad", 0) end,
      function(child) child:wait("w", 100) end,
    })
    t.same(batch.status, "FAILED")
    return {batch.completion_reason, batch.started_count}
  end)
  t.same(value, {"FAILURE_TOLERANCE_EXCEEDED", 1})
end)

-- ---- futures and combinators

t.test("futures", function()
  local order = {}
  local value = twice(function(ctx)
    local slow = ctx:start("wait", "slow", 10)
    local a = ctx:start("step", "a", function()
      order[#order + 1] = "a"
      return 1
    end)
    local m = ctx:start("map", "m", {1, 2}, function(_, item) return item end)
    order[#order + 1] = "main"
    local sum = a:await() + m:await().success_count
    assert(a:is_done() and a:await() == 1)
    slow:await()
    return sum
  end)
  t.same(value, 3)
  t.same({order[1], order[2]}, {"main", "a"})
end)

t.test("futures: a failure is raised by await, as often as it is called", function()
  twice(function(ctx)
    local f = ctx:start("step", "bad", function() error("bad", 0) end, {retry_strategy = "none"})
    for _ = 1, 2 do t.raises("StepError", "bad", function() f:await() end) end
  end)
end)

t.test("combinators", function()
  local value, run = twice(function(ctx)
    local function step(name, v)
      return ctx:start("step", name, function()
        if v == "bad" then error(durable.error("Bad", name)) end
        return v
      end, {retry_strategy = "none"})
    end
    local nothing = ctx:start("wait", "w", 1)
    local out = {}
    out.all = ctx:all("all", {step("a", 1), step("b", 2), nothing})
    t.raises("PromiseCombinatorError", "c", function()
      ctx:all("all bad", {step("c", "bad"), step("d", 2)})
    end)
    out.settled = ctx:settled("settled", {step("e", "bad"), step("f", "x")})
    out.any = ctx:any("any", {step("g", "bad"), step("h", "won")})
    out.race = ctx:race("race", {ctx:start("wait", "late", 50), step("i", "first")})
    t.raises("PromiseCombinatorError", "", function()
      ctx:any("none", {step("j", "bad"), step("k", "bad")})
    end)
    out.started = ctx:start("all", "later", {step("l", 9)}):await()
    out.empty = ctx:all("empty", {})
    return out
  end)
  t.same(value.all, {1, 2, durable.null})
  t.same(value.settled[1].status, "rejected")
  t.same(value.settled[1].reason.ErrorMessage, "e")
  t.same(value.settled[2], {status = "fulfilled", value = "x"})
  t.same({value.any, value.race, value.started, value.empty}, {"won", "first", {9}, {}})
  t.same(run:operation("all").sub_type, "RunInChildContext")
end)

t.test("combinators over other serdes", function()
  local value = twice(function(ctx)
    local tagged = {serdes = durable.serdes.tagged}
    local a = ctx:start("step", "a", function() return durable.typed("decimal", "1.5") end, tagged)
    local b = ctx:start("step", "b", function() return 2 end)
    local all = ctx:all("all", {a, b}, tagged)
    local mixed = ctx:settled("mixed", {b, ctx:start("step", "c", function() error("no", 0) end,
      {retry_strategy = "none"})}, tagged)
    return {tostring(all[1]), all[2], mixed[1].value, mixed[2].reason.ErrorMessage}
  end)
  t.same(value, {"1.5", 2, 2, "no"})
end)

t.test("a callback's result as a future", function()
  local runner = testing.runner(function(_, ctx)
    local callback = ctx:create_callback("cb")
    return ctx:race("first", {callback:start_result(), ctx:start("wait", "w", 100000)})
  end)
  local run = runner:run(nil, "x")
  if run.status == "RUNNING" then
    runner:succeed_callback_raw(run:operation("cb"), "hello")
    run = runner:go_on(run)
  end
  t.succeeds(run)
  runner:close()
end)

-- ---- replay-safe values

t.test("uuid, now, random", function()
  local value = twice(function(ctx)
    local out = {ctx:uuid(), ctx:uuid(), ctx:now(), ctx:random()}
    out[5] = ctx:run_in_child_context("c", function(child) return child:uuid() end)
    return out
  end)
  t.matches(value[1], "^%x+%-%x+%-4%x+%-[89ab]%x+%-%x+$")
  assert(value[1] ~= value[2] and value[4] >= 0 and value[4] < 1)
end)

t.test("is_replaying", function()
  local seen = {}
  twice(function(ctx)
    local before = ctx:is_replaying()
    ctx:step("s", function() end)
    seen[#seen + 1] = before
  end)
  t.same(seen, {false, true})
end)

-- ---- as the real service does

t.test("children of finished contexts may be gone", function()
  local value = twice(function(ctx)
    local batch = ctx:map("m", {1, 2}, function(child, item)
      return child:step("s", function() return item end)
    end)
    local child = ctx:run_in_child_context("c", function(c)
      return c:step("s", function() return 3 end)
    end)
    local all = ctx:all("all", {ctx:start("step", "x", function() return 4 end)})
    return {batch:get_results(), child, all}
  end, {collapse = true})
  t.same(value, {{1, 2}, 3, {4}})
end)

t.done()
