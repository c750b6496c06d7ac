"""The records of the durable APIs, and the client over boto3."""
from __future__ import annotations

import datetime
import itertools

import pytest

from both import official, outcome, own
from durable_core import lambda_service as service
from durable_core.exceptions import CheckpointError, GetExecutionStateError

NOON = datetime.datetime(2025, 1, 2, 12, tzinfo=datetime.UTC)
ERROR = {"ErrorMessage": "m", "ErrorType": "t", "ErrorData": "d", "StackTrace": ["l"]}
DETAILS = [
    {}, {"ExecutionDetails": {"InputPayload": "{}"}}, {"ExecutionDetails": {}},
    {"ContextDetails": {"Result": "1", "ReplayChildren": True}},
    {"ContextDetails": {"Error": ERROR}},
    {"StepDetails": {"Attempt": 2, "NextAttemptTimestamp": NOON, "Result": "1"}},
    {"StepDetails": {"Error": {"ErrorMessage": "m"}}},
    {"WaitDetails": {"ScheduledEndTimestamp": NOON}}, {"WaitDetails": {}},
    {"CallbackDetails": {"CallbackId": "c", "Result": "r"}},
    {"CallbackDetails": {"CallbackId": "c", "Error": ERROR}},
    {"ChainedInvokeDetails": {"Result": "r"}},
    {"ChainedInvokeDetails": {"Error": ERROR}},
]
HEADS = [{"Id": "1"}, {"Id": "1", "ParentId": "0", "Name": "n", "SubType": "S",
                       "StartTimestamp": NOON, "EndTimestamp": NOON},
         {"Id": "1", "Name": "", "SubType": ""}]


@pytest.mark.parametrize("head, details, kind", [
    (head, details, kind) for head, details in itertools.product(HEADS, DETAILS)
    for kind in ("STEP", "CONTEXT")])
def test_operations(head, details, kind):
    data = {**head, **details, "Type": kind, "Status": "STARTED"}

    def read(package):
        cls = package.lambda_service.Operation
        made = cls.from_dict(data)
        again = cls.from_json_dict(made.to_json_dict())
        return [outcome(f) for f in (lambda: made, made.to_dict, made.to_json_dict,
                                     lambda: again)]
    assert read(own) == read(official)


def test_reading_times_leaves_the_event_as_it_is():
    event = {"Id": "1", "Type": "STEP", "Status": "PENDING",
             "StepDetails": {"NextAttemptTimestamp": 5}}
    made = service.Operation.from_json_dict(event)
    assert made.step_details.next_attempt_timestamp.timestamp() == 0.005
    assert event["StepDetails"] == {"NextAttemptTimestamp": 5}


def test_an_empty_text_of_a_result_is_kept():
    """The official SDK drops it on the way out."""
    made = service.Operation.from_dict(
        {"Id": "1", "Type": "STEP", "Status": "SUCCEEDED",
         "StepDetails": {"Attempt": 1, "Result": ""}})
    assert made.to_dict()["StepDetails"]["Result"] == ""


def test_what_a_newer_service_adds_is_carried():
    """The official SDK ends the execution."""
    made = service.Operation.from_dict(
        {"Id": "1", "Type": "SAGA", "Status": "HELD", "SubType": "New"})
    assert (made.operation_type.value, made.status.name) == ("SAGA", "HELD")
    assert made.operation_type is service.OperationType("SAGA")
    assert made.to_dict()["Status"] == "HELD"
    assert len(service.OperationType) == 6
    for nothing in (None, "", 7):
        with pytest.raises(ValueError):
            service.OperationType(nothing)


UPDATES = [
    {"Id": "1", "Type": "STEP", "Action": "RETRY", "Error": ERROR,
     "StepOptions": {"NextAttemptDelaySeconds": 3}},
    {"Id": "1", "Type": "WAIT", "Action": "START", "ParentId": "0", "Name": "n",
     "SubType": "Wait", "WaitOptions": {"WaitSeconds": 5}},
    {"Id": "1", "Type": "CALLBACK", "Action": "START",
     "CallbackOptions": {"TimeoutSeconds": 1, "HeartbeatTimeoutSeconds": 2}},
    {"Id": "1", "Type": "CHAINED_INVOKE", "Action": "START", "Payload": "",
     "ChainedInvokeOptions": {"FunctionName": "f", "TenantId": "t",
                              "XAmznTraceId": "x"}},
    {"Id": "1", "Type": "CONTEXT", "Action": "SUCCEED", "Payload": "1",
     "ContextOptions": {"ReplayChildren": True}},
]


@pytest.mark.parametrize("data", UPDATES, ids=lambda d: d["Type"])
def test_updates(data):
    def read(package):
        made = package.lambda_service.OperationUpdate.from_dict(data)
        return outcome(lambda: made), made.to_dict()
    assert read(own) == read(official)
    assert service.OperationUpdate.from_dict(data).to_dict() == data


