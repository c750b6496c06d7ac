"""Instrumentation: what is told about an execution while it runs.

Register factories, not plugins::

    class Timing(DurableInstrumentationPlugin):
        def on_operation_end(self, info: OperationEndInfo) -> None: ...

    class TimingFactory:
        def create_plugin(self, info: InvocationStartInfo) -> Timing:
            return Timing()

    @durable_execution(plugins=[TimingFactory()])
    def handler(event, context): ...
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Any, Protocol, TypeVar

from durable_core.lambda_service import (
    DurableExecutionInvocationOutput,
    ErrorObject,
    InvocationStatus,
    Operation,
    OperationStatus,
    OperationType,
)

__all__ = [
    "DurableInstrumentationPlugin",
    "DurableInstrumentationPluginFactory",
    "InvocationEndInfo",
    "InvocationInfo",
    "InvocationStartInfo",
    "InvocationStatus",
    "OperationChangeInfo",
    "OperationEndInfo",
    "OperationInfo",
    "OperationStartInfo",
    "OperationType",
    "PropagationInput",
    "PropagationMetadata",
    "UserFunctionEndInfo",
    "UserFunctionOutcome",
    "UserFunctionStartInfo",
]

_T = TypeVar("_T")


@dataclass(frozen=True)
class OperationInfo:
    """An operation, as a hook sees it.

    * ``sub_type``, ``name``, ``parent_id``: None where there is none.
    * ``is_replayed``: it was on record when this invocation came to it.
    * ``result``: serialized; ``error``: a copy of this plugin's own.
    * ``attempt``: of a step, 1 first.
    """

    operation_id: str
    operation_type: OperationType
    sub_type: str | None
    name: str | None
    parent_id: str | None
    start_time: datetime.datetime | None
    is_replayed: bool
    status: OperationStatus
    end_time: datetime.datetime | None = field(default=None, kw_only=True)
    result: str | None = field(default=None, kw_only=True)
    error: ErrorObject | None = field(default=None, kw_only=True)
    attempt: int | None = field(default=None, kw_only=True)

    @staticmethod
    def from_operation(
        operation: Operation, *, is_replayed: bool = False
    ) -> OperationInfo:
        details = [
            part
            for part in (
                operation.step_details,
                operation.callback_details,
                operation.chained_invoke_details,
                operation.context_details,
            )
            if part is not None
        ]
        results = [part.result for part in details if part.result is not None]
        errors = [part.error for part in details if part.error is not None]
        step = operation.step_details
        return OperationInfo(
            operation_id=operation.operation_id,
            operation_type=operation.operation_type,
            sub_type=operation.sub_type,
            name=operation.name,
            parent_id=operation.parent_id,
            start_time=operation.start_timestamp,
            is_replayed=is_replayed,
            status=operation.status,
            end_time=operation.end_timestamp,
            result=results[0] if results else None,
            error=_copy_of(errors[0]) if errors else None,
            attempt=step.attempt if step else None,
        )


def _copy_of(error: ErrorObject) -> ErrorObject:
    """With a stack of its own: a list is what a plugin could change."""
    stack = error.stack_trace
    return ErrorObject(
        error.message, error.type, error.data, None if stack is None else list(stack)
    )


@dataclass(frozen=True)
class OperationStartInfo(OperationInfo):
    """Of ``on_operation_start``."""


@dataclass(frozen=True)
class OperationEndInfo(OperationInfo):
    """Of ``on_operation_end``."""


@dataclass(frozen=True)
class OperationChangeInfo:
    """Of ``on_operation_change``: what changed, and everything, by operation id."""

    execution_arn: str | None
    updated_operations: dict[str, OperationInfo]
    operations: dict[str, OperationInfo]


class UserFunctionOutcome(Enum):
    """INCOMPLETE: the function was suspended inside."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    INCOMPLETE = "INCOMPLETE"

    @classmethod
    def from_error(cls, error: ErrorObject | None) -> UserFunctionOutcome:
        return cls.SUCCEEDED if error is None else cls.FAILED


@dataclass(frozen=True)
class UserFunctionStartInfo(OperationInfo):
    """Of ``on_user_function_start``.

    ``is_replay_children``: the body runs again because its result was too large
    to be stored.
    """

    is_replay_children: bool = False


@dataclass(frozen=True)
class UserFunctionEndInfo(OperationInfo):
    """Of ``on_user_function_end``."""

    is_replay_children: bool
    outcome: UserFunctionOutcome

    @classmethod
    def from_start_info(
        cls,
        start_info: UserFunctionStartInfo,
        error: ErrorObject | None,
        *,
        outcome: UserFunctionOutcome | None = None,
    ) -> UserFunctionEndInfo:
        """The end of what ``start_info`` began, now; ``outcome`` None: by ``error``."""
        known = {part.name: getattr(start_info, part.name) for part in fields(start_info)}
        known["end_time"] = datetime.datetime.now(datetime.UTC)
        known["error"] = error
        return cls(**known, outcome=outcome or UserFunctionOutcome.from_error(error))


def _quiet(**default: Any) -> Any:
    """A keyword-only member that is neither printed nor compared, nor hashed.

    Payloads belong neither into logs that print a whole info nor into keys.
    """
    return field(kw_only=True, repr=False, compare=False, hash=False, **default)


