"""The local runner with handlers of this package."""
from __future__ import annotations

import io
import json
import threading

import pytest

import orders
from durable_core import (
    CallbackExternalError,
    CallbackTimeoutError,
    StepError,
    durable_execution,
    durable_with_child_context,
)
from durable_core.config import CallbackConfig, Duration, NestingType, ParallelConfig
from durable_core.lambda_service import ErrorObject, InvocationStatus, OperationStatus
from durable_core.testing import (
    DurableChildContextTestRunner,
    DurableFunctionTestRunner,
)
from durable_core.testing.model import ExecutionStatus


def run(func, event=None, **options):
    with DurableFunctionTestRunner(durable_execution(func), **options) as runner:
        return runner.run(json.dumps(event))


def test_an_order_from_start_to_end():
    with DurableFunctionTestRunner(orders.order) as runner:
        arn = runner.run_async('{"total": 5, "approval": true}')
        approval = runner.wait_for_callback(arn, "approval")
        runner.send_callback_success(approval, b"ann")
        result = runner.wait_for_result(arn)
    assert result.get_result() == {"charged": 5, "by": "ann"}
    assert result.get_step("charge").attempt == 2
    assert result.get_wait("pause").status is OperationStatus.SUCCEEDED
    assert result.get_callback("approval").result == "ann"
    assert [one.name for one in result.operations] == ["charge", "pause", "approval"]
    assert len(result.invocations) == 4


def test_a_year_takes_no_time():
    def handler(event, context):
        for _ in range(12):
            context.wait(Duration.from_days(30))
        return context.now_ms()
    result = run(handler)
    began = result.events[0].event_timestamp.timestamp() * 1000
    assert result.get_result() - began >= 360 * 86_400_000


def test_errors_come_as_they_are():
    def handler(event, context):
        with pytest.raises(StepError) as raised:
            context.step(lambda step: 1 / 0, name="divide")
        return [raised.value.error_type, type(raised.value.__cause__).__name__]
    assert run(handler).get_result() == ["ZeroDivisionError", "DurableOperationError"]
    with DurableFunctionTestRunner(orders.order) as runner:
        result = runner.run('{"total": 1, "fail": true}')
    assert result.status is InvocationStatus.FAILED
    assert result.execution_status is ExecutionStatus.FAILED
    assert (result.error.type, result.error.message) == ("ValueError", "no such order")


def test_callbacks_that_fail_and_time_out():
    def handler(event, context):
        said = []
        config = CallbackConfig(timeout=Duration(3600))
        for kind in (CallbackExternalError, CallbackTimeoutError):
            try:
                context.create_callback(kind.__name__, config).result()
            except kind as error:
                said.append(error.message)
        return said
    with DurableFunctionTestRunner(durable_execution(handler)) as runner:
        result = runner.run_until_suspension()
        first = result.get_callback("CallbackExternalError").callback_id
        runner.send_callback_failure(first, ErrorObject("no", "Refused", None, None))
        result = runner.wait_until_suspension(result.execution_arn)
        assert result.get_callback("CallbackTimeoutError").callback_id
        runner.advance(3600)
        result = runner.wait_for_result(result.execution_arn)
    assert result.get_result()[0] == "no" and len(result.get_result()) == 2


def test_a_callback_that_a_thread_of_the_handler_completes():
    def handler(event, context):
        def submit(callback_id, ctx):
            threading.Thread(
                target=runner.send_callback_success, args=(callback_id, b"7")).start()
        return context.wait_for_callback(submit, name="ask")
    with DurableFunctionTestRunner(durable_execution(handler)) as runner:
        result = runner.run()
    assert result.get_result() == "7"
    inner = result.get_context("ask")
    assert inner.get_callback("ask create callback id").result == "7"
    assert inner.get_step("ask submitter").status is OperationStatus.SUCCEEDED


