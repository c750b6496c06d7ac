"""The words of the durable APIs, and how their records read and write objects."""

from __future__ import annotations

import builtins
import threading
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, NoReturn, TypeAlias, TypeVar

from durable_core.exceptions import DurableOperationError, SerDesError, _recorded_name

ReplayChildren: TypeAlias = bool
OperationPayload: TypeAlias = str
TimeoutSeconds: TypeAlias = int

_T = TypeVar("_T")
_Dict = MutableMapping[str, Any]


def _message_of(exception: BaseException) -> str:
    try:
        return str(exception)
    except Exception as error:
        return f"its message cannot be read: {type(error).__name__}"


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
        return cls(_message_of(exception), _recorded_name(kind), None, None)

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
