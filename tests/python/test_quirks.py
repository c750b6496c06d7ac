"""Defects of the official SDK that a Python package could have: they are not here."""
from __future__ import annotations

import json
import threading

import pytest

from durable_core import (
    ChildContextError,
    InvocationError,
    RetryableSerDesError,
    SerDesError,
    StepError,
    durable_execution,
    durable_parallel_branch,
)
from durable_core.config import CompletionConfig, MapConfig, StepConfig
from durable_core.execution import DurableExecutionInvocationInput
from durable_core.plugin import DurableInstrumentationPlugin
from durable_core.serdes import SerDes
from durable_core.testing import DurableFunctionTestRunner
from durable_core.testing.model import ExecutionStatus

ARN = "arn:aws:lambda:r:1:function:f:1/durable-execution/e/i"
ROOT = {"Id": "i", "Type": "EXECUTION", "Status": "STARTED",
        "ExecutionDetails": {"InputPayload": "{}"}}


def run(func, event=None):
    with DurableFunctionTestRunner(durable_execution(func)) as runner:
        return runner.run(json.dumps(event))


class NoCalls:
    """A client of an invocation that has nothing to record."""

    def checkpoint(self, *arguments):
        raise AssertionError(arguments)

    get_execution_state = checkpoint


def invoke(func, *operations, **more):
    """One invocation over what is on record."""
    from durable_core.execution import DurableExecutionInvocationInputWithClient
    event = {"DurableExecutionArn": ARN, "CheckpointToken": "t",
             "InitialExecutionState": {"Operations": [ROOT, *operations]}, **more}
    given = DurableExecutionInvocationInputWithClient \
        .from_durable_execution_invocation_input(
            DurableExecutionInvocationInput.from_json_dict(event), NoCalls())
    return durable_execution(func)(given, None)


def test_q2_what_a_newer_service_says_is_no_error():
    # Id of the first operation of an execution, and one that nobody asks for.
    first = "1ced8f5be2db23a6513eba4d819c73806424748a7bc6fa0d792cc1c7d1775a97"
    output = invoke(
        lambda event, context: context.step(lambda step: 1 / 0),
        {"Id": first, "Type": "STEP", "SubType": "Step", "Status": "SUCCEEDED",
         "StepDetails": {"Attempt": 1, "Result": "7"}},
        {"Id": "other", "Type": "SAGA", "SubType": "New", "Status": "HELD"})
    assert output == {"Status": "SUCCEEDED", "Result": "7"}


@pytest.mark.parametrize("missing", [
    {"UpdatedOperationIds": None}, {"InitialExecutionState": None}])
def test_q28_nulls_of_an_event(missing):
    event = {"DurableExecutionArn": ARN, "CheckpointToken": "t", **missing}
    for read in (DurableExecutionInvocationInput.from_json_dict,
                 DurableExecutionInvocationInput.from_dict):
        made = read(event)
        assert made.updated_operation_ids == []
        assert made.initial_execution_state.operations == []
    if "UpdatedOperationIds" in missing:
        output = invoke(lambda event, context: 1, **missing)
        assert output == {"Status": "SUCCEEDED", "Result": "1"}


def test_q16_an_invocation_error_that_is_for_good_fails_the_execution():
    class Final(InvocationError):
        def is_retryable(self):
            return False

    def handler(event, context):
        raise Final("for good")
    result = run(handler)
    assert result.execution_status is ExecutionStatus.FAILED
    assert result.error.message == "for good"


def test_q18_a_failure_without_an_error_is_raised():
    from durable_core.concurrency.models import BatchResult
    batch = BatchResult.from_dict({"all": [{"index": 0, "status": "FAILED"}],
                                   "completionReason": "ALL_COMPLETED"})
    with pytest.raises(ChildContextError, match="item 0"):
        batch.throw_if_error()


def test_q19_none_is_a_result():
    def handler(event, context):
        batch = context.map([None, 0], lambda ctx, item, index, items: item)
        return [batch.get_results(), batch.success_count, len(batch.succeeded())]
    assert run(handler).get_result() == [[None, 0], 2, 2]


