"""What a run came to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from durable_core.lambda_service import (
    ErrorObject,
    InvocationStatus,
    OperationPayload,
    OperationType,
)
from durable_core.testing.exceptions import DurableFunctionsTestError
from durable_core.testing.model import (
    Event,
    ExecutionStatus,
    GetDurableExecutionHistoryResponse,
    GetDurableExecutionResponse,
    InvocationCompletedDetails,
)
from durable_core.testing.operations import (
    Operation,
    _all_of,
    _Lookup,
    create_operation,
    events_to_operations,
)


@dataclass(frozen=True)
class DurableFunctionTestResult(_Lookup):
    """The outcome of an execution, and all that its history tells.

    * ``status``: of the execution as an invocation's: PENDING while it runs,
      FAILED too when it timed out or was stopped; ``execution_status`` is exact.
    * ``operations``: those of the handler itself, in order; contexts have theirs.
    * ``result``: JSON text, :meth:`get_result` is its value.
    * ``events``: the whole history.
    """

    status: InvocationStatus
    operations: list[Operation]
    result: OperationPayload | None = None
    error: ErrorObject | None = None
    execution_status: ExecutionStatus | None = None
    execution_arn: str | None = field(default=None, kw_only=True)
    events: list[Event] = field(default_factory=list, kw_only=True, repr=False)

    @classmethod
    def from_execution_history(
        cls,
        execution_response: GetDurableExecutionResponse,
        history_response: GetDurableExecutionHistoryResponse,
    ) -> DurableFunctionTestResult:
        """From the answers of GetDurableExecution and GetDurableExecutionHistory."""
        known = events_to_operations(history_response.events)
        exact = ExecutionStatus(execution_response.status)
        return cls(
            status=_STATUSES.get(exact, InvocationStatus.FAILED),
            operations=[
                create_operation(operation, known)
                for operation in known
                if operation.parent_id is None
                and operation.operation_type is not OperationType.EXECUTION
            ],
            result=execution_response.result,
            error=execution_response.error,
            execution_status=exact,
            execution_arn=execution_response.durable_execution_arn,
            events=history_response.events,
        )

    def _direct(self) -> Sequence[Operation]:
        return self.operations

    def get_all_operations(self) -> list[Operation]:
        """Those of contexts too, each behind its context."""
        return list(_all_of(self.operations))

    def get_operation_by_id(self, operation_id: str) -> Operation:
        """At any depth.  Raises DurableFunctionsTestError."""
        for operation in _all_of(self.operations):
            if operation.operation_id == operation_id:
                return operation
        raise DurableFunctionsTestError(f"Operation with id '{operation_id}' not found")

    def get_operation_by_index(self, index: int, name: str | None = None) -> Operation:
        """The ``index``-th of the handler's own, or of those called ``name``."""
        found = [one for one in self.operations if name is None or one.name == name]
        try:
            return found[index]
        except IndexError:
            called = "" if name is None else f" called '{name}'"
            raise DurableFunctionsTestError(
                f"no operation {index}{called}: there are {len(found)}"
            ) from None

    def get_result(self) -> Any:
        """The value of ``result``; None without one.

        Raises DurableFunctionsTestError, with the error's text, for an execution
        that did not succeed.
        """
        if self.status is not InvocationStatus.SUCCEEDED:
            why = self.error.message if self.error else None
            state = self.execution_status or self.status
            raise DurableFunctionsTestError(f"the execution is {state.value}: {why}")
        return json.loads(self.result) if self.result else None

    @property
    def invocations(self) -> list[InvocationCompletedDetails]:
        """The invocations that are over, in order."""
        return [
            event.invocation_completed_details
            for event in self.events
            if event.invocation_completed_details is not None
        ]


_STATUSES = {
    ExecutionStatus.SUCCEEDED: InvocationStatus.SUCCEEDED,
    ExecutionStatus.RUNNING: InvocationStatus.PENDING,
}


def _open_callback(events: list[Event], name: str | None) -> str | None:
    """The id of a callback that waits for its result; the newest without a name.

    Not before the invocation that made it is over: the test is then alone with the
    service.  Raises DurableFunctionsTestError when the named one has its result.
    """
    over = {
        event.operation_id
        for event in events
        if event.event_type in ("CallbackSucceeded", "CallbackFailed")
        or event.event_type == "CallbackTimedOut"
    }
    settled = False
    found = None
    for event in reversed(events):
        settled = settled or event.event_type == "InvocationCompleted"
        started = event.callback_started_details
        if started is None or (name is not None and event.name != name):
            continue
        if event.operation_id not in over:
            return started.callback_id if settled else None
        found = event
    if found is not None and name is not None:
        raise DurableFunctionsTestError(
            f"Callback {name} has already completed (succeeded/failed/timed out)"
        )
    return None
