"""The cloud runner: a deployed function, at AWS or at any endpoint that speaks its
API, ``durable serve`` among them."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable
from typing import Any, TypeVar

from durable_core.lambda_service import ErrorObject
from durable_core.testing.exceptions import DurableFunctionsTestError
from durable_core.testing.model import (
    Event,
    GetDurableExecutionHistoryResponse,
    GetDurableExecutionResponse,
)
from durable_core.testing.result import DurableFunctionTestResult, _open_callback

logger = logging.getLogger(__name__)

_T = TypeVar("_T")

_NOT_YET = "ResourceNotFoundException"


def _bare(function_name: str) -> str:
    """The name in a FunctionName of any form."""
    found = re.fullmatch(
        r"(?:(?:.*:)?function:|\d{12}:)?([A-Za-z0-9_.-]+)(?::[^:]+)?", function_name
    )
    return found.group(1) if found else function_name


class DurableFunctionCloudTestRunner:
    """Runs ``function_name``, which is deployed already.

    * ``function_name``: a name, or an ARN; with a qualifier, as durable functions
      need one.
    * ``lambda_endpoint``: None: AWS's.
    * ``poll_interval``: seconds between two looks at an execution.

    Needs boto3.  What the service refuses is DurableFunctionsTestError.
    """

    def __init__(
        self,
        function_name: str,
        region: str = "us-west-2",
        lambda_endpoint: str | None = None,
        poll_interval: float = 1.0,
    ) -> None:
        import boto3
        from botocore.config import Config

        self.function_name = function_name
        self.region = region
        self.lambda_endpoint = lambda_endpoint
        self.poll_interval = poll_interval
        # A client older than a member of the API lets it through.
        config = Config(parameter_validation=False)
        self.lambda_client: Any = boto3.client(
            "lambda",
            endpoint_url=lambda_endpoint,
            region_name=region,
            config=config,
        )

    # ---- running

    def run(
        self, input: str | None = None, timeout: int = 60
    ) -> DurableFunctionTestResult:
        """Invoke, and wait for the end.  ``input``: any value with a JSON form."""
        arn = self._invoke("RequestResponse", 200, input)
        if not arn:
            raise DurableFunctionsTestError(
                f"No DurableExecutionArn in response for function {self.function_name}"
            )
        return self.wait_for_result(arn, timeout)

    def run_async(self, input: str | None = None, timeout: int = 60) -> str:
        """Invoke without waiting; the execution's ARN."""
        return self._invoke("Event", 202, input)

    def _invoke(
        self, kind: str, expected: int, payload: object, **more: object
    ) -> str:
        answer = self._call(
            f"invoke Lambda function {self.function_name}",
            lambda: self.lambda_client.invoke(
                FunctionName=self.function_name,
                InvocationType=kind,
                Payload=json.dumps(payload),
                **more,
            ),
        )
        status = answer.get("StatusCode")
        if status != expected:
            said = answer["Payload"].read().decode("utf-8", "replace")
            raise DurableFunctionsTestError(
                f"Lambda invocation failed with status {status}: {said}"
            )
        if "FunctionError" in answer:
            said = answer["Payload"].read().decode("utf-8", "replace")
            logger.warning("%s failed: %s", self.function_name, said)
        return str(answer.get("DurableExecutionArn") or "")

    def wait_for_result(
        self, execution_arn: str, timeout: int = 60
    ) -> DurableFunctionTestResult:
        """Wait for the end of an execution, whatever it is.  Raises TimeoutError."""
        execution = self._wait_for_completion(execution_arn, timeout)
        return DurableFunctionTestResult.from_execution_history(
            execution, self._fetch_execution_history(execution_arn)
        )

    def _wait_for_completion(
        self, execution_arn: str, timeout: float
    ) -> GetDurableExecutionResponse:
        last = "none"

        def look() -> GetDurableExecutionResponse | None:
            nonlocal last
            answer = self._call(
                "get execution status",
                lambda: self.lambda_client.get_durable_execution(
                    DurableExecutionArn=execution_arn
                ),
            )
            execution = GetDurableExecutionResponse.from_dict(answer)
            last = execution.status
            return None if last == "RUNNING" else execution

        return self._poll(
            look,
            timeout,
            lambda: f"Execution did not complete within {timeout}s (status: {last})",
        )

    def _fetch_execution_history(
        self, execution_arn: str
    ) -> GetDurableExecutionHistoryResponse:
        """All pages, with payloads."""
        events: list[Event] = []
        page: dict[str, str] = {}
        while True:
            answer = self._call(
                "fetch execution history",
                lambda page=page: self.lambda_client.get_durable_execution_history(  # type: ignore[misc]
                    DurableExecutionArn=execution_arn,
                    IncludeExecutionData=True,
                    **page,
                ),
            )
            read = GetDurableExecutionHistoryResponse.from_dict(answer)
            events += read.events
            if not read.next_marker:
                return GetDurableExecutionHistoryResponse(events)
            page = {"Marker": read.next_marker}

    # ---- callbacks

    def wait_for_callback(
        self, execution_arn: str, name: str | None = None, timeout: int = 60
    ) -> str:
        """The id of a callback that waits for its result; the newest without a name.

        Raises TimeoutError, and DurableFunctionsTestError when the named one has its
        result already.
        """
        return self._poll(
            lambda: _open_callback(
                self._fetch_execution_history(execution_arn).events, name
            ),
            timeout,
            lambda: f"Callback did not become available within {timeout}s.",
        )

    def send_callback_success(
        self, callback_id: str, result: bytes | None = None
    ) -> None:
        given = {} if result is None else {"Result": result}
        self._call(
            f"send callback success to {callback_id}",
            lambda: self.lambda_client.send_durable_execution_callback_success(
                CallbackId=callback_id, **given
            ),
        )

    def send_callback_failure(
        self, callback_id: str, error: ErrorObject | None = None
    ) -> None:
        given = {} if error is None else {"Error": error.to_dict()}
        self._call(
            f"send callback failure to {callback_id}",
            lambda: self.lambda_client.send_durable_execution_callback_failure(
                CallbackId=callback_id, **given
            ),
        )

    def send_callback_heartbeat(self, callback_id: str) -> None:
        self._call(
            f"send callback heartbeat to {callback_id}",
            lambda: self.lambda_client.send_durable_execution_callback_heartbeat(
                CallbackId=callback_id
            ),
        )

    # ---- calling

    def _call(self, what: str, call: Callable[[], _T]) -> _T:
        try:
            return call()
        except Exception as cause:
            failure = DurableFunctionsTestError(f"Failed to {what}: {cause}")
            raise failure from cause

    def _poll(
        self, look: Callable[[], _T | None], timeout: float, late: Callable[[], str]
    ) -> _T:
        """Until ``look`` answers; an execution may not be visible at once."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                found = look()
            except DurableFunctionsTestError as failure:
                response = getattr(failure.__cause__, "response", None) or {}
                if response.get("Error", {}).get("Code") != _NOT_YET:
                    raise
                found = None
            if found is not None:
                return found
            if time.monotonic() >= deadline:
                raise TimeoutError(late())
            time.sleep(self.poll_interval)
