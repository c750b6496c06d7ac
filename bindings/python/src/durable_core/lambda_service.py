"""The durable APIs of AWS Lambda, as records, and a client of them.

The records have the members of the service's model; ``from_dict`` and ``to_dict``
speak boto3's form (times are ``datetime``), ``from_json_dict`` and
``to_json_dict`` that of the invocation event (times are Unix milliseconds).

https://docs.aws.amazon.com/lambda/latest/api/API_CheckpointDurableExecution.html
https://docs.aws.amazon.com/lambda/latest/api/API_GetDurableExecutionState.html
"""

from __future__ import annotations

import builtins
import datetime
import logging
import threading
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any, ClassVar, NoReturn, Protocol, TypeAlias, TypeVar

from durable_core.exceptions import (
    CheckpointError,
    DurableOperationError,
    GetExecutionStateError,
    SerDesError,
    _recorded_name,
)

logger = logging.getLogger(__name__)

ReplayChildren: TypeAlias = bool
OperationPayload: TypeAlias = str
TimeoutSeconds: TypeAlias = int

_T = TypeVar("_T")
_Dict = MutableMapping[str, Any]


class OperationAction(Enum):
    START = "START"
    SUCCEED = "SUCCEED"
    FAIL = "FAIL"
    RETRY = "RETRY"
    CANCEL = "CANCEL"


class _Open(Enum):
    """An enumeration that a newer service may add to.

    A text that is no member here becomes one of its own, so that one unknown
    operation does not end an execution.
    """

    @classmethod
    def _missing_(cls, value: object) -> Any:
        if not isinstance(value, str) or not value:
            return None
        with _open_lock:
            known = cls._value2member_map_.get(value)
            if known is None:
                known = object.__new__(cls)
                known._name_ = known._value_ = value
                cls._value2member_map_[value] = known
        return known


_open_lock = threading.Lock()


class OperationStatus(_Open):
    STARTED = "STARTED"
    PENDING = "PENDING"
    READY = "READY"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    TIMED_OUT = "TIMED_OUT"
    STOPPED = "STOPPED"


class OperationType(_Open):
    EXECUTION = "EXECUTION"
    CONTEXT = "CONTEXT"
    STEP = "STEP"
    WAIT = "WAIT"
    CALLBACK = "CALLBACK"
    CHAINED_INVOKE = "CHAINED_INVOKE"


class CallbackTimeoutType(Enum):
    """The ErrorType of a callback that timed out."""

    TIMEOUT = "Callback.Timeout"
    HEARTBEAT = "Callback.Heartbeat"


class OperationSubType(StrEnum):
    """What the operations of this package record as their sub-type.

    A record holds plain text, as a configuration may choose another: compare by
    ``==``.
    """

    STEP = "Step"
    WAIT = "Wait"
    CALLBACK = "Callback"
    RUN_IN_CHILD_CONTEXT = "RunInChildContext"
    MAP = "Map"
    MAP_ITERATION = "MapIteration"
    PARALLEL = "Parallel"
    PARALLEL_BRANCH = "ParallelBranch"
    WAIT_FOR_CALLBACK = "WaitForCallback"
    WAIT_FOR_CONDITION = "WaitForCondition"
    CHAINED_INVOKE = "ChainedInvoke"


