"""The embedded service as Python has it, and the runner's views of its histories.

Handlers here speak the protocol themselves: no engine takes part."""
from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
import threading

import pytest

from durable_core.exceptions import BotoClientError, CheckpointError
from durable_core.lambda_service import OperationStatus, OperationUpdate
from durable_core.testing import DurableFunctionTestRunner
from durable_core.testing.exceptions import (
    AwsApiException,
    DurableFunctionsTestError,
    InvalidParameterValueException,
    ResourceNotFoundException,
)
from durable_core.testing.model import ExecutionStatus
from durable_core.testing.service import LocalService, LocalServiceClient


class Raw:
    """A handler by its invocations: what |legs| answer, one after another."""

    def __init__(self, *legs):
        self.legs, self.seen = list(legs), []

    def __call__(self, event, context):
        self.seen.append(event.to_json_dict())
        token = event.checkpoint_token

        def send(*updates):
            nonlocal token
            made = [OperationUpdate.from_dict(one) for one in updates]
            answer = event.service_client.checkpoint(
                event.durable_execution_arn, token, made, None)
            token = answer.checkpoint_token
            return answer.new_execution_state.operations
        leg = self.legs[min(len(self.seen), len(self.legs)) - 1]
        return leg(self.seen[-1], context, send)


def done(result="null"):
    return lambda *_: {"Status": "SUCCEEDED", "Result": result}


def sending(*updates):
    def leg(event, context, send):
        send(*updates)
        return {"Status": "PENDING"}
    return leg


def update(id, kind, action, **more):
    return {"Id": id, "Type": kind, "Action": action, "Name": id, **more}


DAY = 86_400
WAIT = update("w", "WAIT", "START", SubType="Wait", WaitOptions={"WaitSeconds": DAY})
CALLBACK = update("c", "CALLBACK", "START", SubType="Callback")
RETRY = [update("s", "STEP", "START", SubType="Step"),
         update("s", "STEP", "RETRY", SubType="Step", Error={"ErrorMessage": "m"},
                StepOptions={"NextAttemptDelaySeconds": 3600})]
AGAIN = [update("s", "STEP", "START", SubType="Step"),
         update("s", "STEP", "SUCCEED", SubType="Step", Payload="7")]


def test_a_wait_of_a_day_takes_none():
    handler = Raw(sending(WAIT), done('{"a": 1}'))
    with DurableFunctionTestRunner(handler) as runner:
        result = runner.run('{"in": 1}')
    assert result.get_result() == {"a": 1}
    assert result.execution_status is ExecutionStatus.SUCCEEDED
    wait = result.get_wait("w")
    assert wait.end_timestamp - wait.start_timestamp >= datetime.timedelta(days=1)
    assert wait.scheduled_end_timestamp == wait.end_timestamp
    assert [len(e["InitialExecutionState"]["Operations"]) for e in handler.seen] == [1, 2]
    assert len(result.invocations) == 2
    assert [event.event_type for event in result.events] == [
        "ExecutionStarted", "WaitStarted", "InvocationCompleted", "WaitSucceeded",
        "InvocationCompleted", "ExecutionSucceeded"]


def test_a_step_that_is_tried_again():
    def look(event, context, send):
        found.append(runner.get_execution_history(event["DurableExecutionArn"]))
        send(*AGAIN)
        return {"Status": "SUCCEEDED", "Result": "1"}
    found = []
    with DurableFunctionTestRunner(Raw(sending(*RETRY), look)) as runner:
        result = runner.run("1")
    step = result.get_step("s")
    assert (step.status, step.attempt, step.result, step.error) == (
        OperationStatus.SUCCEEDED, 2, "7", None)
    from durable_core.testing.operations import events_to_operations
    before = events_to_operations(found[0].events)[1]
    assert before.status is OperationStatus.PENDING
    assert before.step_details.next_attempt_timestamp is not None
    started = found[0].events[0].execution_started_details.input
    assert started.truncated and started.payload is None  # data was not asked for


