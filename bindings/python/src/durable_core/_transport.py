"""A service client as a transport of the core."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from durable_core import _native
from durable_core.exceptions import BotoClientError
from durable_core.lambda_service import (
    CheckpointOutput,
    DurableServiceClient,
    OperationUpdate,
    StateOutput,
)

_Answer = tuple[int, str | None, bytes]


def sender_of(client: DurableServiceClient | None) -> Callable[..., _Answer] | None:
    """None: the core's own client."""
    if client is None:
        return None

    def send(
        _method: str,
        _target: str,
        _body: bytes,
        call: int,
        arn: str,
        token: str,
        client_token: str | None,
        marker: str | None,
        updates: str | None,
    ) -> _Answer:
        try:
            if call == _native.DURABLE_CALL_GET_STATE:
                page = client.get_execution_state(arn, token, marker or "")
                return 200, None, _state_text(page)
            wanted = [OperationUpdate.from_dict(one) for one in json.loads(updates or "[]")]
            done = client.checkpoint(arn, token, wanted, client_token)
            return 200, None, _checkpoint_text(done)
        except BotoClientError as error:
            return _refusal(error)

    return send


def _refusal(error: BotoClientError) -> _Answer:
    """The HTTP answer that the client's exception stands for.

    Without one there was none: the exception says why, and the request is tried
    again.
    """
    known = error.response_metadata
    status = known.get("HTTPStatusCode") if known else None
    if not status:
        raise error
    said: dict[str, Any] = dict(error.error or {})
    body = json.dumps({"message": said.get("Message") or str(error)})
    return int(status), said.get("Code"), body.encode()


def _checkpoint_text(output: CheckpointOutput) -> bytes:
    state = output.new_execution_state
    answer: dict[str, Any] = {}
    if output.checkpoint_token:
        answer["CheckpointToken"] = output.checkpoint_token
    if state is not None:
        answer["NewExecutionState"] = _page(state.operations, state.next_marker)
    return json.dumps(answer).encode()


def _state_text(output: StateOutput) -> bytes:
    return json.dumps(_page(output.operations, output.next_marker)).encode()


def _page(operations: list[Any], marker: str | None) -> dict[str, Any]:
    page: dict[str, Any] = {"Operations": [_operation(one) for one in operations]}
    if marker:
        page["NextMarker"] = marker
    return page


def _operation(operation: Any) -> Any:
    """As a REST body has it: times are Unix seconds."""
    return _seconds(operation.to_dict())


def _seconds(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _seconds(member) for key, member in value.items()}
    if hasattr(value, "timestamp"):
        return value.timestamp()
    return value
