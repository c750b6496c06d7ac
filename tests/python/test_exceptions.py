"""Exceptions, error objects, and what a failed API call ends."""
from __future__ import annotations

import inspect

import pytest

from both import official, outcome, own, vectors
from durable_core import exceptions, lambda_service
from durable_core.exceptions import (
    BotoClientError,
    CheckpointError,
    ChildContextError,
    DurableOperationError,
    InvocationError,
    SerDesError,
    StepError,
)
from durable_core.lambda_service import ErrorObject


class Refused(Exception):
    def __init__(self, code, message, status):
        super().__init__(f"{code}: {message}")
        self.response = {"Error": {"Code": code, "Message": message},
                         "ResponseMetadata": {"HTTPStatusCode": status}}


@pytest.mark.parametrize("case", vectors("api_error_classification"))
def test_what_a_failed_call_ends(case):
    if case.get("code") is None:
        error = ConnectionError("refused")
    else:
        error = Refused(case["code"], case["message"], case["status"])
    made = CheckpointError.from_exception(error)
    # The text of a stale token is compared without regard to case.
    stale = str(case.get("message")).lower().startswith("invalid checkpoint token")
    expected = "INVOCATION" if stale else case["category"]
    assert made.error_category.value == expected
    assert made.is_retryable() == (expected == "INVOCATION") == made.is_retriable()


@pytest.mark.parametrize("response", [None, 7, {}, {"Error": None}])
def test_a_failure_without_a_response_is_retried(response):
    error = OSError("reset")
    error.response = response
    made = BotoClientError.from_exception(error)
    assert made.is_retryable() and made.build_logger_extras() == {}


def test_the_extras_of_a_log_line_hold_what_is_known():
    made = CheckpointError.from_exception(Refused("A", "b", 400))
    assert made.build_logger_extras() == {
        "Error": {"Code": "A", "Message": "b"},
        "ResponseMetadata": {"HTTPStatusCode": 400}}


def test_any_invocation_error_can_be_logged():
    """The official SDK's handler raises AttributeError for such a class."""
    class Final(InvocationError):
        def is_retryable(self):
            return False
    assert Final("no").build_logger_extras() == {}


NAMES = [n for n, c in vars(official.exceptions).items()
         if inspect.isclass(c) and issubclass(c, BaseException)
         and c.__module__ == official.exceptions.__name__]


@pytest.mark.parametrize("name", NAMES)
def test_an_exception_has_the_same_text_and_attributes(name):
    def made(package):
        cls = getattr(package.exceptions, name)
        values = {"message": "m", "termination_reason":
                  package.exceptions.TerminationReason.UNHANDLED_ERROR,
                  "source_exception": ValueError("v"), "operation_id": "o",
                  "scheduled_timestamp": 1.5, "step_id": "s", "error_type": "T",
                  "data": "d", "stack_trace": ["l"]}
        if cls.__init__ in (Exception.__init__, BaseException.__init__):
            return outcome(lambda: str(cls("m")))
        known = inspect.signature(cls).parameters
        least = {n: values[n] for n, p in known.items()
                 if p.default is inspect.Parameter.empty and n in values}
        most = {n: values[n] for n in known if n in values}
        return [outcome(lambda: str(cls(**least))), outcome(lambda: cls(**least)),
                outcome(lambda: cls(**most))]
    assert made(own) == made(official)


def by_both(check):
    assert check(own) == check(official)
    return check(own)


def test_types_on_record_are_those_of_the_official_sdk():
    class Mine(Exception):
        pass

    def stored(package):
        e = package.exceptions
        return [package.lambda_service.ErrorObject.from_exception(error).to_dict()
                for error in (ValueError("v"), KeyError("k"), Mine("m"),
                              e.StepError("s", "ValueError", "d", ["l"]),
                              e.SerDesError("x"), e.ValidationError("y"),
                              e.CallbackTimeoutError())]
    found = by_both(stored)
    assert found[3]["ErrorType"] == \
        "aws_durable_execution_sdk_python.exceptions.StepError"
    assert found[2]["ErrorType"].endswith("<locals>.Mine")


class Stranger(SerDesError):
    pass


def test_a_subclass_of_serdes_error_is_stored_as_its_base():
    stored = ErrorObject.from_exception(Stranger("x", data="d"))
    assert stored.type == "aws_durable_execution_sdk_python.exceptions.SerDesError"
    with pytest.raises(SerDesError) as raised:
        stored.raise_as_operation_error(StepError)
    assert (raised.value.message, raised.value.data) == ("x", "d")


@pytest.mark.parametrize("prefix", [
    "aws_durable_execution_sdk_python.exceptions.", "durable_core.exceptions.", ""])
@pytest.mark.parametrize("name", ["StepError", "InvokeError", "ChildContextError",
                                  "WaitForConditionError", "CallbackError",
                                  "CallbackExternalError", "CallbackTimeoutError",
                                  "CallbackSubmitterError"])
def test_a_recorded_error_comes_back_as_its_class(prefix, name):
    made = DurableOperationError.from_error_fields(prefix + name, "m", "d", ["l"])
    assert type(made) is getattr(exceptions, name)
    assert (made.message, made.error_type, made.data, made.stack_trace) == \
        ("m", prefix + name, "d", ["l"])


@pytest.mark.parametrize("kind", ["ValueError", None, "", "x.Y",
                                  "durable_core.exceptions.Exception"])
def test_no_class_of_a_user_is_made(kind):
    made = DurableOperationError.from_error_fields(kind, None, None, None)
    assert type(made) is DurableOperationError


def test_what_surfaces_has_the_recorded_error_as_its_cause():
    def surfaced(package):
        e, stored = package.exceptions, package.lambda_service.ErrorObject
        inner = stored("m", "aws_durable_execution_sdk_python.exceptions.StepError",
                       "d", ["l"])
        try:
            inner.raise_as_operation_error(e.ChildContextError)
        except e.ChildContextError as error:
            return outcome(lambda: error), outcome(lambda: error.__cause__), \
                type(error.__cause__).__name__
    assert by_both(surfaced)[2] == "StepError"


def test_a_class_of_another_module_can_be_registered():
    class Mine(DurableOperationError):
        pass
    exceptions.register_operation_error(Mine)
    name = f"{Mine.__module__}.{Mine.__qualname__}"
    assert type(DurableOperationError.from_error_fields(name, "m", None, None)) is Mine


def test_suspension_passes_except_exception():
    with pytest.raises(exceptions.SuspendExecution):
        try:
            raise exceptions.TimedSuspendExecution.from_delay("m", 5)
        except Exception:
            pytest.fail("caught")


def test_all_error_fields_survive_a_round_trip():
    error = ErrorObject("m", "t", "d", ["l"])
    assert ErrorObject.from_dict(error.to_dict()) == error
    assert ErrorObject.from_message("m").to_dict() == {"ErrorMessage": "m"}
    assert isinstance(error.to_durable_operation_error(), DurableOperationError)
    assert issubclass(ChildContextError, DurableOperationError)
    assert lambda_service.ErrorObject is ErrorObject
