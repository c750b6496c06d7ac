"""The cloud runner and the helpers for deployed functions, against `durable serve`."""
from __future__ import annotations

import datetime

import pytest

from durable_core.lambda_service import ErrorObject, OperationStatus
from durable_core.testing import (
    DurableFunctionCloudTestRunner,
    DurableFunctionTestResult,
)
from durable_core.testing.exceptions import DurableFunctionsTestError
from durable_core.testing.integration import DeployedFunction
from durable_core.testing.model import ExecutionStatus, GetDurableExecutionResponse
from serving import CREDENTIALS, served


@pytest.fixture(scope="module")
def endpoint():
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        with served(order="orders.order") as url:
            yield url


@pytest.fixture
def runner(endpoint):
    return DurableFunctionCloudTestRunner("order:$LATEST", "us-east-1", endpoint, 0.05)


@pytest.fixture
def deployed(endpoint):
    return DeployedFunction("order:$LATEST", "us-east-1", endpoint, 0.05,
                            logs_endpoint=endpoint, sleep=pauses.append)


pauses: list[float] = []


def test_run(runner):
    result = runner.run({"total": 5}, timeout=60)
    assert result.get_result() == {"charged": 5}
    assert result.get_step("charge").attempt == 2
    assert [one.name for one in result.operations] == ["charge", "pause"]
    assert result.execution_arn and len(result.invocations) == 3


def test_callbacks(runner):
    arn = runner.run_async({"total": 1, "approval": True})
    approval = runner.wait_for_callback(arn, "approval", timeout=60)
    assert approval == runner.wait_for_callback(arn)
    runner.send_callback_heartbeat(approval)
    runner.send_callback_success(approval, b"ann")
    assert runner.wait_for_result(arn).get_result() == {"charged": 1, "by": "ann"}
    with pytest.raises(DurableFunctionsTestError, match="already completed"):
        runner.wait_for_callback(arn, "approval")


def test_failures(runner):
    arn = runner.run_async({"total": 1, "approval": True})
    approval = runner.wait_for_callback(arn, timeout=60)
    with pytest.raises(TimeoutError, match="RUNNING"):
        runner.wait_for_result(arn, timeout=0)
    runner.send_callback_failure(approval, ErrorObject("no", "Refused", None, None))
    result = runner.wait_for_result(arn, timeout=60)
    assert result.execution_status is ExecutionStatus.FAILED
    assert result.error.message == "no"
    assert result.get_callback("approval").status is OperationStatus.FAILED
    with pytest.raises(DurableFunctionsTestError, match="Failed to send callback"):
        runner.send_callback_success(approval)


def test_what_is_not_there(endpoint, runner):
    nobody = DurableFunctionCloudTestRunner("nobody", "us-east-1", endpoint, 0.01)
    with pytest.raises(DurableFunctionsTestError, match="nobody"):
        nobody.run({})
    missing = "arn:aws:lambda:us-east-1:123456789012:function:order:$LATEST/" \
        "durable-execution/none/none"
    with pytest.raises(TimeoutError):  # it may be on its way
        runner.wait_for_result(missing, timeout=0)


def test_an_execution_is_started_by_name(deployed):
    arn = deployed.start("order-17", {"total": 3})
    assert "/durable-execution/order-17/" in arn
    assert deployed.start("order-17", {"total": 3}) == arn
    assert deployed.wait_for_result(arn, 60).get_result() == {"charged": 3}
    with pytest.raises(DurableFunctionsTestError, match="Failed to invoke"):
        deployed.start("order-17", {"total": 4})
    failed = deployed.wait_for_result(deployed.start("bad", {"total": 1, "fail": True}),
                                      60)
    assert failed.error.type == "ValueError"


def test_logs_are_searched_when_it_is_over(deployed):
    arn = deployed.start("logged", {"total": 77, "approval": True})
    approval = deployed.wait_for_callback(arn, timeout=60)
    early = DurableFunctionTestResult.from_execution_history(
        GetDurableExecutionResponse.from_dict(
            deployed.lambda_client.get_durable_execution(DurableExecutionArn=arn)),
        deployed._fetch_execution_history(arn))
    with pytest.raises(DurableFunctionsTestError, match="not over"):
        deployed.query_logs(early, "fields @message")
    deployed.send_callback_success(approval, b"ann")
    result = deployed.wait_for_result(arn, 60)
    rows = deployed.query_logs(
        result, "fields @timestamp, @message | filter total = 77", expect=1)
    assert rows[0]["@message"]["message"] == "order"
    assert all(row["@message"]["total"] == 77 for row in rows)