class InvocationStatus(Enum):
    """What an invocation answers; RETRY is told to plugins alone."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    PENDING = "PENDING"
    RETRY = "RETRY"


def _part(read: Callable[[_Dict], _T], data: Mapping[str, Any], name: str) -> _T | None:
    """The member ``name`` read as a record; None when it is absent or empty."""
    member = data.get(name)
    return read(member) if member else None


def _given(**members: Any) -> _Dict:
    """Those that are not None."""
    return {name: member for name, member in members.items() if member is not None}


def _dict_of(record: Any) -> _Dict | None:
    return None if record is None else record.to_dict()


@dataclass(frozen=True)
class ErrorObject:
    """A failure as it is stored.

    ``type`` is the qualified name of a class, such as ``ValueError`` or
    ``shop.errors.Declined``; at most 32,768 bytes of JSON in all.
    """

    message: str | None
    type: str | None
    data: str | None
    stack_trace: list[str] | None

    @classmethod
    def from_dict(cls, data: _Dict) -> ErrorObject:
        return cls(
            data.get("ErrorMessage"),
            data.get("ErrorType"),
            data.get("ErrorData"),
            data.get("StackTrace"),
        )

    @classmethod
    def from_exception(cls, exception: BaseException) -> ErrorObject:
        """What is stored for ``exception``; its class may be any.

        A subclass of SerDesError is stored as SerDesError, which is what it is
        rebuilt as.
        """
        if isinstance(exception, SerDesError):
            kind: builtins.type[BaseException] = SerDesError
        else:
            kind = builtins.type(exception)
        if isinstance(exception, SerDesError | DurableOperationError):
            return cls(
                exception.message,
                _recorded_name(kind),
                exception.data,
                exception.stack_trace,
            )
        return cls(str(exception), _recorded_name(kind), None, None)

    @classmethod
    def from_message(cls, message: str) -> ErrorObject:
        return cls(message, None, None, None)

    def to_dict(self) -> _Dict:
        return _given(
            ErrorMessage=self.message,
            ErrorType=self.type,
            ErrorData=self.data,
            StackTrace=self.stack_trace,
        )

    def to_durable_operation_error(self) -> DurableOperationError:
        """The class that ``type`` names, else DurableOperationError."""
        return DurableOperationError.from_error_fields(
            self.type, self.message, self.data, self.stack_trace
        )

    def raise_as_operation_error(
        self, operation_error_cls: builtins.type[DurableOperationError]
    ) -> NoReturn:
        """Raise what this surfaces as from an operation of that class.

        A failure of a serdes surfaces as SerDesError from all of them.
        """
        surface: builtins.type[DurableOperationError | SerDesError]
        surface = operation_error_cls
        if self.type in _SERDES_NAMES:
            surface = SerDesError
        raise surface(
            message=self.message,
            error_type=self.type,
            data=self.data,
            stack_trace=self.stack_trace,
        ) from self.to_durable_operation_error()


_SERDES_NAMES = {
    _recorded_name(SerDesError),
    f"{SerDesError.__module__}.{SerDesError.__qualname__}",
}


@dataclass(frozen=True)
class DurableExecutionInvocationOutput:
    """What a handler answers to Lambda.

    ``result`` is JSON text; ``""`` when the result was checkpointed, as it is
    when it would exceed what Lambda takes in a response (6 MiB).
    """

    status: InvocationStatus
    result: str | None = None
    error: ErrorObject | None = None

    @classmethod
    def from_dict(cls, data: _Dict) -> DurableExecutionInvocationOutput:
        return cls(
            InvocationStatus(data.get("Status")),
            data.get("Result"),
            _part(ErrorObject.from_dict, data, "Error"),
        )

    def to_dict(self) -> _Dict:
        return _given(
            Status=self.status.value, Result=self.result, Error=_dict_of(self.error)
        )

    @classmethod
    def create_succeeded(cls, result: str) -> DurableExecutionInvocationOutput:
        return cls(InvocationStatus.SUCCEEDED, result=result)

    @classmethod
    def create_retry(cls, error: ErrorObject) -> DurableExecutionInvocationOutput:
        return cls(InvocationStatus.RETRY, error=error)

    @classmethod
    def create_pending(cls) -> DurableExecutionInvocationOutput:
        return cls(InvocationStatus.PENDING)


# ------------------------------------------------------------------- details


@dataclass(frozen=True)
class ExecutionDetails:
    """``input_payload``: the JSON text that the execution was started with."""

    input_payload: str | None = None

    @classmethod
    def from_dict(cls, data: _Dict) -> ExecutionDetails:
        return cls(data.get("InputPayload"))


@dataclass(frozen=True)
class ContextDetails:
    """``replay_children``: the result was too large; the children make it again."""

    replay_children: ReplayChildren = False
    result: OperationPayload | None = None
    error: ErrorObject | None = None

    @classmethod
    def from_dict(cls, data: _Dict) -> ContextDetails:
        return cls(
            data.get("ReplayChildren", False),
            data.get("Result"),
            _part(ErrorObject.from_dict, data, "Error"),
        )


@dataclass(frozen=True)
class StepDetails:
    """``attempt``: attempts made, 1 after the first."""

    attempt: int = 0
    next_attempt_timestamp: datetime.datetime | None = None
    result: OperationPayload | None = None
    error: ErrorObject | None = None

    @classmethod
    def from_dict(cls, data: _Dict) -> StepDetails:
        return cls(
            data.get("Attempt", 0),
            data.get("NextAttemptTimestamp"),
            data.get("Result"),
            _part(ErrorObject.from_dict, data, "Error"),
        )


@dataclass(frozen=True)
class WaitDetails:
    scheduled_end_timestamp: datetime.datetime | None = None

    @classmethod
    def from_dict(cls, data: _Dict) -> WaitDetails:
        return cls(data.get("ScheduledEndTimestamp"))


@dataclass(frozen=True)
class CallbackDetails:
    """``result``: the text that the other side sent, as it came."""

    callback_id: str
    result: str | None = None
    error: ErrorObject | None = None

    @classmethod
    def from_dict(cls, data: _Dict) -> CallbackDetails:
        return cls(
            data["CallbackId"],
            data.get("Result"),
            _part(ErrorObject.from_dict, data, "Error"),
        )


@dataclass(frozen=True)
class ChainedInvokeDetails:
    result: str | None = None
    error: ErrorObject | None = None

    @classmethod
    def from_dict(cls, data: _Dict) -> ChainedInvokeDetails:
        return cls(data.get("Result"), _part(ErrorObject.from_dict, data, "Error"))


# ------------------------------------------------------------------- options


@dataclass(frozen=True)
class StepOptions:
    """Of a RETRY: when the next attempt is due."""

    next_attempt_delay_seconds: int = 0

    @classmethod
    def from_dict(cls, data: _Dict) -> StepOptions:
        return cls(data.get("NextAttemptDelaySeconds", 0))

    def to_dict(self) -> _Dict:
        return {"NextAttemptDelaySeconds": self.next_attempt_delay_seconds}


@dataclass(frozen=True)
class WaitOptions:
    """``wait_seconds``: 1 to 31,622,400."""

    wait_seconds: int = 1

    @classmethod
    def from_dict(cls, data: _Dict) -> WaitOptions:
        return cls(data.get("WaitSeconds", 1))

    def to_dict(self) -> _Dict:
        return {"WaitSeconds": self.wait_seconds}


@dataclass(frozen=True)
class CallbackOptions:
    """In seconds; 0: none."""

    timeout_seconds: TimeoutSeconds = 0
    heartbeat_timeout_seconds: int = 0

    @classmethod
    def from_dict(cls, data: _Dict) -> CallbackOptions:
        return cls(
            data.get("TimeoutSeconds", 0), data.get("HeartbeatTimeoutSeconds", 0)
        )

    def to_dict(self) -> _Dict:
        return {
            "TimeoutSeconds": self.timeout_seconds,
            "HeartbeatTimeoutSeconds": self.heartbeat_timeout_seconds,
        }


@dataclass(frozen=True)
class ChainedInvokeOptions:
    """``function_name``: a name, a partial or a whole ARN."""

    function_name: str
    tenant_id: str | None = None
    x_amzn_trace_id: str | None = None

    @classmethod
    def from_dict(cls, data: _Dict) -> ChainedInvokeOptions:
        return cls(
            data["FunctionName"], data.get("TenantId"), data.get("XAmznTraceId")
        )

    def to_dict(self) -> _Dict:
        return _given(
            FunctionName=self.function_name,
            TenantId=self.tenant_id,
            XAmznTraceId=self.x_amzn_trace_id,
        )


@dataclass(frozen=True)
class ContextOptions:
    replay_children: ReplayChildren = False

    @classmethod
    def from_dict(cls, data: _Dict) -> ContextOptions:
        return cls(data.get("ReplayChildren", False))

    def to_dict(self) -> _Dict:
        return {"ReplayChildren": self.replay_children}


# ------------------------------------------------------------------- updates


class _Identifier(Protocol):
    """What an update needs of an operation's identity."""

    @property
    def operation_id(self) -> str: ...

    @property
    def parent_id(self) -> str | None: ...

    @property
    def name(self) -> str | None: ...

    @property
    def sub_type(self) -> str | None: ...


