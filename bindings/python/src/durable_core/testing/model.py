"""Histories and executions, as GetDurableExecutionHistory and GetDurableExecution
tell them.

``from_dict`` reads boto3's form: members in PascalCase, times as ``datetime``.

https://docs.aws.amazon.com/lambda/latest/api/API_GetDurableExecutionHistory.html
"""

from __future__ import annotations

import datetime
import time
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Any, Self

from durable_core.lambda_service import ErrorObject
from durable_core.types import LambdaContext as LambdaContextProtocol


class ExecutionStatus(Enum):
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    STOPPED = "STOPPED"
    TIMED_OUT = "TIMED_OUT"


class EventType(Enum):
    EXECUTION_STARTED = "ExecutionStarted"
    EXECUTION_SUCCEEDED = "ExecutionSucceeded"
    EXECUTION_FAILED = "ExecutionFailed"
    EXECUTION_TIMED_OUT = "ExecutionTimedOut"
    EXECUTION_STOPPED = "ExecutionStopped"
    CONTEXT_STARTED = "ContextStarted"
    CONTEXT_SUCCEEDED = "ContextSucceeded"
    CONTEXT_FAILED = "ContextFailed"
    WAIT_STARTED = "WaitStarted"
    WAIT_SUCCEEDED = "WaitSucceeded"
    WAIT_CANCELLED = "WaitCancelled"
    STEP_STARTED = "StepStarted"
    STEP_SUCCEEDED = "StepSucceeded"
    STEP_FAILED = "StepFailed"
    CHAINED_INVOKE_STARTED = "ChainedInvokeStarted"
    CHAINED_INVOKE_SUCCEEDED = "ChainedInvokeSucceeded"
    CHAINED_INVOKE_FAILED = "ChainedInvokeFailed"
    CHAINED_INVOKE_TIMED_OUT = "ChainedInvokeTimedOut"
    CHAINED_INVOKE_STOPPED = "ChainedInvokeStopped"
    CALLBACK_STARTED = "CallbackStarted"
    CALLBACK_SUCCEEDED = "CallbackSucceeded"
    CALLBACK_FAILED = "CallbackFailed"
    CALLBACK_TIMED_OUT = "CallbackTimedOut"
    INVOCATION_COMPLETED = "InvocationCompleted"


# ------------------------------------------------------------------- records


def _member(name: str) -> str:
    """event_type -> EventType; the id of an operation is called Id."""
    if name == "operation_id":
        return "Id"
    return "".join(part.capitalize() for part in name.split("_"))


def _record_in(hint: Any) -> Any:
    """The record class in ``R``, ``R | None`` or ``list[R]``; None for others."""
    for part in (hint, *typing.get_args(hint)):
        if isinstance(part, type) and not isinstance(part, types.GenericAlias):
            if issubclass(part, _Record) or part is ErrorObject:
                return part
    return None


def _plan_of(cls: type[_Record]) -> tuple[tuple[str, str, Any], ...]:
    """Attribute, member and record class of each field."""
    if cls not in _plans:
        hints = typing.get_type_hints(cls)
        _plans[cls] = tuple(
            (part.name, _member(part.name), _record_in(hints[part.name]))
            for part in fields(cls)  # type: ignore[arg-type]
        )
    return _plans[cls]


_plans: dict[type, tuple[tuple[str, str, Any], ...]] = {}


class _Record:
    """A dataclass whose fields are the members of an object of the service."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Members that are not given have their defaults."""
        given: dict[str, Any] = {}
        for name, member, record in _plan_of(cls):
            value = data.get(member)
            if value is None:
                continue
            if record is not None and isinstance(value, list):
                value = [record.from_dict(item) for item in value]
            elif record is not None:
                value = record.from_dict(value)
            given[name] = value
        return cls(**given)

    def to_dict(self) -> dict[str, Any]:
        """Without what is None."""
        made: dict[str, Any] = {}
        for name, member, record in _plan_of(type(self)):
            value = getattr(self, name)
            if value is None:
                continue
            if record is not None and isinstance(value, list):
                value = [item.to_dict() for item in value]
            elif record is not None:
                value = value.to_dict()
            made[member] = value
        return made


