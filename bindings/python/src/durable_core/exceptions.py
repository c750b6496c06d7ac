"""Every exception that an operation, a client or a payload can raise.

Nothing of this package is imported here, so that every module may import it.

What can leave a handler, and what becomes of the execution:

==========================================  =====================================
raised                                      outcome
==========================================  =====================================
:class:`InvocationError`, retryable         the invocation fails, Lambda repeats it
:class:`InvocationError`, not retryable     the execution is FAILED
:class:`ExecutionError`                     the execution is FAILED
any other ``Exception``                     the execution is FAILED
:class:`SuspendExecution`                   PENDING: the service resumes it later
==========================================  =====================================
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Mapping
from enum import Enum
from typing import Any, Self, TypedDict

BAD_REQUEST_ERROR: int = 400
TOO_MANY_REQUESTS_ERROR: int = 429
SERVICE_ERROR: int = 500
INVALID_PARAMETER_VALUE_EXCEPTION: str = "InvalidParameterValueException"
INVALID_CHECKPOINT_TOKEN_PREFIX: str = "Invalid checkpoint token"

# Errors of a customer's key come as HTTP 502, but no retry cures them.
_KEY_ERRORS = frozenset(
    f"KMS{what}Exception"
    for what in ("AccessDenied", "Disabled", "InvalidState", "NotFound")
)


class AwsErrorObj(TypedDict):
    """The ``Error`` member of a botocore ``ClientError`` response."""

    Code: str | None
    Message: str | None


class AwsErrorMetadata(TypedDict):
    """The ``ResponseMetadata`` member of a botocore response."""

    RequestId: str | None
    HostId: str | None
    HTTPStatusCode: int | None
    HTTPHeaders: str | None
    RetryAttempts: str | None


class TerminationReason(Enum):
    """Why an :class:`UnrecoverableError` ends the invocation; informational."""

    UNHANDLED_ERROR = "UNHANDLED_ERROR"
    INVOCATION_ERROR = "INVOCATION_ERROR"
    EXECUTION_ERROR = "EXECUTION_ERROR"
    CHECKPOINT_FAILED = "CHECKPOINT_FAILED"
    NON_DETERMINISTIC_EXECUTION = "NON_DETERMINISTIC_EXECUTION"
    STEP_INTERRUPTED = "STEP_INTERRUPTED"
    SERIALIZATION_ERROR = "SERIALIZATION_ERROR"


class DurableExecutionsError(Exception):
    """The root of what this package raises on purpose."""


class PluginLoadError(DurableExecutionsError):
    """A plugin of ``plugins=`` or of ``DURABLE_EXECUTION_PLUGINS`` is unusable."""


class UnrecoverableError(DurableExecutionsError):
    """The execution cannot go on in this invocation."""

    def __init__(self, message: str, termination_reason: TerminationReason) -> None:
        super().__init__(message)
        self.termination_reason = termination_reason


class ExecutionError(UnrecoverableError):
    """The execution is FAILED; it is not tried again."""

    def __init__(
        self,
        message: str,
        termination_reason: TerminationReason = TerminationReason.EXECUTION_ERROR,
    ) -> None:
        super().__init__(message, termination_reason)


class InvocationError(UnrecoverableError):
    """The invocation fails by raising, so that Lambda runs it again."""

    def __init__(
        self,
        message: str,
        termination_reason: TerminationReason = TerminationReason.INVOCATION_ERROR,
    ) -> None:
        super().__init__(message, termination_reason)

    def is_retryable(self) -> bool:
        """False: the execution is FAILED instead.  A subclass may say so."""
        return True

    def build_logger_extras(self) -> dict[str, Any]:
        """What a log line about this error should carry; nothing here."""
        return {}


class DurableApiErrorCategory(Enum):
    """What a failed call of the durable APIs ends: one invocation, or all."""

    INVOCATION = "INVOCATION"
    EXECUTION = "EXECUTION"


CheckpointErrorCategory = DurableApiErrorCategory


class BotoClientError(InvocationError):
    """A call of CheckpointDurableExecution or GetDurableExecutionState failed.

    ``error`` and ``response_metadata`` are botocore's dictionaries, where the
    failure had them.
    """

    def __init__(
        self,
        message: str,
        error_category: DurableApiErrorCategory = DurableApiErrorCategory.INVOCATION,
        error: AwsErrorObj | None = None,
        response_metadata: AwsErrorMetadata | None = None,
        termination_reason: TerminationReason = TerminationReason.INVOCATION_ERROR,
    ) -> None:
        super().__init__(message, termination_reason)
        self.error_category = error_category
        self.error = error
        self.response_metadata = response_metadata

    @classmethod
    def from_exception(cls, exception: Exception) -> Self:
        """Take over a botocore ``ClientError``, or any other failure of a client."""
        response = getattr(exception, "response", None)
        if not isinstance(response, Mapping):
            response = {}
        error: AwsErrorObj | None = response.get("Error")
        metadata: AwsErrorMetadata | None = response.get("ResponseMetadata")
        made = cls(str(exception), error=error, response_metadata=metadata)
        made.error_category = _category_of(error, metadata)
        return made

    def is_retryable(self) -> bool:
        return self.error_category is DurableApiErrorCategory.INVOCATION

    is_retriable = is_retryable

    def build_logger_extras(self) -> dict[str, Any]:
        parts = {"Error": self.error, "ResponseMetadata": self.response_metadata}
        return {name: part for name, part in parts.items() if part}


def _category_of(
    error: AwsErrorObj | None, metadata: AwsErrorMetadata | None
) -> DurableApiErrorCategory:
    """A client error other than throttling or a stale token is for good."""
    code = error.get("Code") if error else None
    message = str(error.get("Message") or "") if error else ""
    status = metadata.get("HTTPStatusCode") if metadata else None
    if code in _KEY_ERRORS:
        return DurableApiErrorCategory.EXECUTION
    if not error or not isinstance(status, int):
        return DurableApiErrorCategory.INVOCATION
    stale = code == INVALID_PARAMETER_VALUE_EXCEPTION and message.lower().startswith(
        INVALID_CHECKPOINT_TOKEN_PREFIX.lower()
    )
    refused = BAD_REQUEST_ERROR <= status < SERVICE_ERROR
    if refused and status != TOO_MANY_REQUESTS_ERROR and not stale:
        return DurableApiErrorCategory.EXECUTION
    return DurableApiErrorCategory.INVOCATION


class NonDeterministicExecutionError(ExecutionError):
    """The code asks for another operation than the one on record.

    ``step_id`` is the id of that operation.
    """

    def __init__(self, message: str, step_id: str | None = None) -> None:
        super().__init__(message, TerminationReason.NON_DETERMINISTIC_EXECUTION)
        self.step_id = step_id


class CheckpointError(BotoClientError):
    """A checkpoint was refused or did not arrive."""

    def __init__(
        self,
        message: str,
        error_category: DurableApiErrorCategory = DurableApiErrorCategory.INVOCATION,
        error: AwsErrorObj | None = None,
        response_metadata: AwsErrorMetadata | None = None,
    ) -> None:
        super().__init__(
            message,
            error_category,
            error,
            response_metadata,
            TerminationReason.CHECKPOINT_FAILED,
        )


class ValidationError(DurableExecutionsError):
    """An argument or a configuration that no operation can be made of.

    Raised where it was given, before an operation exists.
    """


class GetExecutionStateError(BotoClientError):
    """A page of the execution's state could not be read."""

    def __init__(
        self,
        message: str,
        error_category: DurableApiErrorCategory = DurableApiErrorCategory.INVOCATION,
        error: AwsErrorObj | None = None,
        response_metadata: AwsErrorMetadata | None = None,
    ) -> None:
        super().__init__(
            message,
            error_category,
            error,
            response_metadata,
            TerminationReason.INVOCATION_ERROR,
        )


