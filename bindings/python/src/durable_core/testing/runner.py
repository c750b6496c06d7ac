"""The local runner: a handler on the embedded service, in this process.

The same code runs as on Lambda, invocation after invocation; only the time is
virtual, so that a wait of a day takes none.
"""

from __future__ import annotations

import json
import os
import time
import warnings
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from durable_core.lambda_service import ErrorObject
from durable_core.testing.cloud import DurableFunctionCloudTestRunner, _bare
from durable_core.testing.exceptions import (
    DurableFunctionsTestError,
    InvalidParameterValueException,
)
from durable_core.testing.model import (
    ExecutionStatus,
    GetDurableExecutionHistoryResponse,
)
from durable_core.testing.operations import (
    OPERATION_FACTORIES,
    CallbackOperation,
    ContextOperation,
    ExecutionOperation,
    InvokeOperation,
    Operation,
    OperationFactory,
    StepOperation,
    WaitOperation,
    create_operation,
)
from durable_core.testing.result import DurableFunctionTestResult, _open_callback
from durable_core.testing.service import LocalService

if TYPE_CHECKING:
    from durable_core.context import DurableContext

__all__ = [
    "OPERATION_FACTORIES",
    "CallbackOperation",
    "ContextOperation",
    "DurableChildContextTestRunner",
    "DurableFunctionCloudTestRunner",
    "DurableFunctionTestResult",
    "DurableFunctionTestRunner",
    "ExecutionOperation",
    "ExecutionStatus",
    "InvokeOperation",
    "Operation",
    "OperationFactory",
    "StepOperation",
    "WaitOperation",
    "create_operation",
]

_YEAR_S = 31_536_000
_TICK_S = 0.01  # how often it is looked at what only real time can change


