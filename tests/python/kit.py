"""Handlers on the embedded service, in virtual time, and what they left there."""

from __future__ import annotations

import contextlib
import json
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Any

from durable_core import _service
from durable_core.execution import Handler


class LambdaContext:
    """What a managed runtime gives to a handler."""

    def __init__(self, request_id: str, deadline_ms: int) -> None:
        self.aws_request_id = request_id
        self.deadline_ms = deadline_ms


class Outcome:
    """How an execution ended, and its history."""

    def __init__(self, service: Service, arn: str) -> None:
        self.arn = arn
        path = "/2025-12-01/durable-executions/" + urllib.parse.quote(arn, safe="")
        got = service.request("GET", path)
        self.status: str = got["Status"]
        self.text: str | None = got.get("Result")
        self.error: dict[str, Any] | None = got.get("Error")
        self.events = service.pages(path + "/history?IncludeExecutionData=true&MaxItems=1000")

    @property
    def result(self) -> Any:
        assert self.status == "SUCCEEDED", (self.status, self.error)
        return json.loads(self.text or "null")

    def kinds(self) -> list[str]:
        """``StepStarted charge`` and so on, without the execution's and the
        invocations' own."""
        return [
            " ".join(filter(None, (one["EventType"], one.get("Name"))))
            for one in self.events
            if not one["EventType"].startswith(("Execution", "Invocation"))
        ]

    @property
    def invocations(self) -> int:
        return sum(one["EventType"] == "InvocationCompleted" for one in self.events)


class Service:
    """The embedded service; ``raised`` are what handlers ended invocations with."""

    def __init__(self, *, virtual: bool = True, collapse: bool = True) -> None:
        self.native = _service.service_open(
            None, int(virtual), int(collapse), 1, 0, 0, 0.0, None, None
        )
        self.transport = _service.service_transport(self.native)
        self.raised: list[BaseException] = []
        self.threads_left: list[str] = []

    def close(self) -> None:
        _service.service_close(self.native)

    def request(self, method: str, target: str, body: Any = None) -> dict[str, Any]:
        text = b"" if body is None else json.dumps(body).encode()
        status, kind, answer, *_ = _service.service_request(
            self.native, method, target, (), text
        )
        assert status < 300, (status, kind, answer)
        return json.loads(answer or b"{}")  # type: ignore[no-any-return]

    def pages(self, target: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        marker = ""
        while True:
            page = self.request("GET", target + marker)
            found += page["Events"]
            if not page.get("NextMarker"):
                return found
            marker = "&Marker=" + urllib.parse.quote(page["NextMarker"], safe="")

    def register(self, name: str, handler: Handler, **options: int) -> None:
        def function(
            _name: str,
            request_id: str,
            _arn: str | None,
            _tenant: str | None,
            event: bytes,
            deadline_ms: int,
        ) -> tuple[int, bytes]:
            before = set(threading.enumerate())
            context: Any = LambdaContext(request_id, deadline_ms)
            try:
                body = handler.invoke(
                    event, context, deadline_ms=0, transport=self.transport
                )
                outcome = _service.DURABLE_SERVICE_RETURNED
            except BaseException as error:
                self.raised.append(error)
                said = {"ErrorType": type(error).__name__, "ErrorMessage": str(error)}
                body = json.dumps(said).encode()
                outcome = _service.DURABLE_SERVICE_RAISED
            self.threads_left += [
                one.name
                for one in set(threading.enumerate()) - before
                if one.name.startswith("durable-")
            ]
            return outcome, body

        _service.service_register(
            self.native,
            name,
            function,
            options.get("timeout_s", 0),
            options.get("execution_timeout_s", 0),
            options.get("not_durable", 0),
            0,
        )

    def start(self, name: str, event: Any = None) -> str:
        arn, _ = _service.service_start(
            self.native, name, json.dumps(event).encode(), None, None
        )
        return arn  # type: ignore[no-any-return]

    def settle(self, arn: str) -> Outcome:
        """Run until it is over, or waits for a callback."""
        _service.service_settle(self.native, arn, 60_000)
        return Outcome(self, arn)

    def wait(self, arn: str) -> Outcome:
        status = _service.service_wait(self.native, arn, 60_000)
        assert status != _service.DURABLE_EXECUTION_RUNNING, "it does not end"
        assert not self.threads_left, self.threads_left
        return Outcome(self, arn)

    def run(self, func: Callable[..., Any], event: Any = None) -> Outcome:
        """``func`` as a handler, or a handler, to its end."""
        handler = func if isinstance(func, Handler) else Handler(func, None, [])
        self.register("handler", handler)
        return self.wait(self.start("handler", event))

    def complete(self, callback_id: str, result: str) -> None:
        _complete(self, callback_id, "succeed", result.encode())

    def reject(self, callback_id: str, error: dict[str, Any]) -> None:
        _complete(self, callback_id, "fail", json.dumps(error).encode())


def _complete(service: Service, callback_id: str, how: str, body: bytes) -> None:
    path = "/2025-12-01/durable-execution-callbacks/"
    path += urllib.parse.quote(callback_id, safe="") + "/" + how
    status, kind, answer, *_ = _service.service_request(
        service.native, "POST", path, (), body
    )
    assert status < 300, (status, kind, answer)


@contextlib.contextmanager
def service(**options: bool) -> Iterator[Service]:
    made = Service(**options)
    try:
        yield made
    finally:
        made.close()