@dataclass(frozen=True)
class OperationUpdate:
    """One change of a checkpoint."""

    operation_id: str
    operation_type: OperationType
    action: OperationAction
    parent_id: str | None = None
    name: str | None = None
    sub_type: str | None = None
    payload: str | None = None
    error: ErrorObject | None = None
    context_options: ContextOptions | None = None
    step_options: StepOptions | None = None
    wait_options: WaitOptions | None = None
    callback_options: CallbackOptions | None = None
    chained_invoke_options: ChainedInvokeOptions | None = None

    def to_dict(self) -> _Dict:
        return _given(
            Id=self.operation_id,
            Type=self.operation_type.value,
            Action=self.action.value,
            ParentId=self.parent_id or None,
            Name=self.name or None,
            SubType=self.sub_type or None,
            Payload=self.payload,
            Error=_dict_of(self.error),
            ContextOptions=_dict_of(self.context_options),
            StepOptions=_dict_of(self.step_options),
            WaitOptions=_dict_of(self.wait_options),
            CallbackOptions=_dict_of(self.callback_options),
            ChainedInvokeOptions=_dict_of(self.chained_invoke_options),
        )

    @classmethod
    def from_dict(cls, data: _Dict) -> OperationUpdate:
        return cls(
            operation_id=data["Id"],
            operation_type=OperationType(data["Type"]),
            action=OperationAction(data["Action"]),
            parent_id=data.get("ParentId"),
            name=data.get("Name"),
            sub_type=data.get("SubType") or None,
            payload=data.get("Payload"),
            error=_part(ErrorObject.from_dict, data, "Error"),
            context_options=_part(ContextOptions.from_dict, data, "ContextOptions"),
            step_options=_part(StepOptions.from_dict, data, "StepOptions"),
            wait_options=_part(WaitOptions.from_dict, data, "WaitOptions"),
            callback_options=_part(CallbackOptions.from_dict, data, "CallbackOptions"),
            chained_invoke_options=_part(
                ChainedInvokeOptions.from_dict, data, "ChainedInvokeOptions"
            ),
        )

    @classmethod
    def _of(
        cls,
        identifier: _Identifier,
        operation_type: OperationType,
        action: OperationAction,
        **members: Any,
    ) -> OperationUpdate:
        return cls(
            operation_id=identifier.operation_id,
            operation_type=operation_type,
            action=action,
            parent_id=identifier.parent_id,
            name=identifier.name,
            sub_type=identifier.sub_type,
            **members,
        )

    @classmethod
    def create_callback(
        cls, identifier: _Identifier, callback_options: CallbackOptions
    ) -> OperationUpdate:
        return cls._of(
            identifier,
            OperationType.CALLBACK,
            OperationAction.START,
            callback_options=callback_options,
        )

    @classmethod
    def create_context_start(cls, identifier: _Identifier) -> OperationUpdate:
        return cls._of(identifier, OperationType.CONTEXT, OperationAction.START)

    @classmethod
    def create_context_succeed(
        cls,
        identifier: _Identifier,
        payload: str | None,
        *,
        context_options: ContextOptions | None = None,
    ) -> OperationUpdate:
        return cls._of(
            identifier,
            OperationType.CONTEXT,
            OperationAction.SUCCEED,
            payload=payload,
            context_options=context_options,
        )

    @classmethod
    def create_context_fail(
        cls, identifier: _Identifier, error: ErrorObject
    ) -> OperationUpdate:
        return cls._of(
            identifier, OperationType.CONTEXT, OperationAction.FAIL, error=error
        )

    @classmethod
    def _of_execution(cls, action: OperationAction, **members: Any) -> OperationUpdate:
        now = datetime.datetime.now(tz=datetime.UTC)
        made = int(now.timestamp() * 1000)
        return cls(
            f"execution-result-{made}", OperationType.EXECUTION, action, **members
        )

    @classmethod
    def create_execution_succeed(cls, payload: str) -> OperationUpdate:
        return cls._of_execution(OperationAction.SUCCEED, payload=payload)

    @classmethod
    def create_execution_fail(cls, error: ErrorObject) -> OperationUpdate:
        return cls._of_execution(OperationAction.FAIL, error=error)

    @classmethod
    def create_step_succeed(
        cls, identifier: _Identifier, payload: str | None
    ) -> OperationUpdate:
        return cls._of(
            identifier, OperationType.STEP, OperationAction.SUCCEED, payload=payload
        )

    @classmethod
    def create_step_fail(
        cls, identifier: _Identifier, error: ErrorObject
    ) -> OperationUpdate:
        return cls._of(
            identifier, OperationType.STEP, OperationAction.FAIL, error=error
        )

    @classmethod
    def create_step_start(cls, identifier: _Identifier) -> OperationUpdate:
        return cls._of(identifier, OperationType.STEP, OperationAction.START)

    @classmethod
    def create_step_retry(
        cls,
        identifier: _Identifier,
        error: ErrorObject,
        next_attempt_delay_seconds: int,
    ) -> OperationUpdate:
        return cls._of(
            identifier,
            OperationType.STEP,
            OperationAction.RETRY,
            error=error,
            step_options=StepOptions(next_attempt_delay_seconds),
        )

    @classmethod
    def create_invoke_start(
        cls,
        identifier: _Identifier,
        payload: str | None,
        chained_invoke_options: ChainedInvokeOptions,
    ) -> OperationUpdate:
        return cls._of(
            identifier,
            OperationType.CHAINED_INVOKE,
            OperationAction.START,
            payload=payload,
            chained_invoke_options=chained_invoke_options,
        )

    @classmethod
    def create_wait_for_condition_start(
        cls, identifier: _Identifier
    ) -> OperationUpdate:
        return cls.create_step_start(identifier)

    @classmethod
    def create_wait_for_condition_succeed(
        cls, identifier: _Identifier, payload: str | None
    ) -> OperationUpdate:
        return cls.create_step_succeed(identifier, payload)

    @classmethod
    def create_wait_for_condition_retry(
        cls,
        identifier: _Identifier,
        payload: str | None,
        next_attempt_delay_seconds: int,
    ) -> OperationUpdate:
        return cls._of(
            identifier,
            OperationType.STEP,
            OperationAction.RETRY,
            payload=payload,
            step_options=StepOptions(next_attempt_delay_seconds),
        )

    @classmethod
    def create_wait_for_condition_fail(
        cls, identifier: _Identifier, error: ErrorObject
    ) -> OperationUpdate:
        return cls.create_step_fail(identifier, error)

    @classmethod
    def create_wait_start(
        cls, identifier: _Identifier, wait_options: WaitOptions
    ) -> OperationUpdate:
        return cls._of(
            identifier,
            OperationType.WAIT,
            OperationAction.START,
            wait_options=wait_options,
        )


