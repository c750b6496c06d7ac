-- The testing module under busted.
local durable = require "durable"
local testing = require "durable.testing"

describe("a workflow", function()
  local runner

  after_each(function() runner:close() end)

  it("runs to its end, and its waits take no time", function()
    runner = testing.runner(function(event, ctx)
      local total = ctx:step("sum", function() return event.a + event.b end)
      ctx:wait("a month", {days = 30})
      return {total = total}
    end)
    local before = runner:now()
    local run = runner:run({a = 2, b = 3})
    assert.are.equal("SUCCEEDED", run.status)
    assert.are.same({total = 5}, run.result)
    assert.are.equal("5", run:operation("sum").payload)
    assert.is_true(runner:now() - before >= 30 * 86400 * 1000)
    assert.are.equal(2, runner.invocations)
  end)

  it("tells how it failed", function()
    runner = testing.runner(function(_, ctx)
      ctx:step("pay", function() error(durable.error("Declined", "no money")) end,
        {retry_strategy = "none"})
    end)
    local run = runner:run()
    assert.are.equal("FAILED", run.status)
    assert.are.equal("StepError", run.error.name)
    assert.are.equal("Declined", run:operation("pay").error.name)
    assert.has_error(function() error(run.error) end)
  end)
end)