class Logs:
    """CloudWatch Logs whose lines come late: what each poll is answered."""

    def __init__(self, *answers):
        self.answers, self.started, self.polled = list(answers), 0, 0

    def start_query(self, **arguments):
        self.started += 1
        self.arguments = arguments
        return {"queryId": f"q{self.started}"}

    def get_query_results(self, queryId):
        self.polled += 1
        assert queryId == f"q{self.started}"
        status, *rows = self.answers[min(self.polled, len(self.answers)) - 1]
        return {"status": status, "results": [
            [{"field": "@message", "value": row}, {"field": "n", "value": "1"}]
            for row in rows]}


@pytest.fixture
def over(deployed):
    return deployed.wait_for_result(deployed.start("polled", {"total": 9}), 60)


@pytest.mark.parametrize("answers, polled, started, rows", [
    ([("Complete", '{"a":1}')], 1, 1, [{"@message": {"a": 1}, "n": "1"}]),
    ([("Running",), ("Complete", "text")], 2, 1, [{"@message": "text", "n": "1"}]),
    ([("Complete",), ("Scheduled",), ("Complete", "1")], 3, 2,
     [{"@message": 1, "n": "1"}]),
    ([("Complete",)], 10, 10, []),
    ([("Running",)], 10, 1, []),
], ids=str)
def test_polls_of_a_log_query(deployed, over, answers, polled, started, rows):
    pauses.clear()
    deployed.logs_client = Logs(*answers)
    assert deployed.query_logs(over, "q") == rows
    assert (deployed.logs_client.polled, deployed.logs_client.started) == (
        polled, started)
    assert pauses == [3.0] * (polled - 1)
    window = deployed.logs_client.arguments
    assert window["logGroupName"] == "/aws/lambda/order"
    began = over.events[0].event_timestamp.timestamp()
    assert window["startTime"] <= began - 59 and window["endTime"] >= began + 60


@pytest.mark.parametrize("status", ["Failed", "Cancelled", "Timeout", "Unknown"])
def test_a_log_query_that_fails(deployed, over, status):
    deployed.logs_client = Logs((status,))
    with pytest.raises(DurableFunctionsTestError, match=status):
        deployed.query_logs(over, "q")


NOON = datetime.datetime(2025, 1, 2, 12, tzinfo=datetime.UTC)


def event(number, kind, name=None, **details):
    given = {"EventId": number, "EventType": kind, "EventTimestamp": NOON, **details}
    return given | ({"Id": name, "Name": name} if name else {})


class Pages:
    """A Lambda client whose history is |events|, two to a page."""

    def __init__(self, *events):
        self.events = events

    def get_durable_execution_history(self, DurableExecutionArn,
                                      IncludeExecutionData, Marker="0"):
        assert IncludeExecutionData is True
        at = int(Marker)
        more = {"NextMarker": str(at + 2)} if at + 2 < len(self.events) else {}
        return {"Events": list(self.events[at:at + 2]), **more}


STARTED = [event(1, "ExecutionStarted", "e"), *(
    event(n, "CallbackStarted", name, CallbackStartedDetails={"CallbackId": f"id-{name}"})
    for n, name in ((2, "a"), (3, "b")))]
SETTLED = event(4, "InvocationCompleted", InvocationCompletedDetails={
    "StartTimestamp": NOON, "EndTimestamp": NOON, "RequestId": "r"})
ANSWERED = event(5, "CallbackSucceeded", "b", CallbackSucceededDetails={
    "Result": {"Payload": "7"}})


def test_a_history_of_many_pages(runner):
    runner.lambda_client = Pages(*STARTED, SETTLED, ANSWERED)
    found = runner._fetch_execution_history("arn").events
    assert [one.event_id for one in found] == [1, 2, 3, 4, 5]
    assert found[4].callback_succeeded_details.result.payload == "7"


@pytest.mark.parametrize("more, name, found", [
    ([], None, None), ([SETTLED], None, "id-b"), ([SETTLED], "a", "id-a"),
    ([SETTLED, ANSWERED], None, "id-a"), ([SETTLED, ANSWERED], "a", "id-a"),
    ([SETTLED], "c", None)], ids=range(6))
def test_which_callback_waits(runner, more, name, found):
    runner.lambda_client = Pages(*STARTED, *more)
    if found:
        assert runner.wait_for_callback("arn", name, timeout=60) == found
    else:  # not before the invocation that made it is over
        with pytest.raises(TimeoutError):
            runner.wait_for_callback("arn", name, timeout=0)