# ---------------------------------------------------------------- operations


class TimestampConverter:
    """Between times with a zone and Unix milliseconds; None stays None."""

    @staticmethod
    def to_unix_millis(dt: datetime.datetime | None) -> int | None:
        return None if dt is None else int(dt.timestamp() * 1000)

    @staticmethod
    def from_unix_millis(ms: int | None) -> datetime.datetime | None:
        if ms is None:
            return None
        return datetime.datetime.fromtimestamp(ms / 1000, tz=datetime.UTC)


# Where an operation holds times: its own members, and those of its details.
_TIMES = {
    None: ("StartTimestamp", "EndTimestamp"),
    "StepDetails": ("NextAttemptTimestamp",),
    "WaitDetails": ("ScheduledEndTimestamp",),
}


def _with_times(data: _Dict, convert: Callable[[Any], Any]) -> dict[str, Any]:
    """A copy of an operation in which ``convert`` was put to each time."""
    copy = dict(data)
    for holder, names in _TIMES.items():
        part = copy
        if holder is not None:
            if not copy.get(holder):
                continue
            part = copy[holder] = dict(copy[holder])
        for name in names:
            if part.get(name):
                part[name] = convert(part[name])
    return copy


@dataclass(frozen=True)
class Operation:
    """An operation as it is on record."""

    operation_id: str
    operation_type: OperationType
    status: OperationStatus
    parent_id: str | None = None
    name: str | None = None
    start_timestamp: datetime.datetime | None = None
    end_timestamp: datetime.datetime | None = None
    sub_type: str | None = None
    execution_details: ExecutionDetails | None = None
    context_details: ContextDetails | None = None
    step_details: StepDetails | None = None
    wait_details: WaitDetails | None = None
    callback_details: CallbackDetails | None = None
    chained_invoke_details: ChainedInvokeDetails | None = None

    @classmethod
    def from_dict(cls, data: _Dict) -> Operation:
        return cls(
            operation_id=data["Id"],
            operation_type=OperationType(data.get("Type")),
            status=OperationStatus(data.get("Status")),
            parent_id=data.get("ParentId"),
            name=data.get("Name"),
            start_timestamp=data.get("StartTimestamp"),
            end_timestamp=data.get("EndTimestamp"),
            sub_type=data.get("SubType") or None,
            execution_details=_part(
                ExecutionDetails.from_dict, data, "ExecutionDetails"
            ),
            context_details=_part(ContextDetails.from_dict, data, "ContextDetails"),
            step_details=_part(StepDetails.from_dict, data, "StepDetails"),
            wait_details=_part(WaitDetails.from_dict, data, "WaitDetails"),
            callback_details=_part(CallbackDetails.from_dict, data, "CallbackDetails"),
            chained_invoke_details=_part(
                ChainedInvokeDetails.from_dict, data, "ChainedInvokeDetails"
            ),
        )

    def to_dict(self) -> _Dict:
        return _given(
            Id=self.operation_id,
            Type=self.operation_type.value,
            Status=self.status.value,
            ParentId=self.parent_id or None,
            Name=self.name or None,
            StartTimestamp=self.start_timestamp,
            EndTimestamp=self.end_timestamp,
            SubType=self.sub_type or None,
            **self._details(),
        )

    def _details(self) -> _Dict:
        details: _Dict = {}
        if (execution := self.execution_details) is not None:
            details["ExecutionDetails"] = {"InputPayload": execution.input_payload}
        if (context := self.context_details) is not None:
            details["ContextDetails"] = {
                "Result": context.result,
                **_given(
                    Error=_dict_of(context.error),
                    ReplayChildren=context.replay_children or None,
                ),
            }
        if (step := self.step_details) is not None:
            details["StepDetails"] = _given(
                Attempt=step.attempt,
                NextAttemptTimestamp=step.next_attempt_timestamp,
                Result=step.result,
                Error=_dict_of(step.error),
            )
        if (wait := self.wait_details) is not None:
            details["WaitDetails"] = _given(
                ScheduledEndTimestamp=wait.scheduled_end_timestamp
            )
        if (callback := self.callback_details) is not None:
            details["CallbackDetails"] = _given(
                CallbackId=callback.callback_id,
                Result=callback.result,
                Error=_dict_of(callback.error),
            )
        if (invoke := self.chained_invoke_details) is not None:
            details["ChainedInvokeDetails"] = _given(
                Result=invoke.result, Error=_dict_of(invoke.error)
            )
        return details

    def to_json_dict(self) -> _Dict:
        return _with_times(self.to_dict(), TimestampConverter.to_unix_millis)

    @classmethod
    def from_json_dict(cls, data: _Dict) -> Operation:
        """``data`` is left as it is."""
        return cls.from_dict(_with_times(data, TimestampConverter.from_unix_millis))