def test_updates_of_an_identifier():
    from aws_durable_execution_sdk_python.identifier import OperationIdentifier
    identifier = OperationIdentifier(
        "1", "S", "0", "n", operation_type=official.lambda_service.OperationType.STEP)

    def made(package):
        m = package.lambda_service
        update, error = m.OperationUpdate, m.ErrorObject.from_message("m")
        all_of_them = [
            update.create_callback(identifier, m.CallbackOptions(1, 2)),
            update.create_context_start(identifier),
            update.create_context_succeed(identifier, "p",
                                          context_options=m.ContextOptions(True)),
            update.create_context_fail(identifier, error),
            update.create_step_start(identifier),
            update.create_step_succeed(identifier, None),
            update.create_step_fail(identifier, error),
            update.create_step_retry(identifier, error, 7),
            update.create_invoke_start(identifier, "p", m.ChainedInvokeOptions("f")),
            update.create_wait_for_condition_start(identifier),
            update.create_wait_for_condition_succeed(identifier, "p"),
            update.create_wait_for_condition_retry(identifier, "p", 7),
            update.create_wait_for_condition_fail(identifier, error),
            update.create_wait_start(identifier, m.WaitOptions(5)),
        ]
        return [one.to_dict() for one in all_of_them]
    assert made(own) == made(official)


@pytest.mark.parametrize("name", ["create_execution_succeed", "create_execution_fail"])
def test_updates_of_an_execution(name):
    given = {"create_execution_succeed": "p",
             "create_execution_fail": service.ErrorObject.from_message("m")}[name]
    made = getattr(service.OperationUpdate, name)(given).to_dict()
    assert made["Id"].removeprefix("execution-result-").isdigit()
    assert (made["Type"], made["Action"]) == ("EXECUTION", name.split("_")[2].upper())


@pytest.mark.parametrize("data", [
    {"Status": "SUCCEEDED", "Result": ""}, {"Status": "PENDING"},
    {"Status": "FAILED", "Error": ERROR}, {"Status": "SUCCEEDED", "Result": "1"},
    {"Status": "WRONG"}, {}], ids=str)
def test_outputs(data):
    def read(package):
        cls = package.lambda_service.DurableExecutionInvocationOutput
        return outcome(lambda: cls.from_dict(data).to_dict())[:2]
    assert read(own) == read(official)


class Boto:
    def __init__(self, answer=None, error=None):
        self.answer, self.error, self.calls = answer, error, []

    def checkpoint_durable_execution(self, **arguments):
        self.calls.append(arguments)
        if self.error:
            raise self.error
        return self.answer

    get_durable_execution_state = checkpoint_durable_execution


OPERATION = {"Id": "1", "Type": "STEP", "Status": "STARTED", "StartTimestamp": NOON}


@pytest.mark.parametrize("client_token", [None, "c"])
@pytest.mark.parametrize("answer", [
    {"CheckpointToken": "t2",
     "NewExecutionState": {"Operations": [OPERATION], "NextMarker": "m"}},
    {"CheckpointToken": "t2"}, {}], ids=str)
def test_a_checkpoint_by_boto3(client_token, answer):
    def done(package):
        boto = Boto(answer)
        m = package.lambda_service
        update = m.OperationUpdate.from_dict(UPDATES[1])
        client = m.LambdaClient(boto)
        return outcome(lambda: client.checkpoint("a", "t", [update], client_token)), \
            boto.calls
    assert done(own) == done(official)


def test_a_page_of_the_state_by_boto3():
    def done(package):
        boto = Boto({"Operations": [OPERATION], "NextMarker": "m2"})
        client = package.lambda_service.LambdaClient(boto)
        return outcome(lambda: client.get_execution_state("a", "t", "m")), boto.calls
    assert done(own) == done(official)


@pytest.mark.parametrize("token", ["", None])
def test_no_call_is_made_without_a_token(token):
    boto = Boto({})
    client = service.LambdaClient(boto)
    with pytest.raises(CheckpointError, match="token"):
        client.checkpoint("a", token, [], None)
    with pytest.raises(GetExecutionStateError, match="token"):
        client.get_execution_state("a", token, "m")
    assert boto.calls == []


def test_failures_of_boto3_are_classified():
    client = service.LambdaClient(Boto(error=OSError("reset")))
    with pytest.raises(CheckpointError) as raised:
        client.checkpoint("a", "t", [], None)
    assert raised.value.is_retryable() and str(raised.value) == "reset"
    with pytest.raises(GetExecutionStateError):
        client.get_execution_state("a", "t", "m")


def test_the_boto3_client_is_made_once(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setattr(service.LambdaClient, "_cached_boto_client", None)
    first = service.LambdaClient.initialize_client()
    assert first.client is service.LambdaClient.initialize_client().client
    config = first.client.meta.config
    assert (config.connect_timeout, config.read_timeout) == (5, 50)
    assert "durable-core-python/" in config.user_agent_extra


def test_timestamps():
    convert = service.TimestampConverter
    assert convert.to_unix_millis(NOON) == 1735819200000
    assert convert.from_unix_millis(1735819200000) == NOON
    assert convert.to_unix_millis(None) is convert.from_unix_millis(None) is None
    assert convert.from_unix_millis(0).timestamp() == 0
