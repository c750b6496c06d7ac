"""The durable APIs of AWS Lambda, as records, and a client of them.

The records have the members of the service's model; ``from_dict`` and ``to_dict``
speak boto3's form (times are ``datetime``), ``from_json_dict`` and
``to_json_dict`` that of the invocation event (times are Unix milliseconds).

https://docs.aws.amazon.com/lambda/latest/api/API_CheckpointDurableExecution.html
https://docs.aws.amazon.com/lambda/latest/api/API_GetDurableExecutionState.html
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from durable_core._operations import (
    CallbackDetails,
    ChainedInvokeDetails,
    ContextDetails,
    ExecutionDetails,
    Operation,
    StepDetails,
    TimestampConverter,
    WaitDetails,
)
from durable_core._updates import (
    CallbackOptions,
    ChainedInvokeOptions,
    ContextOptions,
    OperationUpdate,
    StepOptions,
    WaitOptions,
)
from durable_core._wire import (
    CallbackTimeoutType,
    ErrorObject,
    InvocationStatus,
    OperationAction,
    OperationPayload,
    OperationStatus,
    OperationSubType,
    OperationType,
    ReplayChildren,
    TimeoutSeconds,
    _Dict,
    _dict_of,
    _given,
    _part,
)
from durable_core.exceptions import CheckpointError, GetExecutionStateError

__all__ = [
    "CallbackDetails",
    "CallbackOptions",
    "CallbackTimeoutType",
    "ChainedInvokeDetails",
    "ChainedInvokeOptions",
    "CheckpointOutput",
    "CheckpointUpdatedExecutionState",
    "ContextDetails",
    "ContextOptions",
    "DurableExecutionInvocationOutput",
    "DurableServiceClient",
    "ErrorObject",
    "ExecutionDetails",
    "InvocationStatus",
    "LambdaClient",
    "Operation",
    "OperationAction",
    "OperationPayload",
    "OperationStatus",
    "OperationSubType",
    "OperationType",
    "OperationUpdate",
    "ReplayChildren",
    "StateOutput",
    "StepDetails",
    "StepOptions",
    "TimeoutSeconds",
    "TimestampConverter",
    "WaitDetails",
    "WaitOptions",
]

logger = logging.getLogger(__name__)


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