def _operations_of(data: _Dict) -> list[Operation]:
    return [Operation.from_dict(operation) for operation in data.get("Operations") or []]


@dataclass(frozen=True)
class CheckpointUpdatedExecutionState:
    """What a checkpoint changed; ``next_marker``: there is more to be read."""

    operations: list[Operation] = field(default_factory=list)
    next_marker: str | None = None

    @classmethod
    def from_dict(cls, data: _Dict) -> CheckpointUpdatedExecutionState:
        return cls(_operations_of(data), data.get("NextMarker"))


@dataclass(frozen=True)
class CheckpointOutput:
    """``checkpoint_token``: for the next call; None: there must be none."""

    checkpoint_token: str | None
    new_execution_state: CheckpointUpdatedExecutionState

    @classmethod
    def from_dict(cls, data: _Dict) -> CheckpointOutput:
        return cls(
            data.get("CheckpointToken"),
            CheckpointUpdatedExecutionState.from_dict(
                data.get("NewExecutionState") or {}
            ),
        )


@dataclass(frozen=True)
class StateOutput:
    """A page of an execution's operations."""

    operations: list[Operation] = field(default_factory=list)
    next_marker: str | None = None

    @classmethod
    def from_dict(cls, data: _Dict) -> StateOutput:
        return cls(_operations_of(data), data.get("NextMarker"))


