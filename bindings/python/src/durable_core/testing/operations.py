"""Operations of a finished or running execution, for a test to look at.

They are told from the history, so they are the same for a local execution and for
one in the cloud.  Payloads are as they were stored.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, Self, TypeVar, cast

from durable_core.lambda_service import (
    CallbackDetails,
    ChainedInvokeDetails,
    ContextDetails,
    ErrorObject,
    ExecutionDetails,
    OperationPayload,
    OperationStatus,
    OperationType,
    StepDetails,
    WaitDetails,
)
from durable_core.lambda_service import Operation as SvcOperation
from durable_core.testing.exceptions import (
    DurableFunctionsTestError,
    InvalidParameterValueException,
)
from durable_core.testing.model import Event

_Made = TypeVar("_Made", bound="Operation")


@dataclass(frozen=True)
class Operation:
    """What all operations have."""

    operation_id: str
    operation_type: OperationType
    status: OperationStatus
    parent_id: str | None = field(default=None, kw_only=True)
    name: str | None = field(default=None, kw_only=True)
    sub_type: str | None = field(default=None, kw_only=True)
    start_timestamp: datetime.datetime | None = field(default=None, kw_only=True)
    end_timestamp: datetime.datetime | None = field(default=None, kw_only=True)


class OperationFactory(Protocol):
    @staticmethod
    def from_svc_operation(
        operation: SvcOperation, all_operations: list[SvcOperation] | None = None
    ) -> Operation: ...


def _made(
    cls: type[_Made], kind: OperationType, operation: SvcOperation, **members: Any
) -> _Made:
    if operation.operation_type is not kind:
        raise InvalidParameterValueException(
            f"Expected {kind.value} operation, got {operation.operation_type.value}"
        )
    return cls(
        operation_id=operation.operation_id,
        operation_type=operation.operation_type,
        status=operation.status,
        parent_id=operation.parent_id,
        name=operation.name,
        sub_type=operation.sub_type,
        start_timestamp=operation.start_timestamp,
        end_timestamp=operation.end_timestamp,
        **members,
    )


def _children_of(
    operation: SvcOperation, everything: list[SvcOperation] | None
) -> list[Operation]:
    return [
        create_operation(child, everything)
        for child in everything or ()
        if child.parent_id == operation.operation_id
    ]


class _Lookup:
    """Finding operations by name; the first of that name."""

    def _direct(self) -> Sequence[Operation]:
        raise NotImplementedError

    def _what(self) -> str:
        return "Operation"

    def get_operation_by_name(self, name: str) -> Operation:
        """Raises DurableFunctionsTestError, which lists the names there are."""
        for operation in self._direct():
            if operation.name == name:
                return operation
        known = ", ".join(repr(operation.name) for operation in self._direct())
        raise DurableFunctionsTestError(
            f"{self._what()} with name '{name}' not found; there are: {known or 'none'}"
        )

    def get_step(self, name: str) -> StepOperation:
        return cast(StepOperation, self.get_operation_by_name(name))

    def get_wait(self, name: str) -> WaitOperation:
        return cast(WaitOperation, self.get_operation_by_name(name))

    def get_context(self, name: str) -> ContextOperation:
        return cast(ContextOperation, self.get_operation_by_name(name))

    def get_callback(self, name: str) -> CallbackOperation:
        return cast(CallbackOperation, self.get_operation_by_name(name))

    def get_invoke(self, name: str) -> InvokeOperation:
        return cast(InvokeOperation, self.get_operation_by_name(name))

    def get_execution(self, name: str) -> ExecutionOperation:
        return cast(ExecutionOperation, self.get_operation_by_name(name))


@dataclass(frozen=True)
class ExecutionOperation(Operation):
    input_payload: str | None = None

    @staticmethod
    def from_svc_operation(
        operation: SvcOperation, all_operations: list[SvcOperation] | None = None
    ) -> ExecutionOperation:
        details = operation.execution_details or ExecutionDetails()
        return _made(
            ExecutionOperation,
            OperationType.EXECUTION,
            operation,
            input_payload=details.input_payload,
        )


@dataclass(frozen=True)
class ContextOperation(_Lookup, Operation):
    """A child context, a map or parallel, or a branch of one."""

    child_operations: list[Operation]
    result: OperationPayload | None = None
    error: ErrorObject | None = None

    def _direct(self) -> Sequence[Operation]:
        return self.child_operations

    def _what(self) -> str:
        return "Child Operation"

    @staticmethod
    def from_svc_operation(
        operation: SvcOperation, all_operations: list[SvcOperation] | None = None
    ) -> ContextOperation:
        details = operation.context_details or ContextDetails()
        return _made(
            ContextOperation,
            OperationType.CONTEXT,
            operation,
            child_operations=_children_of(operation, all_operations),
            result=details.result,
            error=details.error,
        )


@dataclass(frozen=True)
class StepOperation(ContextOperation):
    """``attempt``: attempts made, 1 after the first."""

    attempt: int = 0
    next_attempt_timestamp: datetime.datetime | None = None

    @staticmethod
    def from_svc_operation(
        operation: SvcOperation, all_operations: list[SvcOperation] | None = None
    ) -> StepOperation:
        details = operation.step_details or StepDetails()
        return _made(
            StepOperation,
            OperationType.STEP,
            operation,
            child_operations=_children_of(operation, all_operations),
            result=details.result,
            error=details.error,
            attempt=details.attempt,
            next_attempt_timestamp=details.next_attempt_timestamp,
        )


@dataclass(frozen=True)
class WaitOperation(Operation):
    scheduled_end_timestamp: datetime.datetime | None = None

    @staticmethod
    def from_svc_operation(
        operation: SvcOperation, all_operations: list[SvcOperation] | None = None
    ) -> WaitOperation:
        details = operation.wait_details or WaitDetails()
        return _made(
            WaitOperation,
            OperationType.WAIT,
            operation,
            scheduled_end_timestamp=details.scheduled_end_timestamp,
        )


@dataclass(frozen=True)
class CallbackOperation(ContextOperation):
    callback_id: str | None = None

    @staticmethod
    def from_svc_operation(
        operation: SvcOperation, all_operations: list[SvcOperation] | None = None
    ) -> CallbackOperation:
        details = operation.callback_details
        return _made(
            CallbackOperation,
            OperationType.CALLBACK,
            operation,
            child_operations=_children_of(operation, all_operations),
            callback_id=details.callback_id if details else None,
            result=details.result if details else None,
            error=details.error if details else None,
        )


@dataclass(frozen=True)
class InvokeOperation(Operation):
    result: OperationPayload | None = None
    error: ErrorObject | None = None

    @staticmethod
    def from_svc_operation(
        operation: SvcOperation, all_operations: list[SvcOperation] | None = None
    ) -> InvokeOperation:
        details = operation.chained_invoke_details or ChainedInvokeDetails()
        return _made(
            InvokeOperation,
            OperationType.CHAINED_INVOKE,
            operation,
            result=details.result,
            error=details.error,
        )


OPERATION_FACTORIES: dict[OperationType, type[OperationFactory]] = {
    OperationType.EXECUTION: ExecutionOperation,
    OperationType.CONTEXT: ContextOperation,
    OperationType.STEP: StepOperation,
    OperationType.WAIT: WaitOperation,
    OperationType.CHAINED_INVOKE: InvokeOperation,
    OperationType.CALLBACK: CallbackOperation,
}


def create_operation(
    svc_operation: SvcOperation, all_operations: list[SvcOperation] | None = None
) -> Operation:
    """With its children, and theirs, out of ``all_operations``."""
    factory = OPERATION_FACTORIES.get(svc_operation.operation_type)
    if factory is None:
        raise DurableFunctionsTestError(
            f"Unknown operation type: {svc_operation.operation_type.value}"
        )
    return factory.from_svc_operation(svc_operation, all_operations)


# ---------------------------------------------------------- out of a history

_TYPES = {
    "Execution": OperationType.EXECUTION,
    "Context": OperationType.CONTEXT,
    "Wait": OperationType.WAIT,
    "Step": OperationType.STEP,
    "ChainedInvoke": OperationType.CHAINED_INVOKE,
    "Callback": OperationType.CALLBACK,
}
_STATUSES = {
    "Started": OperationStatus.STARTED,
    "Succeeded": OperationStatus.SUCCEEDED,
    "Failed": OperationStatus.FAILED,
    "TimedOut": OperationStatus.TIMED_OUT,
    "Stopped": OperationStatus.STOPPED,
    "Cancelled": OperationStatus.CANCELLED,
}


def _kind_of(event: Event) -> tuple[OperationType, OperationStatus]:
    for ending, status in _STATUSES.items():
        kind = _TYPES.get(event.event_type.removesuffix(ending))
        if event.event_type.endswith(ending) and kind is not None:
            return kind, status
    raise InvalidParameterValueException(f"Unknown event type: {event.event_type}")


def _details_of(event: Event) -> Any:
    snake = "".join(
        f"_{letter.lower()}" if letter.isupper() else letter
        for letter in event.event_type
    )
    return getattr(event, f"{snake.lstrip('_')}_details", None)


class _Growing:
    """An operation as its events come in."""

    def __init__(self, event: Event, kind: OperationType) -> None:
        self.operation = SvcOperation(
            operation_id=event.operation_id or "",
            operation_type=kind,
            status=OperationStatus.STARTED,
            start_timestamp=event.event_timestamp,
        )

    def add(self, event: Event, status: OperationStatus) -> Self:
        known, details = self.operation, _details_of(event)
        retry = getattr(details, "retry_details", None)
        again = retry.next_attempt_delay_seconds if retry else None
        if status is OperationStatus.FAILED and again:
            status = OperationStatus.PENDING
        over = status not in (OperationStatus.STARTED, OperationStatus.PENDING)
        self.operation = replace(
            known,
            status=status,
            name=event.name or known.name,
            parent_id=event.parent_id or known.parent_id,
            sub_type=event.sub_type or known.sub_type,
            end_timestamp=event.event_timestamp if over else None,
            **self._details(event, details, again),
        )
        return self

    def _details(self, event: Event, details: Any, again: int | None) -> dict[str, Any]:
        """The operation's own details, with what this event adds."""
        known, kind = self.operation, self.operation.operation_type
        given = getattr(details, "input", None)
        result = getattr(getattr(details, "result", None), "payload", None)
        error = getattr(getattr(details, "error", None), "payload", None)
        if kind is OperationType.EXECUTION and given is not None:
            return {"execution_details": ExecutionDetails(given.payload)}
        if kind is OperationType.CONTEXT:
            return {"context_details": ContextDetails(result=result, error=error)}
        if kind is OperationType.CHAINED_INVOKE:
            return {"chained_invoke_details": ChainedInvokeDetails(result, error)}
        if kind is OperationType.WAIT and hasattr(details, "scheduled_end_timestamp"):
            return {"wait_details": WaitDetails(details.scheduled_end_timestamp)}
        if kind is OperationType.CALLBACK:
            callback = known.callback_details
            name = getattr(details, "callback_id", None)
            name = name or (callback.callback_id if callback else "")
            return {"callback_details": CallbackDetails(name, result, error)}
        if kind is OperationType.STEP:
            retry = getattr(details, "retry_details", None)
            made = known.step_details.attempt if known.step_details else 0
            due = None
            if again:
                due = event.event_timestamp + datetime.timedelta(seconds=again)
            attempt = retry.current_attempt if retry else made
            return {"step_details": StepDetails(attempt, due, result, error)}
        return {}


def events_to_operations(events: Iterable[Event]) -> list[SvcOperation]:
    """One for each operation, in the order in which they began."""
    growing: dict[str, _Growing] = {}
    for event in events:
        if event.event_type == "InvocationCompleted":
            continue
        kind, status = _kind_of(event)
        if not event.operation_id:
            raise InvalidParameterValueException(
                f"event {event.event_id} ({event.event_type}) names no operation"
            )
        if event.operation_id not in growing:
            growing[event.operation_id] = _Growing(event, kind)
        growing[event.operation_id].add(event, status)
    return [one.operation for one in growing.values()]


def _all_of(operations: Iterable[Operation]) -> Iterator[Operation]:
    for operation in operations:
        yield operation
        if isinstance(operation, ContextOperation):
            yield from _all_of(operation.child_operations)