@dataclass(frozen=True)
class EventInput(_Record):
    """``truncated``: the payload was not asked for."""

    payload: str | None = None
    truncated: bool = False


@dataclass(frozen=True)
class EventResult(_Record):
    payload: str | None = None
    truncated: bool = False


@dataclass(frozen=True)
class EventError(_Record):
    payload: ErrorObject | None = None
    truncated: bool = False


@dataclass(frozen=True)
class RetryDetails(_Record):
    """``current_attempt``: 1 first; the delay in seconds."""

    current_attempt: int = 0
    next_attempt_delay_seconds: int | None = None


@dataclass(frozen=True)
class _WithResult(_Record):
    result: EventResult | None = None


@dataclass(frozen=True)
class _WithError(_Record):
    error: EventError | None = None


@dataclass(frozen=True)
class ExecutionStartedDetails(_Record):
    """``execution_timeout``: seconds."""

    input: EventInput | None = None
    execution_timeout: int | None = None


@dataclass(frozen=True)
class ExecutionSucceededDetails(_WithResult): ...


@dataclass(frozen=True)
class ExecutionFailedDetails(_WithError): ...


@dataclass(frozen=True)
class ExecutionTimedOutDetails(_WithError): ...


@dataclass(frozen=True)
class ExecutionStoppedDetails(_WithError): ...


@dataclass(frozen=True)
class ContextStartedDetails(_Record): ...


@dataclass(frozen=True)
class ContextSucceededDetails(_WithResult): ...


@dataclass(frozen=True)
class ContextFailedDetails(_WithError): ...


@dataclass(frozen=True)
class WaitStartedDetails(_Record):
    """``duration``: seconds."""

    duration: int | None = None
    scheduled_end_timestamp: datetime.datetime | None = None


@dataclass(frozen=True)
class WaitSucceededDetails(_Record):
    duration: int | None = None


@dataclass(frozen=True)
class WaitCancelledDetails(_WithError): ...


@dataclass(frozen=True)
class StepStartedDetails(_Record): ...


@dataclass(frozen=True)
class StepSucceededDetails(_Record):
    result: EventResult | None = None
    retry_details: RetryDetails | None = None


@dataclass(frozen=True)
class StepFailedDetails(_Record):
    error: EventError | None = None
    retry_details: RetryDetails | None = None


@dataclass(frozen=True)
class ChainedInvokeStartedDetails(_Record):
    """``durable_execution_arn``: of the execution that was started, if one was."""

    function_name: str | None = None
    tenant_id: str | None = None
    input: EventInput | None = None
    durable_execution_arn: str | None = None


@dataclass(frozen=True)
class ChainedInvokeSucceededDetails(_WithResult): ...


@dataclass(frozen=True)
class ChainedInvokeFailedDetails(_WithError): ...


@dataclass(frozen=True)
class ChainedInvokeTimedOutDetails(_WithError): ...


@dataclass(frozen=True)
class ChainedInvokeStoppedDetails(_WithError): ...


@dataclass(frozen=True)
class CallbackStartedDetails(_Record):
    """Times in seconds."""

    callback_id: str | None = None
    heartbeat_timeout: int | None = None
    timeout: int | None = None


@dataclass(frozen=True)
class CallbackSucceededDetails(_WithResult): ...


@dataclass(frozen=True)
class CallbackFailedDetails(_WithError): ...


@dataclass(frozen=True)
class CallbackTimedOutDetails(_WithError): ...


@dataclass(frozen=True)
class InvocationCompletedDetails(_Record):
    """``error``: how the invocation failed, if it did."""

    start_timestamp: datetime.datetime
    end_timestamp: datetime.datetime
    request_id: str
    error: EventError | None = None