def test_contexts_and_what_is_in_them():
    inside = [{**one, "ParentId": "ctx"} for one in AGAIN]
    handler = Raw(lambda event, context, send: (
        send(update("ctx", "CONTEXT", "START", SubType="RunInChildContext"), *inside,
             update("ctx", "CONTEXT", "SUCCEED", SubType="RunInChildContext",
                    Payload="[7]")), {"Status": "SUCCEEDED", "Result": ""})[1])
    with DurableFunctionTestRunner(handler) as runner:
        result = runner.run()
    context = result.get_context("ctx")
    assert context.result == "[7]" and context.get_step("s").result == "7"
    assert [one.operation_id for one in result.get_all_operations()] == ["ctx", "s"]
    assert result.get_operation_by_id("s").parent_id == "ctx"
    assert result.get_operation_by_index(0) is result.operations[0]
    for look in (lambda: result.get_step("s"), lambda: context.get_wait("x"),
                 lambda: result.get_operation_by_id("x"),
                 lambda: result.get_operation_by_index(1),
                 lambda: result.get_operation_by_index(1, "ctx")):
        with pytest.raises(DurableFunctionsTestError):
            look()


def test_callbacks():
    handler = Raw(sending(CALLBACK), done("1"))
    with DurableFunctionTestRunner(handler) as runner:
        arn = runner.run_async()
        name = runner.wait_for_callback(arn, "c")
        assert name == runner.wait_for_callback(arn)
        runner.send_callback_heartbeat(name)
        runner.send_callback_success(name, b'"raw"')
        result = runner.wait_for_result(arn)
        callback = result.get_callback("c")
        assert (callback.callback_id, callback.result) == (name, '"raw"')
        with pytest.raises(DurableFunctionsTestError, match="already completed"):
            runner.wait_for_callback(arn, "c")
        with pytest.raises(AwsApiException):
            runner.send_callback_success(name)
        with pytest.raises(TimeoutError):
            runner.wait_for_callback(arn, timeout=1)
        with pytest.raises(AwsApiException):
            runner.send_callback_failure("no such callback")


def test_the_failure_of_a_callback_and_of_an_execution():
    from durable_core.lambda_service import ErrorObject
    failed = {"Status": "FAILED", "Error": {"ErrorMessage": "why", "ErrorType": "T"}}
    with DurableFunctionTestRunner(Raw(sending(CALLBACK), lambda *_: failed)) as runner:
        arn = runner.run_async()
        name = runner.wait_for_callback(arn)
        runner.send_callback_failure(name, ErrorObject("m", "t", "d", ["l"]))
        result = runner.wait_for_result(arn)
    error = result.get_callback("c").error
    assert (error.message, error.type, error.data, error.stack_trace) == (
        "m", "t", "d", ["l"])
    assert result.error.message == "why"
    with pytest.raises(DurableFunctionsTestError, match="FAILED: why"):
        result.get_result()


def test_the_timeout_of_a_callback_passes_as_real_time_does_or_by_hand():
    late = {**CALLBACK, "CallbackOptions": {"TimeoutSeconds": 1}}
    with DurableFunctionTestRunner(Raw(sending(late), done("1"))) as runner:
        assert runner.run().get_callback("c").status is OperationStatus.TIMED_OUT
    never = {**CALLBACK, "CallbackOptions": {"TimeoutSeconds": 30 * DAY}}
    with DurableFunctionTestRunner(Raw(sending(never), done("1"))) as runner:
        arn = runner.run_async()
        with pytest.raises(TimeoutError):
            runner.wait_for_result(arn, 1)
        runner.advance(30 * DAY)
        assert runner.wait_for_result(arn).get_callback("c").status is \
            OperationStatus.TIMED_OUT


def test_running_until_it_suspends():
    handler = Raw(sending(WAIT), sending(CALLBACK), done("1"))
    with DurableFunctionTestRunner(handler) as runner:
        result = runner.run_until_suspension("{}")
        assert result.execution_status is ExecutionStatus.RUNNING
        assert result.status.value == "PENDING"
        runner.send_callback_success(result.get_callback("c").callback_id)
        assert runner.wait_until_suspension(result.execution_arn).get_result() == 1