@pytest.mark.parametrize("nesting", NestingType)
def test_branches(nesting):
    def handler(event, context):
        seen = []

        def branch(ctx):
            seen.append(ctx.is_virtual)
            return ctx.step(lambda step: "x", name="inner")
        result = context.parallel([branch] * 3, "fan", ParallelConfig(
            nesting_type=nesting))
        inside = context.run_in_child_context(lambda ctx: ctx.is_virtual)
        return [result.get_results(), seen, context.is_virtual, inside]
    result = run(handler)
    flat = nesting is NestingType.FLAT
    assert result.get_result() == [["x"] * 3, [flat] * 3, False, False]
    fan = result.get_context("fan")
    kinds = {one.operation_type.value for one in fan.child_operations}
    assert kinds == ({"STEP"} if flat else {"CONTEXT"})
    assert sum(one.name == "inner" for one in result.get_all_operations()) == 3


def test_chained_functions():
    @durable_execution
    def child(event, context):
        context.wait(Duration(60))
        return event * 2

    def handler(event, context):
        return [context.invoke("double", 21, name="d"),
                context.invoke("plain", {"a": 1}, name="p")]
    with DurableFunctionTestRunner(durable_execution(handler)) as runner:
        runner.register_durable_function("double", child).register_function(
            "plain", lambda event, context: [context.function_name, event])
        result = runner.run()
    assert result.get_result() == [42, ["plain", {"a": 1}]]
    assert result.get_invoke("d").result == "42"


def test_a_block_by_itself():
    @durable_with_child_context
    def block(context, a, b=0):
        return context.step(lambda step: a + b, name="add")
    with DurableChildContextTestRunner(block, 1, b=2) as runner:
        result = runner.run()
    assert result.get_result() == 3 and result.get_step("add").result == "3"


def test_a_handler_in_a_wrapper():
    """As decorators of Powertools wrap it."""
    def wrapper(event, context):
        assert context.aws_request_id
        return orders.order(event, context)
    with DurableFunctionTestRunner(wrapper) as runner:
        assert runner.run('{"total": 2}').get_result() == {"charged": 2}


def test_an_execution_that_is_stopped():
    def handler(event, context):
        return context.create_callback("never").result()
    with DurableFunctionTestRunner(durable_execution(handler)) as runner:
        arn = runner.run_until_suspension().execution_arn
        runner.stop_execution(arn)
        result = runner.wait_for_result(arn)
    assert result.execution_status is ExecutionStatus.STOPPED
    assert result.status is InvocationStatus.FAILED


def test_an_async_handler():
    async def handler(event, context):
        charged = context.step(lambda step: 5, name="charge")
        pause = context.wait(Duration(60), name="pause")
        asked = context.create_callback("ask")
        callback = await asked
        return [await charged, await pause, await callback.result()]
    with DurableFunctionTestRunner(durable_execution(handler)) as runner:
        arn = runner.run_async()
        runner.send_callback_success(runner.wait_for_callback(arn, "ask"), b"yes")
        result = runner.wait_for_result(arn)
    assert result.get_result() == [5, None, "yes"]
    assert [one.name for one in result.operations] == ["charge", "pause", "ask"]


def test_lines_of_powertools_are_json_once(monkeypatch):
    from aws_lambda_powertools import Logger
    out = io.StringIO()
    powertools = Logger(service="shop", level="INFO", stream=out)

    def handler(event, context):
        context.set_logger(powertools)
        context.logger.info("begins")
        context.logger.info({"total": 5})
        context.step(lambda step: step.logger.info("inside", extra={"own": 1}),
                     name="work")
        context.wait(Duration(5))
        context.logger.warning("ends %s", "well")
    run(handler)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["message"] for line in lines] == [
        "begins", {"total": 5}, "inside", "ends well"]
    assert all(line["service"] == "shop" and ":function:" in line["executionArn"]
               for line in lines)
    assert (lines[2]["operationName"], lines[2]["attempt"], lines[2]["own"]) == (
        "work", 1, 1)
    assert not any(isinstance(line["message"], str) and line["message"].startswith("{")
                   for line in lines)
