"""What is known of the execution in this invocation.

The record itself is kept by the engine; this is a view of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import Enum

from durable_core.lambda_service import Operation


class ReplayStatus(Enum):
    """Whether a context answers from the record (REPLAY) or does new work (NEW)."""

    REPLAY = "replay"
    NEW = "new"


class ExecutionState:
    """The execution's ARN and what is on record of its operations."""

    def __init__(
        self, durable_execution_arn: str, listing: Callable[[], str | None]
    ) -> None:
        self.durable_execution_arn = durable_execution_arn
        self._listing = listing

    @property
    def operations(self) -> dict[str, Operation]:
        """Every operation on record, the execution's own included, by id.

        A copy of this moment, made at each access.
        """
        found = json.loads(self._listing() or "[]")
        return {one["Id"]: Operation.from_json_dict(one) for one in found}