class InvalidStateError(DurableExecutionsError):
    """A call that the object's state does not allow."""


# The name under which a class of this package goes on record: that of the
# official SDK, so that either package rebuilds what the other one wrote.
_OWN = __name__.partition(".")[0]
_ON_RECORD = "aws_durable_execution_sdk_python"


def _recorded_name(cls: type[BaseException]) -> str:
    """The ErrorType of ``cls``: its qualified name; builtins have no module."""
    module, name = cls.__module__, cls.__qualname__
    if module == "builtins":
        return name
    if module == _OWN or module.startswith(_OWN + "."):
        module = _ON_RECORD + module[len(_OWN) :]
    return f"{module}.{name}"


class _RecordedError(DurableExecutionsError):
    """The four members of a stored ErrorObject, as attributes."""

    def __init__(
        self,
        message: str | None = None,
        error_type: str | None = None,
        data: str | None = None,
        stack_trace: list[str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.error_type: str = error_type or _recorded_name(type(self))
        self.data = data
        self.stack_trace = stack_trace


class DurableOperationError(_RecordedError):
    """An operation failed, now or when it was recorded.

    The class says which kind of operation.  The attributes say how, and are the
    same in the run that saw the failure and in every later one:

    * ``message``: the text of the error that ended the operation.
    * ``error_type``: the type of that error, such as ``"ValueError"`` or
      ``"shop.errors.Declined"``.
    * ``data``: what it carried, or None.
    * ``stack_trace``: lines, or None.

    ``__cause__`` is that error made again from the record: one of the classes
    here, never the user's own, of which no instance is on record.
    """

    @classmethod
    def from_error_fields(
        cls,
        error_type: str | None,
        message: str | None,
        data: str | None,
        stack_trace: list[str] | None,
    ) -> DurableOperationError:
        """The class that ``error_type`` names, else :class:`DurableOperationError`."""
        made = _DURABLE_OPERATION_ERROR_REGISTRY.get(
            error_type or "", DurableOperationError
        )
        return made(
            message=message, error_type=error_type, data=data, stack_trace=stack_trace
        )


_DURABLE_OPERATION_ERROR_REGISTRY: dict[str, type[DurableOperationError]] = {}


def register_operation_error(error_cls: type[DurableOperationError]) -> None:
    """Let :meth:`DurableOperationError.from_error_fields` make ``error_cls``.

    It is found by its name on record, by its name in this package, and by its
    bare name, which earlier releases and the other languages write.
    """
    own = f"{error_cls.__module__}.{error_cls.__qualname__}"
    for name in (_recorded_name(error_cls), own, error_cls.__qualname__):
        _DURABLE_OPERATION_ERROR_REGISTRY[name] = error_cls


class StepError(DurableOperationError):
    """A step has no attempts left, or was not to be tried again."""


class InvokeError(DurableOperationError):
    """An invoked function failed, timed out or was stopped."""


class ChildContextError(DurableOperationError):
    """A child context, or a branch of a map or parallel, failed."""


class WaitForConditionError(DurableOperationError):
    """A condition's check failed, or its attempts are used up."""


class SerDesError(_RecordedError):
    """A payload could not be written or read, and trying again will not help.

    It surfaces as itself, whatever the operation.  For a failure that passes,
    raise :class:`RetryableSerDesError`.
    """


class CallbackError(DurableOperationError):
    """A callback did not bring a result; the subclasses say why."""


class CallbackExternalError(CallbackError):
    """The other side called SendDurableExecutionCallbackFailure."""


class CallbackTimeoutError(CallbackError):
    """No result, or no heartbeat, came in time."""


class CallbackSubmitterError(CallbackError):
    """The submitter of a wait_for_callback failed."""


for _cls in (
    StepError,
    InvokeError,
    ChildContextError,
    WaitForConditionError,
    CallbackError,
    CallbackExternalError,
    CallbackTimeoutError,
    CallbackSubmitterError,
):
    register_operation_error(_cls)
del _cls


class StepInterruptedError(InvocationError):
    """An at-most-once step was cut off in its body, and does not run again.

    The step's retry strategy is asked about it.
    """

    def __init__(self, message: str, step_id: str | None = None) -> None:
        super().__init__(message, TerminationReason.STEP_INTERRUPTED)
        self.step_id = step_id


class RetryableSerDesError(InvocationError):
    """A payload could not be written or read just now, as a store is away.

    The invocation fails and Lambda runs it again; nothing is recorded for the
    operation, not even inside a map or parallel.
    """

    def __init__(
        self,
        message: str,
        termination_reason: TerminationReason = TerminationReason.SERIALIZATION_ERROR,
    ) -> None:
        super().__init__(message, termination_reason)


class BackgroundThreadError(BaseException):
    """The checkpointing of the invocation broke down; ``source_exception``: why.

    No ``Exception``, so that ``except Exception`` of user code does not hold it.
    """

    def __init__(self, message: str, source_exception: Exception) -> None:
        super().__init__(message)
        self.source_exception = source_exception


class SuspendExecution(BaseException):
    """The invocation ends here, PENDING, and goes on in a later one.

    No ``Exception``, so that ``except Exception`` of user code does not hold it.
    Code that catches it all the same can record nothing more.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)


class TimedSuspendExecution(SuspendExecution):
    """Suspended until ``scheduled_timestamp``, in Unix seconds."""

    def __init__(self, message: str, scheduled_timestamp: float) -> None:
        super().__init__(message)
        self.scheduled_timestamp = scheduled_timestamp

    @classmethod
    def from_delay(cls, message: str, delay_seconds: int) -> TimedSuspendExecution:
        """Until ``delay_seconds`` from now."""
        return cls(message, time.time() + delay_seconds)

    @classmethod
    def from_datetime(
        cls, message: str, datetime_timestamp: datetime.datetime
    ) -> TimedSuspendExecution:
        """Until then; a time without a zone is local time."""
        return cls(message, datetime_timestamp.timestamp())


class OrderedLockError(DurableExecutionsError):
    """Those who waited for a lock cannot get it: its holder failed."""

    def __init__(self, message: str, source_exception: Exception | None = None) -> None:
        if source_exception:
            message += f" {type(source_exception).__name__}: {source_exception}"
        super().__init__(message)
        self.source_exception = source_exception


class OrphanedChildException(BaseException):
    """A branch works on after its map or parallel is complete, and is stopped.

    No ``Exception``, so that ``except Exception`` of user code does not hold it.
    """

    def __init__(self, message: str, operation_id: str) -> None:
        super().__init__(message)
        self.operation_id = operation_id
