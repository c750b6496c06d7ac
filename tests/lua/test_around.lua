-- Around the operations: serdes, plugins, logs, what contexts know.
local t = require "harness"
local durable = require "durable"
local testing = require "durable.testing"

-- ---- serdes

t.test("the tagged form is one setting away", function()
  local function flow(_, ctx)
    local got = ctx:step("s", function()
      return {when = durable.typed("date", "2026-01-02"), pair = durable.tuple {1, 2}}
    end)
    ctx:wait("w", 1)
    return tostring(got.when)
  end
  local run = t.run(durable.handler(flow, {serdes = durable.serdes.tagged}))
  t.succeeds(run, "2026-01-02")
  t.matches(run:operation("s").payload, '{"t":"D","v":"2026%-01%-02"}')
  t.fails(t.run(flow), "StepError", "%$%.%a+: %a+ cannot be stored as plain JSON")
end)

t.test("a serdes of one's own, and what it is told", function()
  local told = {}
  local rot = {
    serialize = function(v, info)
      told[#told + 1] = info
      return durable.encode(v):reverse()
    end,
    deserialize = function(text) return durable.decode(text:reverse()) end,
  }
  local run = t.run(function(_, ctx)
    local a = ctx:step("a", function() return {12} end, {serdes = rot})
    local c = ctx:run_in_child_context("c", function() return "xy" end, {serdes = rot})
    ctx:wait("w", 1)
    return {a[1], c}
  end)
  t.succeeds(run, {12, "xy"})
  t.same(run:operation("a").payload, "]21[")
  t.same(told[1].operation_id, run:operation("a").id)
  t.same(told[1].execution_arn, run.arn)
end)

t.test("a serdes that fails", function()
  local function with(serdes, retry)
    return t.run(function(_, ctx)
      return ctx:step("s", function() return 1 end, {serdes = serdes, retry_strategy = retry})
    end)
  end
  local good = durable.serdes.json
  t.fails(with({serialize = function() error("no words", 0) end, deserialize = good.deserialize}),
    "StepError", "^Serialization failed for id: %x+, error: no words$")
  t.fails(with({serialize = good.serialize, deserialize = function() error("no sense", 0) end}),
    "StepError", "^Deserialization failed for id: %x+, error: no sense$")
  t.fails(with({serialize = function() return 5 end, deserialize = good.deserialize}),
    "StepError", "answered a number")
  local tries = 0
  t.succeeds(with({
    serialize = function(v)
      tries = tries + 1
      if tries == 1 then error({message = "busy", retryable = true}) end
      return good.serialize(v)
    end,
    deserialize = good.deserialize,
  }), 1)
  t.same(tries, 2)
end)

t.test("strings pass through", function()
  local run = t.run(function(_, ctx)
    local a = ctx:step("s", function() return "as {it} is" end,
      {serdes = durable.serdes.pass_through})
    local none = ctx:step("n", function() end, {serdes = durable.serdes.pass_through})
    ctx:wait("w", 1)
    return {a, none == nil}
  end)
  t.succeeds(run, {"as {it} is", true})
  t.same(run:operation("s").payload, "as {it} is")
  t.fails(t.run(function(_, ctx)
    ctx:step("s", function() return 5 end, {serdes = durable.serdes.pass_through})
  end), "StepError", "a raw payload is a string, not a number")
end)

t.test("payloads in files", function()
  local folder = os.tmpname()
  os.remove(folder)
  local files = durable.serdes.files {
    base_path = folder, preview = function(v) return {n = v.n} end,
  }
  local run = t.run(function(_, ctx)
    local got = ctx:step("s", function() return {n = 7, text = ("z"):rep(1000)} end,
      {serdes = files})
    ctx:wait("w", 1)
    return #got.text + got.n
  end)
  t.succeeds(run, 1007)
  assert(#run:operation("s").payload < 500, "the payload is in the checkpoint")
  t.matches(run:operation("s").payload, '"n"')
  os.execute("rm -r " .. folder)
  t.raises("ValidationError", "base_path", function() durable.serdes.files {} end)
end)

-- ---- plugins

local function recording(log, name)
  local plugin = {name = name}
  for _, hook in ipairs {"on_invocation_start", "on_invocation_end", "on_operation_start",
    "on_operation_end", "on_user_function_start", "on_user_function_end"} do
    plugin[hook] = function(info) log[#log + 1] = hook .. " " .. tostring(info.name or "") end
  end
  for _, hook in ipairs {"wrap_invocation", "wrap_attempt", "wrap_child"} do
    plugin[hook] = function(info, body)
      log[#log + 1] = "> " .. name .. " " .. hook .. " " .. tostring(info.name or "")
      local ok = body()
      log[#log + 1] = "< " .. name .. " " .. tostring(ok)
    end
  end
  return plugin
end

t.test("plugins are told in order, and wrap", function()
  local log = {}
  local handler = durable.handler(function(_, ctx)
    ctx:run_in_child_context("child", function(child)
      child:step("inner", function() end)
    end)
    return "x"
  end, {plugins = {recording(log, "a")}})
  t.succeeds(t.run(handler), "x")
  t.same(log, {
    "on_invocation_start ", "> a wrap_invocation ", "on_operation_start child",
    "on_user_function_start child", "> a wrap_child child", "on_operation_start inner",
    "on_user_function_start inner", "> a wrap_attempt inner", "< a true",
    "on_user_function_end inner", "on_operation_end inner", "< a true",
    "on_user_function_end child", "on_operation_end child", "< a true", "on_invocation_end ",
  })
end)

t.test("plugins wrap what is suspended, and what fails", function()
  local log = {}
  local plugin = {
    name = "p",
    wrap_child = function(info, body)
      log[#log + 1] = "in " .. info.name
      local ok, e = body()
      log[#log + 1] = ok and "ok" or e.message
    end,
  }
  local run = t.run(durable.handler(function(_, ctx)
    pcall(function()
      ctx:run_in_child_context("bad", function(child)
        child:wait("w", 1)
        error("no", 0)
      end)
    end)
    return 1
  end, {plugins = {plugin}}))
  t.succeeds(run, 1)
  t.same(log, {"in bad", "in bad", "no"})
end)

t.test("a plugin that fails, or forgets the body, is of no account", function()
  local lines = {}
  local run = t.run(durable.handler(function(_, ctx)
    return ctx:step("s", function() return 1 end)
  end, {
    plugins = {
      {name = "bad", on_operation_start = function() error("broken hook") end,
        wrap_attempt = function() error("broken wrap") end},
      {name = "lazy", wrap_attempt = function() end, wrap_invocation = function() end},
    },
    log = function(_, fields) lines[#lines + 1] = fields.message end,
  }))
  t.succeeds(run, 1)
  local text = table.concat(lines, "\n")
  t.matches(text, "Plugin bad: on_operation_start failed and was ignored: .*broken hook")
  t.matches(text, "Plugin bad: wrap_attempt failed and was ignored: .*broken wrap")
end)

-- ---- logs

t.test("logs say where they are from, and not twice", function()
  local lines = {}
  local handler = durable.handler(function(_, ctx)
    ctx.logger:info("begin", {k = 1})
    ctx:step("s", function(step) step.logger:warn("inside") end)
    ctx:run_in_child_context("c", function(child)
      child.logger:debug("child")
      child:wait("w", 1)
      child.logger:error("after")
    end)
  end, {
    log = function(level, fields) lines[#lines + 1] = {level = level, fields = fields} end,
    plugins = {{enrich_log = function(fields) fields.extra = "yes" end}},
  })
  local run = t.run(handler)
  t.succeeds(run)
  local said = {}
  for i, line in ipairs(lines) do said[i] = line.fields.message end
  t.same(said, {"begin", "inside", "child", "after"})
  t.same({lines[1].level, lines[2].level, lines[3].level, lines[4].level}, {3, 4, 2, 5})
  t.same(lines[1].fields.k, 1)
  t.same(lines[1].fields.extra, "yes")
  t.same(lines[1].fields.executionArn, run.arn)
  t.same(lines[2].fields.operationName, "s")
  t.same(lines[2].fields.operationId, run:operation("s").id)
  t.same(lines[2].fields.attempt, 1)
  t.same(lines[3].fields.parentId, run:operation("c").id)
end)

t.test("logs are written while replaying when they are to be", function()
  local n = 0
  t.succeeds(t.run(durable.handler(function(_, ctx)
    ctx.logger:info("x")
    ctx:wait("w", 1)
  end, {log_replays = true, log = function() n = n + 1 end})))
  t.same(n, 2)
end)

-- ---- the testing module

t.test("the runner", function()
  local runner = testing.runner(function(event, ctx)
    ctx:wait("w", 3600)
    return event
  end, {name = "named"})
  local before = runner:now()
  local run = runner:run({a = durable.array {}}, "first")
  t.same(run.payload, '{"a":[]}')
  t.same(run.name, "first")
  t.matches(run.arn, ":function:named:")
  assert(runner:now() - before >= 3600000)
  t.same(runner.invocations, 2)
  local again = runner:run({a = durable.array {}}, "first")
  t.same(again.arn, run.arn)
  t.same(runner.invocations, 2)
  t.raises("TestingError", "", function() runner:run({b = 1}, "first") end)
  local callback_free = runner:run(5)
  t.same(callback_free.result, 5)
  t.raises("TestingError", "", function() runner:succeed_callback("nonsense", 1) end)
  t.raises("ValidationError", "callback's id", function() runner:succeed_callback({}, 1) end)
  runner:close()
  runner:close()
  t.raises("ValidationError", "no option skip", function()
    testing.runner(function() end, {skip = true})
  end)
end)

t.test("the runner takes its time when it is to", function()
  local run = t.run(function(_, ctx)
    ctx:wait("w", 1)
    return ctx:step("s", function(step)
      if step.attempt == 1 then error("again") end
      return step.attempt
    end, {retry_strategy = {backoff = "fixed", initial_delay = 1, jitter_strategy = "NONE"}})
  end, nil, {skip_time = false})
  t.succeeds(run, 2)
end)

t.test("the runner stops an execution, and goes on in a file", function()
  local path = os.tmpname()
  os.remove(path)
  local function flow(_, ctx) return ctx:create_callback("cb"):result() end
  local runner = testing.runner(flow, {path = path})
  local run = runner:run({}, "stopped")
  t.same(run.status, "RUNNING")
  t.same(runner:stop(run, "Enough", "no more").status, "STOPPED")
  local open = runner:run({}, "open")
  runner:close()
  runner = testing.runner(flow, {path = path})
  runner:succeed_callback_raw(open:operation("cb"), "late")
  t.succeeds(runner:go_on(open), "late")
  runner:close()
  for _, ending in ipairs {"", "-wal", "-shm", "-lock"} do os.remove(path .. ending) end
end)

t.done()