class DurableFunctionTestRunner:
    """Runs a handler, and the functions that it invokes.

    * ``handler``: what ``@durable_execution`` made.
    * ``execution_timeout``: real seconds that :meth:`run` waits; with
      ``skip_time=False`` also the execution's own timeout.
    * ``invocation_timeout``: seconds that one invocation may take.
    * ``store``: path of a SQLite file; None: in memory.
    * ``skip_time``: waits and retries take no time.  The timeouts of callbacks
      take real time all the same, so that a test can be in time for them, unless
      :meth:`advance` moves them.
    * ``region``: of the ARNs.

    Use it in a ``with``; leaving it waits for handlers that run.
    """

    def __init__(
        self,
        handler: Callable[..., Any],
        poll_interval: float = 1.0,
        max_invocation_page_bytes: int | None = None,
        execution_timeout: int = 300,
        invocation_timeout: int = 900,
        store: str | os.PathLike[str] | None = None,
        skip_time: bool = True,
        region: str = "us-west-2",
    ) -> None:
        if max_invocation_page_bytes is not None:
            raise InvalidParameterValueException(
                "max_invocation_page_bytes: the service pages as it does on Lambda"
            )
        self.poll_interval = poll_interval
        self._handler = handler
        self._execution_timeout = execution_timeout
        self._invocation_timeout = invocation_timeout
        self._store = store
        self._skip_time = skip_time
        self._region = region
        self._service: LocalService | None = None
        self._registered: list[Callable[[LocalService], None]] = []
        self._names: dict[str, int] = {}

    # ---- functions

    def register_durable_function(
        self,
        function_name: str,
        handler: Callable[..., Any],
        execution_timeout: int = 120,
        retention_period_days: int = 1,
    ) -> DurableFunctionTestRunner:
        """Let ``context.invoke(function_name)`` start an execution of ``handler``.

        ``retention_period_days`` changes nothing here: a runner forgets nothing.
        """
        return self._register(
            lambda service: service.register(
                function_name,
                handler,
                timeout_s=self._invocation_timeout,
                execution_timeout_s=self._timeout_of_execution(execution_timeout),
            )
        )

    def register_function(
        self, function_name: str, handler: Callable[..., Any]
    ) -> DurableFunctionTestRunner:
        """Let ``context.invoke(function_name)`` call ``handler(event, context)``."""
        return self._register(
            lambda service: service.register(
                function_name,
                handler,
                durable=False,
                timeout_s=self._invocation_timeout,
            )
        )

    def _register(
        self, put: Callable[[LocalService], None]
    ) -> DurableFunctionTestRunner:
        if self._service is not None:
            put(self._service)
        self._registered.append(put)
        return self

    def _timeout_of_execution(self, seconds: int) -> int:
        """Virtual time runs ahead of the real seconds that a test means."""
        return _YEAR_S if self._skip_time else seconds

    def _open(self, account_id: str) -> LocalService:
        if self._service is None:
            self._service = LocalService(
                self._store,
                virtual_time=self._skip_time,
                region=self._region,
                account_id=account_id,
            )
            for put in self._registered:
                put(self._service)
        if self._service.account_id != account_id:
            raise InvalidParameterValueException(
                f"account_id {account_id}: this runner has executions of "
                f"{self._service.account_id}"
            )
        return self._service

    def _opened(self) -> LocalService:
        if self._service is None:
            raise DurableFunctionsTestError("nothing was run yet")
        return self._service

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends executions that run where they stand; a file keeps them."""
        if self._service is not None:
            self._service.close()

    # ---- running

    def run(
        self,
        input: str | None = None,
        execution_timeout: int | None = None,
        timeout: int | None = None,
        function_name: str = "test-function",
        execution_name: str = "execution-name",
        account_id: str = "123456789012",
        tenant_id: str | None = None,
    ) -> DurableFunctionTestResult:
        """Start an execution and wait for its end.

        ``input`` is JSON text.  Raises TimeoutError after ``execution_timeout`` real
        seconds; ``timeout`` is its old name.
        """
        if timeout is not None and execution_timeout is None:
            warnings.warn(
                "timeout on run() is deprecated. Use execution_timeout instead.",
                DeprecationWarning,
                stacklevel=2,
            )
        arn = self.run_async(
            input,
            execution_timeout,
            timeout,
            function_name,
            execution_name,
            account_id,
            tenant_id,
        )
        return self.wait_for_result(arn, self._limit(execution_timeout, timeout))

    def _limit(self, execution_timeout: int | None, timeout: int | None) -> int:
        given = (execution_timeout, timeout, self._execution_timeout)
        return next(seconds for seconds in given if seconds is not None)

    def run_async(
        self,
        input: str | None = None,
        execution_timeout: int | None = None,
        timeout: int | None = None,
        function_name: str = "test-function",
        execution_name: str = "execution-name",
        account_id: str = "123456789012",
        tenant_id: str | None = None,
    ) -> str:
        """Start an execution; its ARN.

        Names are unique in the service: the second execution called ``NAME`` is
        ``NAME-2``.
        """
        service = self._open(account_id)
        limit = self._timeout_of_execution(self._limit(execution_timeout, timeout))
        service.register(
            _bare(function_name),
            self._handler,
            timeout_s=self._invocation_timeout,
            execution_timeout_s=limit,
        )
        count = self._names[execution_name] = self._names.get(execution_name, 0) + 1
        name = execution_name if count == 1 else f"{execution_name}-{count}"
        return service.start(
            function_name, name, input, execution_timeout_s=limit, tenant_id=tenant_id
        )

    def run_until_suspension(
        self,
        input: str | None = None,
        execution_timeout: int | None = None,
        function_name: str = "test-function",
        execution_name: str = "execution-name",
    ) -> DurableFunctionTestResult:
        """Start an execution and wait until it is over, or waits for a callback.

        The result is PENDING then; :meth:`wait_until_suspension` goes on with it.
        """
        arn = self.run_async(
            input,
            execution_timeout,
            function_name=function_name,
            execution_name=execution_name,
        )
        return self.wait_until_suspension(arn, self._limit(execution_timeout, None))

    def wait_until_suspension(
        self, execution_arn: str, timeout: float = 60
    ) -> DurableFunctionTestResult:
        """Raises TimeoutError while an invocation still runs."""
        began = time.monotonic()
        self._opened().settle(execution_arn, timeout)
        if time.monotonic() - began >= timeout:
            raise TimeoutError(f"Execution still ran after {timeout}s")
        return self._result_of(execution_arn)

    def wait_for_result(
        self, execution_arn: str, timeout: int = 60
    ) -> DurableFunctionTestResult:
        """Wait for the end of an execution, that many real seconds.

        Raises TimeoutError.
        """
        service = self._opened()
        deadline = time.monotonic() + timeout
        if not self._skip_time:
            over = service.is_over(execution_arn, timeout)
        else:
            over = service.settle(execution_arn, timeout)
            last = time.monotonic()
            while not over and last < deadline:
                # Only a callback can help: let its time pass as it does.
                over = service.is_over(execution_arn, min(_TICK_S, deadline - last))
                now = time.monotonic()
                service.advance(now - last)
                last = now
        if not over:
            raise TimeoutError("Execution did not complete within timeout")
        return self._result_of(execution_arn)

    def _result_of(self, arn: str) -> DurableFunctionTestResult:
        service = self._opened()
        return DurableFunctionTestResult.from_execution_history(
            service.execution(arn),
            GetDurableExecutionHistoryResponse(list(service.events(arn))),
        )

    def get_execution_history(
        self, execution_arn: str, include_execution_data: bool = False
    ) -> GetDurableExecutionHistoryResponse:
        """Also of an execution that another one invoked; payloads on request."""
        events = self._opened().events(execution_arn, data=include_execution_data)
        return GetDurableExecutionHistoryResponse(list(events))

    # ---- callbacks

    def wait_for_callback(
        self, execution_arn: str, name: str | None = None, timeout: int = 60
    ) -> str:
        """The id of a callback that waits for its result.

        Without a name the newest.  Raises TimeoutError, and
        DurableFunctionsTestError when the named one has its result already.
        """
        service = self._opened()
        deadline = time.monotonic() + timeout
        while True:
            over = service.settle(execution_arn, max(0.0, deadline - time.monotonic()))
            events = list(service.events(execution_arn, data=False))
            found = _open_callback(events, name)
            if found is not None:
                return found
            if over or time.monotonic() >= deadline:
                break
            time.sleep(min(_TICK_S, self.poll_interval))
        raise TimeoutError(f"Callback did not become available within {timeout}s.")

    def send_callback_success(
        self, callback_id: str, result: bytes | None = None
    ) -> None:
        """``result``: what the handler is given, at most 256 KiB."""
        self._opened().complete_callback(callback_id, "succeed", result)

    def send_callback_failure(
        self, callback_id: str, error: ErrorObject | None = None
    ) -> None:
        body = json.dumps(error.to_dict() if error else {}).encode()
        self._opened().complete_callback(callback_id, "fail", body)

    def send_callback_heartbeat(self, callback_id: str) -> None:
        self._opened().complete_callback(callback_id, "heartbeat")

    def advance(self, seconds: float) -> None:
        """Move virtual time on, past timeouts of callbacks too."""
        if not self._skip_time:
            raise DurableFunctionsTestError("advance() needs skip_time=True")
        self._opened().advance(seconds)

    def stop_execution(self, execution_arn: str) -> None:
        """StopDurableExecution."""
        self._opened().stop(execution_arn)


class DurableChildContextTestRunner(DurableFunctionTestRunner):
    """Runs a function that ``@durable_with_child_context`` decorates, by itself.

    ``args`` and ``kwargs`` are those behind the context.
    """

    def __init__(
        self,
        context_function: Callable[..., Any],
        *args: Any,
        skip_time: bool = True,
        **kwargs: Any,
    ) -> None:
        from durable_core.execution import durable_execution

        def handler(event: Any, context: DurableContext) -> Any:
            return context_function(*args, **kwargs)(context)

        super().__init__(durable_execution(handler), skip_time=skip_time)
