# What durable_core.testing uses of its extension; see service/api.h.
from collections.abc import Callable
from typing import NewType

_Service = NewType("_Service", object)
_Function = Callable[[str, str, str | None, str | None, bytes, int], tuple[int, bytes]]

DURABLE_SERVICE_RETURNED: int
DURABLE_SERVICE_RAISED: int
DURABLE_SERVICE_CRASHED: int
DURABLE_EXECUTION_RUNNING: int

def service_open(
    path: str | None,
    virtual_time: bool,
    collapse: bool,
    hold_callbacks: bool,
    no_dispatch: bool,
    max_threads: int,
    time_scale: float,
    region: str | None,
    account_id: str | None,
) -> _Service: ...
def service_close(service: _Service) -> None: ...
def service_register(
    service: _Service,
    name: str,
    function: _Function,
    timeout_s: int,
    execution_timeout_s: int,
    not_durable: bool,
    concurrency: int,
) -> int: ...
def service_request(
    service: _Service,
    method: str,
    target: str,
    headers: tuple[str, ...],
    body: bytes,
) -> tuple[int, str | None, bytes, str | None, str | None]: ...
def service_wait(service: _Service, arn: str, timeout_ms: int) -> int: ...
def service_settle(service: _Service, arn: str, timeout_ms: int) -> int: ...
def service_now(service: _Service) -> int: ...
def service_advance(service: _Service, by_ms: int) -> int: ...
def service_transport(service: _Service) -> object: ...