@pytest.mark.parametrize("value", [
    (1, 2), {1: "a"}, bytearray(b"x"), {"t": (1,)}, [(b"", {2: 3})]], ids=repr)
@pytest.mark.parametrize("kind", ["step", "child", "map"])
def test_q20_the_first_run_sees_what_every_replay_sees(value, kind):
    seen = []

    def handler(event, context):
        if kind == "step":
            got = context.step(lambda step: value)
        elif kind == "child":
            got = context.run_in_child_context(lambda ctx: value)
        else:
            got = context.map([1], lambda *_: value).get_results()
        seen.append(repr(got))
        context.create_callback("wait").result()
    with DurableFunctionTestRunner(durable_execution(handler)) as runner:
        result = runner.run_until_suspension()
        runner.send_callback_success(result.get_callback("wait").callback_id)
        runner.wait_for_result(result.execution_arn)
    assert len(seen) == 2 and seen[0] == seen[1]


def test_q26_two_invocations_of_one_handler_at_once():
    together = threading.Barrier(2)
    told = {}

    class Watching(DurableInstrumentationPlugin):
        def __init__(self, arn):
            self.seen = told.setdefault(arn, [])

        def on_operation_end(self, info):
            self.seen.append(info.name)

        def on_invocation_end(self, info):
            self.seen.append(info.execution_arn)

    class Factory:
        def create_plugin(self, info):
            return Watching(info.execution_arn)

    @durable_execution(plugins=[Factory()])
    def handler(event, context):
        together.wait(60)
        context.step(lambda step: None, name=f"of {event}")
        together.wait(60)
    with DurableFunctionTestRunner(handler) as runner:
        arns = [runner.run_async(json.dumps(name), execution_name=name)
                for name in ("a", "b")]
        for arn in arns:
            runner.wait_for_result(arn)
    assert told == {arn: [f"of {name}", arn] for arn, name in zip(arns, "ab")}


def test_q29_what_is_said_of_defaults_is_so():
    def fail(ctx, item, index, items):
        raise ValueError(item)

    def handler(event, context):
        default = context.map([1, 2, 3], fail, "a", MapConfig(max_concurrency=1))
        nothing = context.map([1, 2, 3], fail, "b", MapConfig(
            max_concurrency=1, completion_config=CompletionConfig()))
        every = context.map([1, 2, 3], fail, "c", MapConfig(
            completion_config=CompletionConfig.all_completed()))
        return [batch.failure_count for batch in (default, nothing, every)]
    assert run(handler).get_result() == [1, 1, 3]

    @durable_parallel_branch()
    def named(ctx):
        return 1

    result = run(lambda event, context: context.parallel([named()], "p").get_results())
    assert [one.name for one in result.get_context("p").child_operations] == [
        "parallel-branch-0"]


class Offloading(SerDes):
    """Fails as |errors| say, one after another."""

    def __init__(self, *errors):
        self.errors = list(errors)

    def serialize(self, value, serdes_context):
        if self.errors:
            raise self.errors.pop(0)
        return json.dumps(value)

    def deserialize(self, data, serdes_context):
        return json.loads(data)


def test_a_store_that_is_away_repeats_the_invocation():
    serdes = Offloading(RetryableSerDesError("away"), RetryableSerDesError("away"))
    result = run(lambda event, context: context.step(
        lambda step: 7, config=StepConfig(serdes=serdes)))
    assert result.get_result() == 7 and len(result.invocations) == 3


def test_a_payload_that_cannot_be_written_is_named():
    def handler(event, context):
        with pytest.raises((SerDesError, StepError)) as raised:
            context.step(lambda step: {"items": [1, object()]}, name="bad")
        return [type(raised.value).__name__, raised.value.message]
    kind, message = run(handler).get_result()
    assert kind == "SerDesError" and "$.items[1]" in message
