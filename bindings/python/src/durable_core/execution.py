"""``@durable_execution``: a function as the handler of a Lambda function."""

from __future__ import annotations

import functools
import inspect
import json
import logging
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

from durable_core import _native, exceptions
from durable_core._plugins import Plugins
from durable_core._run import Run, error_text
from durable_core._transport import sender_of
from durable_core.context import DurableContext
from durable_core.exceptions import (
    ExecutionError,
    InvocationError,
    SuspendExecution,
)
from durable_core.lambda_service import (
    DurableExecutionInvocationOutput,
    DurableServiceClient,
    InvocationStatus,
    LambdaClient,
    Operation,
)
from durable_core.plugin import DurableInstrumentationPluginFactory
from durable_core.plugin_discovery import load_configured_plugins
from durable_core.state import ExecutionState
from durable_core.types import LambdaContext

if TYPE_CHECKING:
    from durable_core.lambda_service import _BotoClient as Boto3LambdaClient

# Users import these from here.
__all__ = [
    "DurableContext",
    "DurableExecutionInvocationInput",
    "DurableExecutionInvocationInputWithClient",
    "DurableExecutionInvocationOutput",
    "ExecutionState",
    "InitialExecutionState",
    "InvocationStatus",
    "LambdaClient",
    "durable_execution",
]

logger = logging.getLogger(__name__)

# A longer result is checkpointed by the engine instead of returned.
LAMBDA_RESPONSE_SIZE_LIMIT = 6 * 1024 * 1024 - 50

_NOT_DURABLE = (
    "Unexpected payload provided to start the durable execution. "
    "Check your resource configurations to confirm the durability is set."
)


# ------------------------------------------------------------------------ input


@dataclass(frozen=True)
class InitialExecutionState:
    """The first page of what is on record; ``next_marker`` "": the only one."""

    operations: list[Operation]
    next_marker: str

    @staticmethod
    def from_dict(input_dict: MutableMapping[str, Any]) -> InitialExecutionState:
        return InitialExecutionState._read(input_dict, Operation.from_dict)

    @staticmethod
    def from_json_dict(input_dict: MutableMapping[str, Any]) -> InitialExecutionState:
        """Times are Unix milliseconds here, and datetimes in :meth:`from_dict`."""
        return InitialExecutionState._read(input_dict, Operation.from_json_dict)

    @staticmethod
    def _read(
        data: MutableMapping[str, Any], read: Callable[[Any], Operation]
    ) -> InitialExecutionState:
        found = [read(one) for one in data.get("Operations") or ()]
        return InitialExecutionState(found, data.get("NextMarker") or "")

    def to_dict(self) -> MutableMapping[str, Any]:
        return {
            "Operations": [one.to_dict() for one in self.operations],
            "NextMarker": self.next_marker,
        }

    def to_json_dict(self) -> MutableMapping[str, Any]:
        return {
            "Operations": [one.to_json_dict() for one in self.operations],
            "NextMarker": self.next_marker,
        }