def test_real_time():
    short = {**WAIT, "WaitOptions": {"WaitSeconds": 1}}
    with DurableFunctionTestRunner(Raw(sending(short), done("1")),
                                   skip_time=False) as runner:
        result = runner.run(execution_timeout=60)
        assert result.events[0].execution_started_details.execution_timeout == 60
        with pytest.raises(DurableFunctionsTestError):
            runner.advance(1)
    assert result.get_wait("w").end_timestamp > result.get_wait("w").start_timestamp


def test_functions_of_a_runner():
    calls = []

    def plain(event, context):
        calls.append((event, context.function_name, context.invoked_function_arn))
        return {"got": event}
    invoke = update("i", "CHAINED_INVOKE", "START", SubType="ChainedInvoke",
                    Payload='"p"', ChainedInvokeOptions={"FunctionName": "plain"})
    child = update("d", "CHAINED_INVOKE", "START", SubType="ChainedInvoke",
                   Payload="5", ChainedInvokeOptions={"FunctionName": "child"})
    with DurableFunctionTestRunner(Raw(sending(invoke, child), sending(), done("1"))
                                   ) as runner:
        assert runner.register_function("plain", plain) is runner
        runner.register_durable_function("child", Raw(sending(WAIT), done('"deep"')))
        result = runner.run()
        assert result.get_invoke("i").result == '{"got": "p"}'
        assert result.get_invoke("d").result == '"deep"'
        started = [e.chained_invoke_started_details for e in result.events
                   if e.event_type == "ChainedInvokeStarted" and e.name == "d"]
        theirs = runner.get_execution_history(started[0].durable_execution_arn, True)
    assert calls == [("p", "plain",
                      "arn:aws:lambda:us-west-2:123456789012:function:plain")]
    assert theirs.events[0].execution_started_details.input.payload == "5"


def test_each_run_is_an_execution_of_its_own():
    with DurableFunctionTestRunner(Raw(done("1"))) as runner:
        first, second = runner.run("1"), runner.run("1")
        assert first.execution_arn != second.execution_arn
        assert "/execution-name-2/" in second.execution_arn
        assert "/other/" in runner.run(execution_name="other").execution_arn


def test_what_a_handler_raises():
    tries = []

    def leg(*_):
        tries.append(1)
        if len(tries) < 3:
            raise ValueError("once more")
        return {"Status": "SUCCEEDED", "Result": "1"}
    with DurableFunctionTestRunner(Raw(leg)) as runner:
        result = runner.run()
    assert result.get_result() == 1 and len(tries) == 3
    errors = [one.error for one in result.invocations]
    assert errors[0].payload.type == "ValueError" and errors[2] is None


def test_a_handler_that_leaves_is_a_crash():
    def leg(*_):
        raise SystemExit(3)
    with DurableFunctionTestRunner(Raw(leg)) as runner:
        result = runner.run()
    assert result.execution_status is ExecutionStatus.FAILED
    assert result.invocations[0].error.payload.type == "Runtime.ExitError"


def test_the_context_of_a_handler():
    seen = []

    def leg(event, context, send):
        seen.append(context)
        return {"Status": "SUCCEEDED", "Result": "1"}
    with DurableFunctionTestRunner(Raw(sending(WAIT), leg), invocation_timeout=100,
                                   region="eu-west-1") as runner:
        runner.run(function_name="shop", account_id="210987654321")
        with pytest.raises(InvalidParameterValueException, match="account_id"):
            runner.run()
    context = seen[0]
    assert context.function_name == "shop" and context.function_version == "$LATEST"
    assert context.invoked_function_arn == \
        "arn:aws:lambda:eu-west-1:210987654321:function:shop"
    assert 90_000 < context.get_remaining_time_in_millis() <= 100_000
    assert context.aws_request_id


def test_before_anything_was_run():
    with DurableFunctionTestRunner(Raw(done())) as runner:
        with pytest.raises(DurableFunctionsTestError, match="nothing was run"):
            runner.wait_for_result("arn")
    with pytest.raises(InvalidParameterValueException):
        DurableFunctionTestRunner(Raw(done()), max_invocation_page_bytes=1)


