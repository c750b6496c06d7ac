"""Protocols and small records that user code is typed against."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from durable_core.config import (
        CallbackConfig,
        ChildConfig,
        Duration,
        MapConfig,
        ParallelConfig,
        StepConfig,
    )

T = TypeVar("T")
U = TypeVar("U")
C_co = TypeVar("C_co", covariant=True)
C_contra = TypeVar("C_contra", contravariant=True)
_T_co = TypeVar("_T_co", covariant=True)


class LoggerInterface(Protocol):
    """What a logger must have: ``logging.Logger`` does, and so does Powertools'."""

    def debug(
        self, msg: object, *args: object, extra: Mapping[str, object] | None = None
    ) -> None: ...

    def info(
        self, msg: object, *args: object, extra: Mapping[str, object] | None = None
    ) -> None: ...

    def warning(
        self, msg: object, *args: object, extra: Mapping[str, object] | None = None
    ) -> None: ...

    def error(
        self, msg: object, *args: object, extra: Mapping[str, object] | None = None
    ) -> None: ...

    def exception(
        self, msg: object, *args: object, extra: Mapping[str, object] | None = None
    ) -> None: ...


@dataclass(frozen=True)
class OperationContext:
    """What every body is given: a logger that names the operation in its lines."""

    logger: LoggerInterface

    @property
    def operation_id(self) -> str | None:
        """The operation's id on record: the same in every attempt and every
        invocation, so fit for an idempotency key.  None in a context of one's own."""
        found: str | None = getattr(self.logger, "operation_id", None)
        return found


@dataclass(frozen=True)
class StepContext(OperationContext):
    """Given to a step; ``attempt`` is 1 for the first."""

    attempt: int


@dataclass(frozen=True)
class WaitForCallbackContext(OperationContext):
    """Given to the submitter of a wait_for_callback."""


@dataclass(frozen=True)
class WaitForConditionCheckContext(OperationContext):
    """Given to the check of a wait_for_condition; ``attempt`` is 1 for the first."""

    attempt: int


class Callback(Protocol, Generic[C_co]):
    """A result that another system will send, addressed to ``callback_id``."""

    callback_id: str

    @abstractmethod
    def result(self) -> C_co | None:
        """The result; suspends the execution until it is there.

        Raises CallbackExternalError or CallbackTimeoutError.
        """
        ...


class BatchResult(Protocol, Generic[T]):
    """The outcome of a map or parallel."""

    @abstractmethod
    def get_results(self) -> list[T]:
        """The results of the branches that succeeded, in order of index."""
        ...


class DurableContext(Protocol):
    """The operations, for code that is to be tested with a double of them."""

    @abstractmethod
    def step(
        self,
        func: Callable[[StepContext], T],
        name: str | None = None,
        config: StepConfig | None = None,
    ) -> T: ...

    @abstractmethod
    def run_in_child_context(
        self,
        func: Callable[[DurableContext], T],
        name: str | None = None,
        config: ChildConfig[T] | None = None,
    ) -> T: ...

    @abstractmethod
    def map(
        self,
        inputs: Sequence[U],
        func: Callable[[DurableContext, U, int, Sequence[U]], T],
        name: str | None = None,
        config: MapConfig[U] | None = None,
    ) -> BatchResult[T]: ...

    @abstractmethod
    def parallel(
        self,
        functions: Sequence[Callable[[DurableContext], T]],
        name: str | None = None,
        config: ParallelConfig | None = None,
    ) -> BatchResult[T]: ...

    @abstractmethod
    def wait(self, duration: Duration, name: str | None = None) -> None: ...

    @abstractmethod
    def create_callback(
        self, name: str | None = None, config: CallbackConfig | None = None
    ) -> Callback[Any]: ...


class LambdaContext(Protocol):
    """The second argument of a Lambda handler.

    https://docs.aws.amazon.com/lambda/latest/dg/python-context.html
    """

    aws_request_id: str
    log_group_name: str | None = None
    log_stream_name: str | None = None
    function_name: str | None = None
    memory_limit_in_mb: str | None = None
    function_version: str | None = None
    invoked_function_arn: str | None = None
    tenant_id: str | None = None
    client_context: Any | None = None
    identity: Any | None = None

    def get_remaining_time_in_millis(self) -> int: ...

    def log(self, msg: str) -> None: ...


class SummaryGenerator(Protocol[C_contra]):
    """Makes the text that is stored in place of a result over 262,144 bytes."""

    def __call__(self, result: C_contra) -> str: ...


_EXECUTION_ARN = re.compile(
    r"arn:[^:]*:lambda:[^:]*:[^:]*:function:(?P<function_name>[^:/]+):[^:/]+"
    r"/durable-execution/(?P<execution_name>[^/]+)/(?P<invocation_id>[^/]+)"
)


@dataclass(frozen=True)
class DurableExecutionArn:
    """The names in the ARN of a durable execution.

    ``arn:PARTITION:lambda:REGION:ACCOUNT:function:FUNCTION:VERSION``
    ``/durable-execution/EXECUTION_NAME/INVOCATION_ID``
    """

    function_name: str
    execution_name: str
    invocation_id: str

    @classmethod
    def from_arn(cls, arn: str) -> DurableExecutionArn | None:
        """None when ``arn`` is of another form."""
        found = _EXECUTION_ARN.fullmatch(arn)
        return cls(**found.groupdict()) if found else None
