"""The local durable service in this process, for the runner.

In memory, or in a SQLite file that ``durable`` can look at.
"""

from __future__ import annotations

import json
import os
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlencode

from durable_core import _service
from durable_core.exceptions import CheckpointError, GetExecutionStateError
from durable_core.lambda_service import (
    CheckpointOutput,
    DurableServiceClient,
    ErrorObject,
    OperationUpdate,
    StateOutput,
)
from durable_core.testing.exceptions import AwsApiException, _error_named
from durable_core.testing.model import (
    Event,
    GetDurableExecutionHistoryResponse,
    GetDurableExecutionResponse,
    LambdaContext,
    _with_times,
)

_API = "/2025-12-01"
_YEAR_S = 31_536_000
_SLICE_S = 0.1

CLOSE_PATIENCE_S = 10.0
"""How long a handler that does not come back holds up the end of a test."""

Handler = Callable[[Any, LambdaContext], Any]


def _target(arn: str, *rest: str, **query: object) -> str:
    path = "/".join([_API, "durable-executions", quote(arn, safe=""), *rest])
    given = {name: value for name, value in query.items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path


def _close(service: _service._Service) -> None:
    """On a thread of its own: a close cannot be interrupted, and may never end."""
    closer = threading.Thread(
        target=_service.service_close, args=(service,), name="durable-close", daemon=True
    )
    try:
        closer.start()
    except RuntimeError:  # Python 3.12 starts none while it ends
        closer.run()
        return
    closer.join(CLOSE_PATIENCE_S)
    if closer.is_alive():
        warnings.warn(
            f"a handler still runs after {CLOSE_PATIENCE_S} s, and is left behind",
            ResourceWarning,
            stacklevel=2,
        )


class LocalService:
    """Functions, executions and their clock.

    ``virtual_time``: waits and retries take no time; timeouts of callbacks pass by
    :meth:`advance` alone.  Closed at exit, or by :meth:`close`, which waits for
    handlers that run, :data:`CLOSE_PATIENCE_S` long.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        virtual_time: bool = True,
        region: str = "us-west-2",
        account_id: str = "123456789012",
    ) -> None:
        where = None if path is None else os.fspath(path)
        service = _service.service_open(
            where, virtual_time, True, virtual_time, False, 0, 0.0, region, account_id
        )
        self._close = weakref.finalize(self, _close, service)
        self._transport = _service.service_transport(service)
        self._native = service
        self._place = f"arn:aws:lambda:{region}:{account_id}:function"
        self.virtual_time = virtual_time
        self.account_id = account_id

    def close(self) -> None:
        self._close()

    @property
    def _handle(self) -> _service._Service:
        if not self._close.alive:
            raise AwsApiException("the local service is closed")
        return self._native

    # ---- functions

    def register(
        self,
        name: str,
        handler: Handler,
        *,
        durable: bool = True,
        timeout_s: int = 900,
        execution_timeout_s: int = _YEAR_S,
    ) -> None:
        """Make ``handler`` the function ``name``; again: in place of the old one.

        A durable one is given the invocation with this service as its client.
        """
        call = self._durable(handler) if durable else self._plain(handler)
        _service.service_register(
            self._handle,
            name,
            call,
            timeout_s,
            execution_timeout_s,
            not durable,
            0,
        )

    def _durable(self, handler: Handler) -> _service._Function:
        """What ``@durable_execution`` made, or something wrapped around that."""
        invoke = getattr(handler, "invoke", None)
        client = LocalServiceClient(self)

        transport = self._transport

        def direct(event: bytes, context: LambdaContext) -> bytes:
            answer: bytes = invoke(event, context, transport=transport)  # type: ignore[misc]
            return answer

        def wrapped(event: bytes, context: LambdaContext) -> bytes:
            return _json(handler(client._invocation(json.loads(event)), context))

        return self._calling(wrapped if invoke is None else direct)

    def _plain(self, handler: Handler) -> _service._Function:
        def run(event: bytes, context: LambdaContext) -> bytes:
            return _json(handler(json.loads(event) if event else None, context))

        return self._calling(run)

    def _calling(
        self, run: Callable[[bytes, LambdaContext], bytes]
    ) -> _service._Function:
        me = weakref.ref(self)

        def call(
            name: str,
            request_id: str,
            arn: str | None,
            tenant_id: str | None,
            event: bytes,
            deadline_ms: int,
        ) -> tuple[int, bytes]:
            service = me()
            if service is None:
                return _service.DURABLE_SERVICE_CRASHED, b"{}"
            left_s = deadline_ms / 1000 - time.time()  # real, as virtual time stands
            context = LambdaContext(
                aws_request_id=request_id,
                function_name=name,
                function_version="$LATEST",
                invoked_function_arn=f"{service._place}:{name}",
                tenant_id=tenant_id,
                memory_limit_in_mb="128",
                deadline_s=time.monotonic() + left_s,
            )
            return _outcome_of(run, event, context)

        return call

    # ---- requests

    def request(
        self,
        method: str,
        target: str,
        body: object = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        """A call of the service's API; ``body`` as JSON.  Raises AwsApiException."""
        text = b"" if body is None else _json(body)
        status, error_type, answer, _, _ = self.send(method, target, text, headers)
        parsed = json.loads(answer) if answer else {}
        if status >= 400:
            message = parsed.get("message") or parsed.get("Message") or str(parsed)
            raise _error_named(error_type or parsed.get("Type"), message, status)
        return parsed

    def send(
        self,
        method: str,
        target: str,
        body: bytes,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, str | None, bytes, str | None, str | None]:
        """Status, error type, body, ARN and function error of the answer."""
        flat = tuple(part for pair in (headers or {}).items() for part in pair)
        return _service.service_request(self._handle, method, target, flat, body)

    # ---- executions

    def start(
        self,
        function_name: str,
        execution_name: str,
        payload: str | None,
        *,
        execution_timeout_s: int = _YEAR_S,
        tenant_id: str | None = None,
    ) -> str:
        """The ARN of a new execution; ``payload`` is JSON text."""
        body = {
            "AccountId": self.account_id,
            "FunctionName": function_name,
            "FunctionQualifier": "$LATEST",
            "ExecutionName": execution_name,
            "ExecutionTimeoutSeconds": execution_timeout_s,
            "ExecutionRetentionPeriodDays": 7,
        }
        if payload is not None:
            body["Input"] = payload
        if tenant_id is not None:
            body["TenantId"] = tenant_id
        answer = self.request("POST", "/start-durable-execution", body)
        return str(answer["ExecutionArn"])

    def execution(self, arn: str) -> GetDurableExecutionResponse:
        answer = self.request("GET", _target(arn))
        return GetDurableExecutionResponse.from_dict(_with_times(answer))

    def events(self, arn: str, *, data: bool = True) -> Iterator[Event]:
        """The whole history; payloads with ``data``."""
        marker = None
        while True:
            target = _target(
                arn,
                "history",
                IncludeExecutionData=str(data).lower(),
                Marker=marker,
            )
            page = GetDurableExecutionHistoryResponse.from_dict(
                _with_times(self.request("GET", target))
            )
            yield from page.events
            marker = page.next_marker
            if not marker:
                return

    def is_over(self, arn: str, timeout_s: float = 0) -> bool:
        """Waits that long, in real time."""
        return self._wait(_service.service_wait, arn, timeout_s)

    def settle(self, arn: str, timeout_s: float) -> bool:
        """Wait until it is over (True), or can go on only by a callback's result."""
        return self._wait(_service.service_settle, arn, timeout_s)

    def _wait(
        self,
        wait: Callable[[_service._Service, str, int], int],
        arn: str,
        timeout_s: float,
    ) -> bool:
        """In slices, between which Python takes its signals."""
        deadline = time.monotonic() + timeout_s
        while True:
            began = time.monotonic()
            part = max(0.0, min(_SLICE_S, deadline - began))
            status = wait(self._handle, arn, int(part * 1000))
            if status != _service.DURABLE_EXECUTION_RUNNING:
                return True
            now = time.monotonic()
            settled = wait is _service.service_settle and now - began < part / 2
            if settled or now >= deadline:
                return False

    def stop(self, arn: str) -> None:
        self.request("POST", _target(arn, "stop"), {})

    # ---- callbacks

    def complete_callback(
        self, callback_id: str, what: str, body: bytes | None = None
    ) -> None:
        """``what``: succeed, fail or heartbeat."""
        name = quote(callback_id, safe="")
        target = f"{_API}/durable-execution-callbacks/{name}/{what}"
        status, error_type, answer, _, _ = self.send("POST", target, body or b"")
        if status >= 400:
            parsed = json.loads(answer or b"{}")
            raise _error_named(error_type, parsed.get("message") or str(parsed), status)

    # ---- time

    def now_ms(self) -> int:
        return _service.service_now(self._handle)

    def advance(self, seconds: float) -> None:
        """Move virtual time on; timers that are due fire."""
        _service.service_advance(self._handle, int(seconds * 1000))


def _outcome_of(
    run: Callable[[bytes, LambdaContext], bytes], event: bytes, context: LambdaContext
) -> tuple[int, bytes]:
    """What Lambda makes of a handler's answer or exception."""
    try:
        return _service.DURABLE_SERVICE_RETURNED, run(event, context)
    except Exception as error:
        stored = ErrorObject(str(error), type(error).__name__, None, None)
        return _service.DURABLE_SERVICE_RAISED, _json(stored.to_dict())
    except BaseException as error:
        stored = ErrorObject(repr(error), "Runtime.ExitError", None, None)
        return _service.DURABLE_SERVICE_CRASHED, _json(stored.to_dict())


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


class LocalServiceClient(DurableServiceClient):
    """The durable APIs of a LocalService, by direct calls."""

    def __init__(self, service: LocalService) -> None:
        self._service = weakref.ref(service)

    def _of(self) -> LocalService:
        service = self._service()
        if service is None:
            raise AwsApiException("the local service is gone")
        return service

    def _invocation(self, event: dict[str, Any]) -> Any:
        """The event with this client in it, as a handler takes it."""
        from durable_core.execution import (
            DurableExecutionInvocationInput,
            DurableExecutionInvocationInputWithClient,
        )

        return DurableExecutionInvocationInputWithClient.from_durable_execution_invocation_input(
            DurableExecutionInvocationInput.from_json_dict(event), self
        )

    def checkpoint(
        self,
        durable_execution_arn: str,
        checkpoint_token: str,
        updates: list[OperationUpdate],
        client_token: str | None,
    ) -> CheckpointOutput:
        body: dict[str, Any] = {
            "CheckpointToken": checkpoint_token,
            "Updates": [update.to_dict() for update in updates],
        }
        if client_token is not None:
            body["ClientToken"] = client_token
        target = _target(durable_execution_arn, "checkpoint")
        try:
            answer = self._of().request("POST", target, body)
        except AwsApiException as cause:
            raise CheckpointError.from_exception(cause) from cause
        return CheckpointOutput.from_dict(_with_times(answer))

    def get_execution_state(
        self,
        durable_execution_arn: str,
        checkpoint_token: str,
        next_marker: str,
        max_items: int = 1000,
    ) -> StateOutput:
        target = _target(
            durable_execution_arn,
            "state",
            CheckpointToken=checkpoint_token,
            Marker=next_marker,
            MaxItems=max_items,
        )
        try:
            answer = self._of().request("GET", target)
        except AwsApiException as cause:
            raise GetExecutionStateError.from_exception(cause) from cause
        return StateOutput.from_dict(_with_times(answer))