@dataclass(frozen=True)
class Event(_Record):
    """One line of a history; the details of its type are set, no others.

    ``event_id``: 1, 2, ...; ``operation_id``: None for InvocationCompleted.
    """

    event_type: str
    event_timestamp: datetime.datetime
    sub_type: str | None = None
    event_id: int = 1
    operation_id: str | None = None
    name: str | None = None
    parent_id: str | None = None
    execution_started_details: ExecutionStartedDetails | None = None
    execution_succeeded_details: ExecutionSucceededDetails | None = None
    execution_failed_details: ExecutionFailedDetails | None = None
    execution_timed_out_details: ExecutionTimedOutDetails | None = None
    execution_stopped_details: ExecutionStoppedDetails | None = None
    context_started_details: ContextStartedDetails | None = None
    context_succeeded_details: ContextSucceededDetails | None = None
    context_failed_details: ContextFailedDetails | None = None
    wait_started_details: WaitStartedDetails | None = None
    wait_succeeded_details: WaitSucceededDetails | None = None
    wait_cancelled_details: WaitCancelledDetails | None = None
    step_started_details: StepStartedDetails | None = None
    step_succeeded_details: StepSucceededDetails | None = None
    step_failed_details: StepFailedDetails | None = None
    chained_invoke_started_details: ChainedInvokeStartedDetails | None = None
    chained_invoke_succeeded_details: ChainedInvokeSucceededDetails | None = None
    chained_invoke_failed_details: ChainedInvokeFailedDetails | None = None
    chained_invoke_timed_out_details: ChainedInvokeTimedOutDetails | None = None
    chained_invoke_stopped_details: ChainedInvokeStoppedDetails | None = None
    callback_started_details: CallbackStartedDetails | None = None
    callback_succeeded_details: CallbackSucceededDetails | None = None
    callback_failed_details: CallbackFailedDetails | None = None
    callback_timed_out_details: CallbackTimedOutDetails | None = None
    invocation_completed_details: InvocationCompletedDetails | None = None


@dataclass(frozen=True)
class GetDurableExecutionHistoryResponse(_Record):
    events: list[Event]
    next_marker: str | None = None


@dataclass(frozen=True)
class GetDurableExecutionResponse(_Record):
    """``status``: the value of an ExecutionStatus; payloads are JSON text."""

    durable_execution_arn: str
    durable_execution_name: str
    function_arn: str
    status: str
    start_timestamp: datetime.datetime
    input_payload: str | None = None
    result: str | None = None
    error: ErrorObject | None = None
    end_timestamp: datetime.datetime | None = None
    version: str | None = None


def _with_times(value: Any) -> Any:
    """The service's JSON in boto3's form: its times, in seconds, as ``datetime``."""
    if isinstance(value, list):
        return [_with_times(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: datetime.datetime.fromtimestamp(member, tz=datetime.UTC)
        if name.endswith("Timestamp") and isinstance(member, int | float)
        else _with_times(member)
        for name, member in value.items()
    }


# ------------------------------------------------------------ Lambda's context


@dataclass(frozen=True)
class LambdaContext(LambdaContextProtocol):
    """What a runner gives to a handler as its second argument.

    ``deadline_s``: on the clock of ``time.monotonic``.
    """

    aws_request_id: str
    log_group_name: str | None = None
    log_stream_name: str | None = None
    function_name: str | None = None
    memory_limit_in_mb: str | None = None
    function_version: str | None = None
    invoked_function_arn: str | None = None
    tenant_id: str | None = None
    client_context: dict[str, Any] | None = None
    identity: dict[str, Any] | None = None
    deadline_s: float | None = field(default=None, kw_only=True)

    def get_remaining_time_in_millis(self) -> int:
        """15 minutes without a deadline."""
        if self.deadline_s is None:
            return 900_000
        return max(0, int((self.deadline_s - time.monotonic()) * 1000))

    def log(self, msg: str) -> None:
        """To standard output, as Lambda does."""
        print(msg)