def test_a_file_that_the_command_line_can_read(tmp_path):
    store = tmp_path / "store.db"
    with DurableFunctionTestRunner(Raw(done('"kept"')), store=store) as runner:
        runner.run(execution_name="kept")
    listed = subprocess.run(
        [os.environ["DURABLE_CLI"], "list", "--db", str(store)], check=True,
        stdout=subprocess.PIPE, text=True).stdout
    assert "kept" in listed and "SUCCEEDED" in listed


def test_many_executions_at_once():
    with DurableFunctionTestRunner(Raw(lambda event, context, send: (
            {"Status": "SUCCEEDED", "Result": "1"}))) as runner:
        arns = []
        threads = [threading.Thread(target=lambda n=n: arns.append(
            runner.run_async(execution_name=f"e{n}"))) for n in range(20)]
        runner.run()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {runner.wait_for_result(arn).result for arn in arns} == {"1"}


def test_what_the_service_refuses():
    service = LocalService()
    try:
        with pytest.raises(ResourceNotFoundException):
            service.start("nobody", "e", None)
        service.register("f", Raw(done()))
        with pytest.raises(InvalidParameterValueException):
            service.start("f", "not a name", None)
        with pytest.raises(ResourceNotFoundException):
            service.execution("arn:aws:lambda:r:1:function:f:1/durable-execution/e/i")
    finally:
        service.close()
        service.close()


def test_the_client_of_a_service():
    """The durable APIs by records, as a custom client of a handler has them."""
    service = LocalService()
    client, seen = LocalServiceClient(service), []

    def asking(event, context):
        arn, token = event.durable_execution_arn, event.checkpoint_token
        updates = [OperationUpdate.from_dict(one) for one in AGAIN]
        answer = client.checkpoint(arn, token, updates, "once")
        assert client.checkpoint(arn, token, updates, "once") == answer
        seen.append(answer)
        seen.append(client.get_execution_state(arn, answer.checkpoint_token, ""))
        for call in (client.checkpoint, client.get_execution_state):
            with pytest.raises(BotoClientError) as raised:
                call(arn, "no token", "" if call == client.get_execution_state else [],
                     1)
            seen.append(raised.value)
        return {"Status": "SUCCEEDED", "Result": "1"}
    service.register("f", asking)
    try:
        arn = service.start("f", "e", "1")
        assert service.is_over(arn, 60)
        assert service.execution(arn).status == "SUCCEEDED"
    finally:
        service.close()
    operation = seen[0].new_execution_state.operations[0]
    assert operation.step_details.result == "7"
    assert isinstance(operation.start_timestamp, datetime.datetime)
    assert [one.operation_id for one in seen[1].operations][-1] == "s"
    assert type(seen[2]) is CheckpointError
    assert seen[2].response_metadata["HTTPStatusCode"] == 400
    del service
    with pytest.raises(CheckpointError, match="closed"):
        client.checkpoint("a", "t", [], None)


def test_a_handler_that_never_comes_back_holds_nobody_up():
    """In a process of its own, which ends all the same."""
    program = """
import threading, time
from durable_core.testing import DurableFunctionTestRunner, service
service.CLOSE_PATIENCE_S = 0.3
stuck = threading.Event()
def handler(event, context):
    stuck.set()
    while True:
        time.sleep(0.01)
with DurableFunctionTestRunner(handler) as runner:
    runner.run_async()
    stuck.wait(60)
print("over")
"""
    done = subprocess.run([sys.executable, "-W", "always", "-c", program], text=True,
                          timeout=60, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.stdout == "over\n" and "left behind" in done.stderr
    assert done.returncode == 0, done.stderr


def test_the_local_runner_needs_nothing_else():
    program = """
import sys
for name in ("boto3", "botocore", "pytest", "aws_lambda_powertools"):
    sys.modules[name] = None
from durable_core import durable_execution
from durable_core.testing import DurableFunctionTestRunner
import durable_core.testing.integration, durable_core.testing.terraform
with DurableFunctionTestRunner(durable_execution(lambda event, context: 7)) as runner:
    print(runner.run().result)
runner = DurableFunctionTestRunner(durable_execution(lambda event, context: 8))
print(runner.run().result)  # and is not closed
"""
    done = subprocess.run([sys.executable, "-c", program], text=True, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert (done.stdout, done.stderr, done.returncode) == ("7\n8\n", "", 0)