@dataclass(frozen=True)
class InvocationInfo:
    """An invocation, as a hook sees it.

    * ``request_id``: Lambda's; ``execution_start_time``: of the whole execution.
    * ``is_first_invocation``: nothing but the execution itself is on record.
    * ``execution_input``: the event, a copy of the plugins' own.
    * ``operations``: what is on record at this moment, by operation id.
    """

    request_id: str | None
    execution_arn: str | None
    is_first_invocation: bool
    execution_start_time: datetime.datetime | None = None
    execution_input: Any = _quiet(default=None)
    operations: dict[str, OperationInfo] = _quiet(default_factory=dict)


@dataclass(frozen=True)
class InvocationStartInfo(InvocationInfo):
    """Of ``on_invocation_start``.

    ``updated_operations``: those that changed while nothing ran: a timer that was
    due, a callback that came, a function that answered.
    """

    updated_operations: dict[str, OperationInfo] = _quiet(default_factory=dict)


@dataclass(frozen=True)
class InvocationEndInfo(InvocationInfo):
    """Of ``on_invocation_end``.

    ``execution_result``: JSON text; ``""`` when it was checkpointed instead of
    returned; None unless ``status`` is SUCCEEDED.
    """

    status: InvocationStatus = field(kw_only=True)
    error: ErrorObject | None = field(default=None)
    execution_result: str | None = _quiet(default=None)

    @classmethod
    def from_durable_execution_invocation_output(
        cls,
        invocation_start_info: InvocationStartInfo,
        output: DurableExecutionInvocationOutput,
        operations: dict[str, OperationInfo] | None = None,
    ) -> InvocationEndInfo:
        """``operations`` None: those of the start."""
        start = invocation_start_info
        return cls(
            request_id=start.request_id,
            execution_arn=start.execution_arn,
            is_first_invocation=start.is_first_invocation,
            execution_start_time=start.execution_start_time,
            execution_input=start.execution_input,
            operations=start.operations if operations is None else operations,
            status=output.status,
            error=output.error,
            execution_result=output.result,
        )


@dataclass(frozen=True)
class PropagationInput:
    """Of ``provide_propagation_metadata``: an invoke about to be recorded."""

    execution_arn: str
    operation_id: str
    target_function_name: str
    parent_operation_id: str | None = None


@dataclass(frozen=True)
class PropagationMetadata:
    """Of ``provide_propagation_metadata``: a trace header."""

    x_amzn_trace_id: str | None = None


class DurableInstrumentationPlugin:
    """What watches one invocation.  Override what is wanted; the rest does nothing.

    Hooks are called one after another, in the order in which things happened: an
    operation starts before its function does, ends before the calling code has its
    result, and ends before the context that it belongs to.  ``on_invocation_end``
    is the last of all.

    What a hook raises is logged and goes no further, except KeyboardInterrupt,
    SystemExit and GeneratorExit.  Let a hook be quick: it is waited for.
    """

    def provide_propagation_metadata(
        self, info: PropagationInput
    ) -> PropagationMetadata | None:
        """The trace header of a function that is about to be invoked.

        Called for a new ``context.invoke`` only, before it is recorded, in the thread
        that invokes; never on a replay.  The first plugin whose ``x_amzn_trace_id``
        is not blank decides.  It has at most 8,192 printable ASCII characters;
        anything else is logged and passed over.
        """
        return None

    def on_invocation_start(self, info: InvocationStartInfo) -> None:
        """Before the handler runs."""

    def on_invocation_end(self, info: InvocationEndInfo) -> None:
        """After everything, also when the handler raised."""

    def on_operation_start(self, info: OperationStartInfo) -> None:
        """An operation is started, or one on record is not over yet."""

    def on_operation_end(self, info: OperationEndInfo) -> None:
        """An operation is over, here or while nothing ran."""

    def on_operation_change(self, info: OperationChangeInfo) -> None:
        """An answer of the service changed something."""

    def on_user_function_start(self, info: UserFunctionStartInfo) -> None:
        """Before a body: a step's, a check's, a submitter's or a context's."""

    def on_user_function_end(self, info: UserFunctionEndInfo) -> None:
        """After it."""

    def wrap_invocation(self, info: InvocationStartInfo, call: Callable[[], _T]) -> _T:
        """Around the handler: answer what ``call()`` answers.

        The first plugin's wrap is the outermost.  One that never calls has the
        body run all the same, after it.
        """
        return call()

    def wrap_attempt(self, info: UserFunctionStartInfo, call: Callable[[], _T]) -> _T:
        """The same around an attempt of a step, a check or a submitter."""
        return call()

    def wrap_child(self, info: UserFunctionStartInfo, call: Callable[[], _T]) -> _T:
        """The same around a child context, a branch, or an attempt of with_retry."""
        return call()

    def enrich_log(self, extra: MutableMapping[str, object]) -> None:
        """Add to the members of a log line that is about to be written."""


class DurableInstrumentationPluginFactory(Protocol):
    """Makes the plugin of an invocation; lives as long as the handler.

    A factory class may take part in registration: with
    ``__durable_registration_api__ = 1`` its ``exclusive_group`` (a text or None)
    allows one factory of that group, and its ``on_registration_result(registered)``
    is told how the registration of all of them went.
    """

    def create_plugin(
        self, info: InvocationStartInfo, /
    ) -> DurableInstrumentationPlugin:
        """Called once per invocation, before any hook.

        When it raises or answers no plugin, that is logged, and the invocation
        goes on without it.
        """
        ...