@dataclass(frozen=True)
class DurableExecutionInvocationInput:
    """The event of an invocation."""

    durable_execution_arn: str
    checkpoint_token: str
    initial_execution_state: InitialExecutionState
    updated_operation_ids: list[str] = field(default_factory=list, kw_only=True)

    @staticmethod
    def from_dict(
        input_dict: MutableMapping[str, Any],
    ) -> DurableExecutionInvocationInput:
        return _read_input(input_dict, InitialExecutionState.from_dict)

    @staticmethod
    def from_json_dict(
        input_dict: MutableMapping[str, Any],
    ) -> DurableExecutionInvocationInput:
        return _read_input(input_dict, InitialExecutionState.from_json_dict)

    def to_dict(self) -> MutableMapping[str, Any]:
        return self._members(self.initial_execution_state.to_dict())

    def to_json_dict(self) -> MutableMapping[str, Any]:
        return self._members(self.initial_execution_state.to_json_dict())

    def _members(self, state: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {
            "DurableExecutionArn": self.durable_execution_arn,
            "CheckpointToken": self.checkpoint_token,
            "InitialExecutionState": state,
            "UpdatedOperationIds": self.updated_operation_ids,
        }


def _read_input(
    data: MutableMapping[str, Any],
    read: Callable[[MutableMapping[str, Any]], InitialExecutionState],
) -> DurableExecutionInvocationInput:
    return DurableExecutionInvocationInput(
        data["DurableExecutionArn"],
        data["CheckpointToken"],
        read(data.get("InitialExecutionState") or {}),
        updated_operation_ids=list(data.get("UpdatedOperationIds") or []),
    )


@dataclass(frozen=True)
class DurableExecutionInvocationInputWithClient(DurableExecutionInvocationInput):
    """The same with the client to use, as test frameworks inject it."""

    service_client: DurableServiceClient

    @staticmethod
    def from_durable_execution_invocation_input(
        invocation_input: DurableExecutionInvocationInput,
        service_client: DurableServiceClient,
    ) -> DurableExecutionInvocationInputWithClient:
        return DurableExecutionInvocationInputWithClient(
            durable_execution_arn=invocation_input.durable_execution_arn,
            checkpoint_token=invocation_input.checkpoint_token,
            initial_execution_state=invocation_input.initial_execution_state,
            updated_operation_ids=invocation_input.updated_operation_ids,
            service_client=service_client,
        )


# ---------------------------------------------------------------------- handler


_Function = Callable[[Any, DurableContext], Any]
_LambdaHandler = Callable[[Any, LambdaContext], Any]


@overload
def durable_execution(
    func: _Function,
    *,
    boto3_client: Boto3LambdaClient | None = None,
    plugins: list[DurableInstrumentationPluginFactory] | None = None,
    plain_json: bool = False,
) -> _LambdaHandler: ...


@overload
def durable_execution(
    func: None = None,
    *,
    boto3_client: Boto3LambdaClient | None = None,
    plugins: list[DurableInstrumentationPluginFactory] | None = None,
    plain_json: bool = False,
) -> Callable[[_Function], _LambdaHandler]: ...


def durable_execution(
    func: _Function | None = None,
    *,
    boto3_client: Boto3LambdaClient | None = None,
    plugins: list[DurableInstrumentationPluginFactory] | None = None,
    plain_json: bool = False,
) -> _LambdaHandler | Callable[[_Function], _LambdaHandler]:
    """Make ``func(event, context)`` a durable handler.

    * ``boto3_client``: performs the requests instead of the built-in client.
    * ``plugins``: factories; those of ``DURABLE_EXECUTION_PLUGINS`` are added.
    * ``plain_json``: record what names no serdes as plain JSON without blanks, the
      default of C and Lua, not in the tagged form; values are then what JSON has.
      A change breaks executions that are under way.

    What is returned is called by the Lambda runtime with the event of an
    invocation, once for every leg of the execution.
    """
    if func is None:
        return functools.partial(
            durable_execution,
            boto3_client=boto3_client,
            plugins=plugins,
            plain_json=plain_json,
        )
    plugins = load_configured_plugins(plugins)
    return Handler(func, boto3_client, plugins, is_plain=plain_json)


class Handler:
    """A durable function as Lambda calls it."""

    def __init__(
        self,
        func: Callable[[Any, DurableContext], Any],
        boto3_client: Boto3LambdaClient | None,
        factories: list[DurableInstrumentationPluginFactory],
        *,
        is_plain: bool = False,
    ) -> None:
        functools.update_wrapper(self, func)
        self._is_plain = is_plain
        self._func = func
        self._client = LambdaClient(boto3_client) if boto3_client is not None else None
        self._factories = factories
        self._is_async = _is_async(func)

    def __call__(self, event: Any, context: LambdaContext) -> Any:
        client: DurableServiceClient | None = self._client
        if isinstance(event, DurableExecutionInvocationInputWithClient):
            client = event.service_client
            event = event.to_json_dict()
        elif not isinstance(event, dict):
            raise ExecutionError(_NOT_DURABLE)
        text = json.dumps(event, separators=(",", ":")).encode()
        return json.loads(self.invoke(text, context, client=client))

    def invoke(
        self,
        event: bytes,
        lambda_context: LambdaContext | None,
        *,
        client: DurableServiceClient | None = None,
        transport: Any = None,
        deadline_ms: int = 0,
    ) -> bytes:
        """One invocation: the output as JSON text.

        ``transport`` is one of the core, and wins over ``client``.  Raises what makes
        Lambda repeat the invocation.
        """
        if not deadline_ms:
            deadline_ms = _deadline_of(lambda_context)
        try:
            run = Run(
                event,
                send=transport or sender_of(client or self._client),
                plugins=Plugins(self._factories),
                lambda_context=lambda_context,
                deadline_ms=deadline_ms,
                event_loop=self._is_async,
                is_plain=self._is_plain,
            )
        except ExecutionError as error:
            raise ExecutionError(_NOT_DURABLE) from error
        try:
            if _native.run_begin(run.native):
                if self._is_async:
                    _run_async_handler(run, self._func)
                else:
                    _run_handler(run, self._func)
            kind, body = _native.run_finish(run.native)
        finally:
            run.close()
        if run.plugins.control is not None:
            raise run.plugins.control
        if kind == _native.DURABLE_EVENT_ABORT:
            raise run.error or _aborted(body)
        return body  # type: ignore[no-any-return]


def _deadline_of(context: LambdaContext | None) -> int:
    """Unix milliseconds; 0: none."""
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    if remaining is None:
        return 0
    left = remaining()
    if not isinstance(left, int):
        return 0
    import time

    return int(time.time() * 1000) + left


def _aborted(body: bytes) -> BaseException:
    """What the engine gave up with."""
    said = json.loads(body)
    name = said["errorType"].rpartition(".")[2]
    named = getattr(exceptions, name, InvocationError)
    if isinstance(named, type) and issubclass(named, InvocationError):
        return named(said["errorMessage"])
    return InvocationError(said["errorMessage"])


def _is_async(func: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(inspect.unwrap(func)) or (
        inspect.iscoroutinefunction(getattr(func, "__call__", None))
    )


def _run_async_handler(run: Run, func: Callable[[Any, Any], Any]) -> None:
    # A third of a cold start, so only for those who need it.
    import asyncio

    from durable_core import aio

    def call() -> Any:
        context = aio.AsyncDurableContext(run, run.root_ctx)
        event = _input_of(run)
        return run.plugins.invocation(lambda: func(event, context))

    def give(outcome: Callable[[], Any]) -> None:
        try:
            payload = run.output(outcome())
        except asyncio.CancelledError:
            _raised(run, RuntimeError("the handler was cancelled"))
        except BaseException as error:
            _raised(run, error)
        else:
            _returned(run, payload)

    aio.run_to_end(run, call, give)


def _run_handler(run: Run, func: Callable[[Any, DurableContext], Any]) -> None:
    strand = run.root
    before = run.occupy(strand)
    try:
        event = _input_of(run)
        context = DurableContext(run, run.root_ctx)
        result = run.plugins.invocation(lambda: func(event, context))
        payload = run.output(result)
    except BaseException as error:
        _raised(run, error)
    else:
        _returned(run, payload)
    finally:
        run.leave(before)
        strand.end()


def _input_of(run: Run) -> Any:
    text = _native.durable_engine_input(run.native)
    if not text or not text.strip():
        return {}
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        run.retry(error)
        raise


def _returned(run: Run, payload: str) -> None:
    if run.root.suspended:
        _unwound(run)
        return
    run.plugins.result = payload if len(payload) <= LAMBDA_RESPONSE_SIZE_LIMIT else ""
    try:
        _native.handler_return(run.native, payload)
    except SuspendExecution:
        _unwound(run)
    except Exception as error:
        _native.handler_raise(run.native, error_text(error), 0)


def _raised(run: Run, error: BaseException) -> None:
    if run.root.suspended or isinstance(error, SuspendExecution):
        _unwound(run)
        return
    retry = not isinstance(error, Exception) or run.error is error
    if isinstance(error, InvocationError):
        retry = error.is_retryable()
    if retry:
        run.retry(error)
        logger.error("Invocation error, to be retried", exc_info=error)
    else:
        logger.error("Execution failed", exc_info=error)
    try:
        _native.handler_raise(run.native, error_text(error), int(retry))
    except (SuspendExecution, RuntimeError):
        _unwound(run)


def _unwound(run: Run) -> None:
    """The root has no outcome of its own; the engine knows how this ends."""
    try:
        _native.handler_unwound(run.native)
    except (SuspendExecution, RuntimeError):
        logger.debug("the execution had its outcome before its handler")
