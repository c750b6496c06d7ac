"""What a map or parallel answers, and when one is complete."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, TypeVar, cast

from durable_core.config import (
    BatchItemStatus,
    CompletionConfig,
    CompletionDecision,
    CompletionItemStatus,
    CompletionOutcome,
    CompletionStatus,
)
from durable_core.exceptions import (
    ChildContextError,
    DurableOperationError,
    register_operation_error,
)
from durable_core.lambda_service import ErrorObject
from durable_core.types import BatchResult as BatchResultProtocol

logger = logging.getLogger(__name__)

R = TypeVar("R")


class CompletionReason(Enum):
    """Why a batch was complete."""

    ALL_COMPLETED = "ALL_COMPLETED"
    MIN_SUCCESSFUL_REACHED = "MIN_SUCCESSFUL_REACHED"
    FAILURE_TOLERANCE_EXCEEDED = "FAILURE_TOLERANCE_EXCEEDED"
    CUSTOM_COMPLETION_SUCCEEDED = "CUSTOM_COMPLETION_SUCCEEDED"
    CUSTOM_COMPLETION_FAILED = "CUSTOM_COMPLETION_FAILED"


class BatchCompletionError(DurableOperationError):
    """``should_complete`` ended a batch as failed, and no branch has failed."""

    def __init__(
        self,
        completion_reason: CompletionReason = CompletionReason.CUSTOM_COMPLETION_FAILED,
        message: str | None = None,
        error_type: str | None = None,
        data: str | None = None,
        stack_trace: list[str] | None = None,
    ) -> None:
        if message is None:
            message = (
                f"Batch completed as failed by should_complete "
                f"({completion_reason.value})"
            )
        super().__init__(message, error_type, data, stack_trace)
        self.completion_reason = completion_reason


register_operation_error(BatchCompletionError)


@dataclass(frozen=True)
class CompletionPolicy:
    """A CompletionConfig for ``total`` branches.

    The engine decides when a batch that runs is complete.  This tells the reason
    of a batch that was put together from its branches.
    """

    total: int
    min_successful: int | None = None
    tolerated_failure_count: int | None = None
    tolerated_failure_percentage: int | float | None = None
    should_complete: Callable[[CompletionStatus], CompletionDecision] | None = None

    @classmethod
    def from_config(
        cls, total: int, config: CompletionConfig | None
    ) -> CompletionPolicy:
        config = config or CompletionConfig()
        return cls(
            total,
            config.min_successful,
            config.tolerated_failure_count,
            config.tolerated_failure_percentage,
            config.should_complete,
        )

    @property
    def has_criteria(self) -> bool:
        """Some threshold is given."""
        return (
            self.min_successful is not None
            or self.tolerated_failure_count is not None
            or self.tolerated_failure_percentage is not None
        )

    def is_tolerance_exceeded(self, failed: int) -> bool:
        if self.should_complete is not None:
            return False
        if not self.has_criteria:
            return failed > 0
        count, share = self.tolerated_failure_count, self.tolerated_failure_percentage
        if count is not None and failed > count:
            return True
        return share is not None and self.total > 0 and failed / self.total * 100 > share

    def should_continue(self, failed: int) -> bool:
        """More branches may start."""
        return not self.is_tolerance_exceeded(failed)

    def evaluate(
        self,
        succeeded: int,
        failed: int,
        items: tuple[CompletionItemStatus, ...] = (),
    ) -> CompletionDecision | None:
        """What ``should_complete`` says; None when there is none."""
        if self.should_complete is None:
            return None
        status = CompletionStatus(
            success_count=succeeded,
            failure_count=failed,
            completed_count=succeeded + failed,
            total_count=self.total,
            items=items,
        )
        return self.should_complete(status)

    def is_complete(
        self,
        succeeded: int,
        failed: int,
        items: tuple[CompletionItemStatus, ...] = (),
        decision: CompletionDecision | None = None,
    ) -> bool:
        """``decision``: of :meth:`evaluate`; None: it is asked."""
        decision = decision or self.evaluate(succeeded, failed, items)
        least = self.min_successful
        return (
            (decision is not None and decision.complete)
            or succeeded + failed >= self.total
            or (least is not None and succeeded >= least)
        )

    def reason(
        self,
        succeeded: int,
        failed: int,
        items: tuple[CompletionItemStatus, ...] = (),
        decision: CompletionDecision | None = None,
    ) -> CompletionReason:
        """Why a batch of these counts is complete."""
        if self.is_tolerance_exceeded(failed):
            return CompletionReason.FAILURE_TOLERANCE_EXCEEDED
        decision = decision or self.evaluate(succeeded, failed, items)
        if decision is not None and decision.complete:
            if decision.outcome is CompletionOutcome.FAILED:
                return CompletionReason.CUSTOM_COMPLETION_FAILED
            return CompletionReason.CUSTOM_COMPLETION_SUCCEEDED
        least = self.min_successful
        all_over = succeeded + failed >= self.total
        if not all_over and least is not None and succeeded >= least:
            return CompletionReason.MIN_SUCCESSFUL_REACHED
        return CompletionReason.ALL_COMPLETED


@dataclass(frozen=True)
class BatchItem(Generic[R]):
    """A branch of a batch.

    ``result`` of one that succeeded, ``error`` of one that failed; a FAILED one
    of an older record may have no error.
    """

    index: int
    status: BatchItemStatus
    result: R | None = None
    error: ErrorObject | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "index": self.index,
            "status": self.status.value,
            "result": self.result,
            "error": self.error.to_dict() if self.error else None,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> BatchItem[R]:
        error = data.get("error")
        return cls(
            data["index"],
            BatchItemStatus(data["status"]),
            data.get("result"),
            ErrorObject.from_dict(error) if error else None,
        )


@dataclass(frozen=True)
class BatchResult(Generic[R], BatchResultProtocol[R]):
    """The outcome of a map or parallel.

    ``all`` holds the branches that were started, in order of index.
    """

    all: list[BatchItem[R]]
    completion_reason: CompletionReason

    @classmethod
    def from_dict(
        cls, data: dict[str, Any], completion_config: CompletionConfig | None = None
    ) -> BatchResult[R]:
        """From the form that :meth:`to_dict` gives.

        Without a ``completionReason`` it is told from the branches, as
        ``completion_config`` would have it.
        """
        items = [BatchItem[R].from_dict(item) for item in data["all"]]
        reason = data.get("completionReason")
        if reason is not None:
            return cls(items, CompletionReason(reason))
        made = cls.from_items(items, completion_config)
        logger.warning(
            "A batch result has no completionReason; taken to be '%s'",
            made.completion_reason.value,
        )
        return made

    @classmethod
    def from_items(
        cls,
        items: list[BatchItem[R]],
        completion_config: CompletionConfig | None = None,
    ) -> BatchResult[R]:
        """``items``: every branch of the batch."""
        policy = CompletionPolicy.from_config(len(items), completion_config)
        seen = tuple(
            CompletionItemStatus(index=item.index, status=item.status) for item in items
        )
        statuses = [item.status for item in items]
        reason = policy.reason(
            statuses.count(BatchItemStatus.SUCCEEDED),
            statuses.count(BatchItemStatus.FAILED),
            seen,
        )
        return cls(items, reason)

    def to_dict(self) -> dict[str, Any]:
        return {
            "all": [item.to_dict() for item in self.all],
            "completionReason": self.completion_reason.value,
        }

    def _of_status(self, status: BatchItemStatus) -> list[BatchItem[R]]:
        return [item for item in self.all if item.status is status]

    def succeeded(self) -> list[BatchItem[R]]:
        return self._of_status(BatchItemStatus.SUCCEEDED)

    def failed(self) -> list[BatchItem[R]]:
        return self._of_status(BatchItemStatus.FAILED)

    def started(self) -> list[BatchItem[R]]:
        """Those that the batch did not wait for."""
        return self._of_status(BatchItemStatus.STARTED)

    @property
    def status(self) -> BatchItemStatus:
        """FAILED when a branch failed, unless ``should_complete`` decided."""
        if self.completion_reason is CompletionReason.CUSTOM_COMPLETION_FAILED:
            return BatchItemStatus.FAILED
        if self.completion_reason is CompletionReason.CUSTOM_COMPLETION_SUCCEEDED:
            return BatchItemStatus.SUCCEEDED
        return BatchItemStatus.FAILED if self.has_failure else BatchItemStatus.SUCCEEDED

    @property
    def has_failure(self) -> bool:
        return bool(self.failed())

    def throw_if_error(self) -> None:
        """Raise ChildContextError for the first branch that failed.

        BatchCompletionError when none did and ``should_complete`` answered
        FAILED; nothing otherwise.
        """
        for item in self.failed():
            if item.error is not None:
                item.error.raise_as_operation_error(ChildContextError)
            raise ChildContextError(
                f"Batch item {item.index} failed without an ErrorObject."
            )
        if self.completion_reason is CompletionReason.CUSTOM_COMPLETION_FAILED:
            raise BatchCompletionError(self.completion_reason)

    def get_results(self) -> list[R]:
        """Of the branches that succeeded; None among them where it was the result."""
        return [cast(R, item.result) for item in self.succeeded()]

    def get_errors(self) -> list[ErrorObject | None]:
        """Of the branches that failed."""
        return [item.error for item in self.failed()]

    @property
    def success_count(self) -> int:
        return len(self.succeeded())

    @property
    def failure_count(self) -> int:
        return len(self.failed())

    @property
    def started_count(self) -> int:
        return len(self.started())

    @property
    def total_count(self) -> int:
        return len(self.all)