# -------------------------------------------------------------------- clients


class DurableServiceClient(Protocol):
    """What takes the place of the built-in transport: any object with these two.

    Called on the checkpoint thread, one call at a time per execution.  What it
    raises is classified as ``BotoClientError.from_exception`` does.
    """

    def checkpoint(
        self,
        durable_execution_arn: str,
        checkpoint_token: str,
        updates: list[OperationUpdate],
        client_token: str | None,
    ) -> CheckpointOutput: ...

    def get_execution_state(
        self,
        durable_execution_arn: str,
        checkpoint_token: str,
        next_marker: str,
        max_items: int = 1000,
    ) -> StateOutput: ...


class _BotoClient(Protocol):
    """boto3's Lambda client, as far as it is used."""

    def checkpoint_durable_execution(self, **arguments: Any) -> Any: ...

    def get_durable_execution_state(self, **arguments: Any) -> Any: ...


class LambdaClient(DurableServiceClient):
    """The durable APIs over a boto3 Lambda client."""

    _cached_boto_client: ClassVar[_BotoClient | None] = None

    def __init__(self, client: _BotoClient) -> None:
        self.client = client

    @classmethod
    def initialize_client(cls) -> LambdaClient:
        """A client of the environment's region and credentials, made once.

        Raises ImportError where boto3 is not installed.
        """
        if cls._cached_boto_client is None:
            cls._cached_boto_client = _new_boto_client()
        return cls(cls._cached_boto_client)

    def checkpoint(
        self,
        durable_execution_arn: str,
        checkpoint_token: str,
        updates: list[OperationUpdate],
        client_token: str | None,
    ) -> CheckpointOutput:
        """Raises CheckpointError."""
        if not checkpoint_token:
            raise CheckpointError("Cannot checkpoint without a checkpoint token.")
        optional = _given(ClientToken=client_token)
        try:
            answer = self.client.checkpoint_durable_execution(
                DurableExecutionArn=durable_execution_arn,
                CheckpointToken=checkpoint_token,
                Updates=[update.to_dict() for update in updates],
                **optional,
            )
            return CheckpointOutput.from_dict(answer)
        except Exception as cause:
            error = CheckpointError.from_exception(cause)
            logger.exception("Failed to checkpoint.", extra=error.build_logger_extras())
            raise error from None

    def get_execution_state(
        self,
        durable_execution_arn: str,
        checkpoint_token: str,
        next_marker: str,
        max_items: int = 1000,
    ) -> StateOutput:
        """Raises GetExecutionStateError."""
        if not checkpoint_token:
            raise GetExecutionStateError(
                "Cannot get execution state without a checkpoint token."
            )
        try:
            answer = self.client.get_durable_execution_state(
                DurableExecutionArn=durable_execution_arn,
                CheckpointToken=checkpoint_token,
                Marker=next_marker,
                MaxItems=max_items,
            )
            return StateOutput.from_dict(answer)
        except Exception as cause:
            error = GetExecutionStateError.from_exception(cause)
            logger.exception(
                "Failed to get execution state.", extra=error.build_logger_extras()
            )
            raise error from None


def _new_boto_client() -> _BotoClient:
    # Half of a cold start, so only for those who ask for it.
    import boto3
    from botocore.config import Config

    from durable_core.__about__ import __version__

    config = Config(
        connect_timeout=5,
        read_timeout=50,
        user_agent_extra=f"durable-core-python/{__version__}",
    )
    client: _BotoClient = boto3.client("lambda", config=config)
    return client
