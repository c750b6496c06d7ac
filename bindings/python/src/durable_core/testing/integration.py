"""Tests of a function that is deployed: started by name, awaited, and its logs read.

::

    function = DeployedFunction("orders:live", region="eu-west-1")
    arn = function.start("order-17", {"total": 5})
    result = function.wait_for_result(arn, timeout=120)
    assert result.get_result() == "paid"
    lines = function.query_logs(result, 'filter level = "ERROR"')
    assert lines == []
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from durable_core.testing.cloud import DurableFunctionCloudTestRunner, _bare
from durable_core.testing.exceptions import DurableFunctionsTestError
from durable_core.testing.model import ExecutionStatus
from durable_core.testing.result import DurableFunctionTestResult

logger = logging.getLogger(__name__)

LOG_POLLS = 10
LOG_POLL_INTERVAL_S = 3.0

_NO_ANSWER = ("Failed", "Cancelled", "Timeout", "Unknown")


class DeployedFunction(DurableFunctionCloudTestRunner):
    """A function, its executions and its log group.

    * ``log_group``: None: ``/aws/lambda/NAME``.
    * ``logs_endpoint``: None: AWS's; of ``durable serve`` the one of the functions.
    * ``sleep``: how the polls of a log query wait.
    """

    def __init__(
        self,
        function_name: str,
        region: str = "us-west-2",
        lambda_endpoint: str | None = None,
        poll_interval: float = 1.0,
        *,
        log_group: str | None = None,
        logs_endpoint: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        import boto3

        super().__init__(function_name, region, lambda_endpoint, poll_interval)
        self.log_group = log_group or f"/aws/lambda/{_bare(function_name)}"
        self.logs_client: Any = boto3.client(
            "logs", endpoint_url=logs_endpoint, region_name=region
        )
        self._sleep = sleep

    def start(self, execution_name: str, payload: object = None) -> str:
        """Invoke asynchronously; the ARN of the execution of that name.

        A name with which the same input was started before is that execution.
        ``payload``: any value with a JSON form.
        """
        arn = self._invoke(
            "Event", 202, payload, DurableExecutionName=execution_name
        )
        if not arn:
            raise DurableFunctionsTestError(
                f"No DurableExecutionArn in response for function {self.function_name}"
            )
        return arn

    def query_logs(
        self,
        result: DurableFunctionTestResult,
        query: str,
        *,
        expect: int = 1,
        slack_s: int = 60,
    ) -> list[dict[str, Any]]:
        """Rows of a CloudWatch Logs Insights query over the time of an execution.

        Lines arrive late, so a query is repeated until it has ``expect`` rows, or
        :data:`LOG_POLLS` polls, :data:`LOG_POLL_INTERVAL_S` apart, are used up.
        ``@message`` of a row is parsed where it is JSON.  ``slack_s``: seconds
        looked at before and after the execution.

        Raises DurableFunctionsTestError for an execution that still runs: what it
        has not logged yet cannot be missed.
        """
        if result.execution_status in (None, ExecutionStatus.RUNNING):
            raise DurableFunctionsTestError(
                "query_logs: the execution is not over; wait for its result first"
            )
        times = [event.event_timestamp.timestamp() for event in result.events]
        if not times:
            raise DurableFunctionsTestError("query_logs: the execution has no history")
        window = (int(min(times)) - slack_s, int(max(times)) + slack_s)
        rows: list[dict[str, Any]] = []
        running: str | None = None
        for poll in range(LOG_POLLS):
            if poll:
                self._sleep(LOG_POLL_INTERVAL_S)
            running = running or self._start_query(query, window)
            answer = self._results_of(running)
            if answer is None:
                continue
            rows, running = answer, None
            if len(rows) >= expect:
                break
        return rows

    def _start_query(self, query: str, window: tuple[int, int]) -> str:
        answer = self._call(
            f"query the logs of {self.log_group}",
            lambda: self.logs_client.start_query(
                logGroupName=self.log_group,
                startTime=window[0],
                endTime=window[1],
                queryString=query,
            ),
        )
        return str(answer["queryId"])

    def _results_of(self, query_id: str) -> list[dict[str, Any]] | None:
        """None while the query runs."""
        answer = self._call(
            f"read the logs of {self.log_group}",
            lambda: self.logs_client.get_query_results(queryId=query_id),
        )
        status = answer.get("status")
        if status in _NO_ANSWER:
            raise DurableFunctionsTestError(f"the query of the logs ended: {status}")
        if status != "Complete":
            return None
        return [
            {cell["field"]: _parsed(cell["field"], cell.get("value")) for cell in row}
            for row in answer.get("results", [])
        ]


def _parsed(name: str, value: str | None) -> Any:
    if name != "@message" or value is None:
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in what runs inside after that many seconds.

    By SIGALRM, so in the main thread of a Unix process alone; an outer limit goes
    on afterwards with the time it has left.
    """
    import signal

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"not done within {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    began = time.monotonic()
    outer = signal.setitimer(signal.ITIMER_REAL, seconds)[0]
    try:
        yield
    finally:
        left = max(outer - (time.monotonic() - began), 0.001) if outer else 0
        signal.setitimer(signal.ITIMER_REAL, left)
        signal.signal(signal.SIGALRM, before)
