"""How operations are configured.

Configurations are checked when they are made: what the service or the engine
would refuse raises :class:`~durable_core.exceptions.ValidationError` here, before
anything is recorded.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from durable_core.exceptions import ValidationError

if TYPE_CHECKING:
    from durable_core.retries import RetryDecision
    from durable_core.serdes import SerDes
    from durable_core.types import SummaryGenerator

P = TypeVar("P")
R = TypeVar("R")
T = TypeVar("T")

Numeric = int | float


def _check(holds: bool, message: str) -> None:
    if not holds:
        raise ValidationError(message)


def _check_number(name: str, value: object, kind: Any = int) -> None:
    what = "an int" if kind is int else "a number"
    _check(
        value is None or isinstance(value, kind),
        f"{name} must be {what}, got: {value!r}",
    )


def _check_callable(name: str, value: object) -> None:
    _check(
        value is None or callable(value), f"{name} must be callable, got: {value!r}"
    )


def _check_serdes(name: str, value: object) -> None:
    both = hasattr(value, "serialize") and hasattr(value, "deserialize")
    _check(
        value is None or both,
        f"{name} must have serialize and deserialize, got: {value!r}",
    )


@dataclass(frozen=True)
class Duration:
    """A length of time in whole seconds, 0 or more.

    A wait takes 1 to 31,622,400 of them (366 days).
    """

    seconds: int = 0

    def __post_init__(self) -> None:
        whole = isinstance(self.seconds, int)
        _check(
            whole and self.seconds >= 0,
            f"Duration takes whole seconds, 0 or more, got: {self.seconds!r}",
        )

    def to_seconds(self) -> int:
        return self.seconds

    @classmethod
    def _of(cls, value: float, unit: int) -> Duration:
        try:
            return cls(int(value * unit))
        except (OverflowError, ValueError):
            raise ValidationError(f"no length of time: {value!r}") from None

    @classmethod
    def from_seconds(cls, value: float) -> Duration:
        """Fractions of a second are cut off, here and in the other units."""
        return cls._of(value, 1)

    @classmethod
    def from_minutes(cls, value: float) -> Duration:
        return cls._of(value, 60)

    @classmethod
    def from_hours(cls, value: float) -> Duration:
        return cls._of(value, 3600)

    @classmethod
    def from_days(cls, value: float) -> Duration:
        return cls._of(value, 86400)


class NestingType(Enum):
    """What the branches of a map or parallel leave in the history."""

    NESTED = "NESTED"
    """A CONTEXT operation for each branch, which holds the branch's result."""

    FLAT = "FLAT"
    """Nothing of their own: fewer operations, and a branch's code runs again on
    replay, with its operations answered from the record."""


class BatchItemStatus(Enum):
    """How a branch stands; STARTED is one that the batch did not wait for."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    STARTED = "STARTED"


class CompletionOutcome(Enum):
    """What a completed batch counts as, whatever its branches did."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


@dataclass(frozen=True)
class CompletionDecision:
    """The answer of a ``should_complete``.

    Made by :func:`continue_batch` and :func:`complete_batch`.  ``outcome`` goes
    with ``complete``, and only with it.
    """

    complete: bool
    outcome: CompletionOutcome | None = None

    def __post_init__(self) -> None:
        _check(
            not self.complete or self.outcome is not None,
            "outcome is required when complete is True",
        )
        _check(
            self.complete or self.outcome is None,
            "outcome must be None when complete is False",
        )


def continue_batch() -> CompletionDecision:
    """Let the batch go on."""
    return CompletionDecision(complete=False)


def complete_batch(
    outcome: CompletionOutcome = CompletionOutcome.SUCCEEDED,
) -> CompletionDecision:
    """End the batch now; branches that still run are stopped."""
    return CompletionDecision(complete=True, outcome=outcome)


@dataclass(frozen=True)
class CompletionItemStatus:
    """One branch, as a ``should_complete`` sees it.

    ``status`` is None while the branch waits for its turn.
    """

    index: int
    name: str | None = None
    status: BatchItemStatus | None = None


@dataclass(frozen=True)
class CompletionStatus:
    """A batch, as a ``should_complete`` sees it.

    ``completed_count`` is ``success_count`` + ``failure_count``; ``items[i]`` is
    branch i.
    """

    success_count: int
    failure_count: int
    completed_count: int
    total_count: int
    items: tuple[CompletionItemStatus, ...] = ()


@dataclass(frozen=True)
class CompletionConfig:
    """When a map or parallel is complete.

    * ``min_successful``: as soon as so many branches succeeded; 1 to their number.
    * ``tolerated_failure_count``: as soon as more than so many failed; 0 or more.
    * ``tolerated_failure_percentage``: as soon as more than this share of all
      branches failed; 0 to 100.
    * ``should_complete``: as soon as it answers :func:`complete_batch`; excludes
      the other three.

    It is complete in any case when every branch is.  With none of the four the
    first failure completes it.

    ``should_complete`` is asked before the first branch starts, and whenever a
    branch changes.  It runs again on replay, over the same progress in maybe
    another order: let it depend on its argument alone, and never take back a
    completion as the counts grow.
    """

    min_successful: int | None = None
    tolerated_failure_count: int | None = None
    tolerated_failure_percentage: int | float | None = None
    should_complete: Callable[[CompletionStatus], CompletionDecision] | None = None

    def __post_init__(self) -> None:
        least, count = self.min_successful, self.tolerated_failure_count
        share, decide = self.tolerated_failure_percentage, self.should_complete
        _check_number("min_successful", least)
        _check_number("tolerated_failure_count", count)
        _check_number("tolerated_failure_percentage", share, int | float)
        _check(
            least is None or least >= 1,
            f"min_successful must be at least 1, got: {least}",
        )
        _check(
            count is None or count >= 0,
            f"tolerated_failure_count must be non-negative, got: {count}",
        )
        _check(
            share is None or 0 <= share <= 100,
            f"tolerated_failure_percentage must be between 0 and 100, got: {share}",
        )
        if decide is None:
            return
        _check(callable(decide), "should_complete must be callable")
        _check(
            least is None and count is None and share is None,
            "should_complete cannot be combined with min_successful, "
            "tolerated_failure_count, or tolerated_failure_percentage",
        )

    def _validate_for_total(self, total: int) -> None:
        """Refuse a threshold that ``total`` branches cannot reach."""
        least = self.min_successful
        _check(
            least is None or least <= total,
            "min_successful cannot be greater than total items: "
            f"{least} > {total}",
        )

    @staticmethod
    def first_successful() -> CompletionConfig:
        """The first success completes it."""
        return CompletionConfig(min_successful=1)

    @staticmethod
    def all_completed() -> CompletionConfig:
        """Every branch runs to its end, failures or not."""
        return CompletionConfig(tolerated_failure_percentage=100)

    @staticmethod
    def all_successful() -> CompletionConfig:
        """The first failure completes it."""
        return CompletionConfig(
            tolerated_failure_count=0, tolerated_failure_percentage=0
        )


def _check_concurrency(limit: int | None) -> None:
    _check_number("max_concurrency", limit)
    _check(
        limit is None or limit >= 1,
        f"max_concurrency must be at least 1, got: {limit}",
    )


@dataclass(frozen=True)
class ParallelConfig:
    """Of ``context.parallel``.

    * ``max_concurrency``: branches at work at once, 1 or more; None: all.
    * ``completion_config``: the default stops at the first failure.
    * ``serdes``: of the whole result, and of each branch's unless
      ``item_serdes`` is given; None: the tagged form.
    * ``summary_generator``: adds a text of yours to what is stored in place of a
      result over 262,144 bytes; nothing reads it back.
    * ``nesting_type``: whether branches have operations of their own.
    """

    max_concurrency: int | None = None
    completion_config: CompletionConfig = field(
        default_factory=CompletionConfig.all_successful
    )
    serdes: SerDes[Any] | None = None
    item_serdes: SerDes[Any] | None = None
    summary_generator: SummaryGenerator[Any] | None = None
    nesting_type: NestingType = NestingType.NESTED

    def __post_init__(self) -> None:
        _check_concurrency(self.max_concurrency)
        _check_serdes("serdes", self.serdes)
        _check_serdes("item_serdes", self.item_serdes)
        _check_callable("summary_generator", self.summary_generator)


@dataclass(frozen=True)
class ParallelBranch(Generic[T]):
    """A branch with a name of its own; None: ``parallel-branch-INDEX``."""

    func: Callable[..., T]
    name: str | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> T:
        return self.func(*args, **kwargs)


class StepSemantics(Enum):
    """What becomes of an attempt that was cut off in its body."""

    AT_MOST_ONCE_PER_RETRY = "AT_MOST_ONCE_PER_RETRY"
    """It has failed with StepInterruptedError; its start is recorded first."""

    AT_LEAST_ONCE_PER_RETRY = "AT_LEAST_ONCE_PER_RETRY"
    """It runs again."""


_SUB_TYPE = re.compile(r"[A-Za-z0-9_-]{1,32}")


def _validate_sub_type(sub_type: str | None) -> None:
    _check(
        not sub_type
        or (isinstance(sub_type, str) and _SUB_TYPE.fullmatch(sub_type) is not None),
        "sub_type must be 1 to 32 characters from A-Z, a-z, 0-9, hyphen, and "
        f"underscore, got: {sub_type!r}",
    )


@dataclass(frozen=True)
class StepConfig:
    """Of ``context.step``.

    * ``retry_strategy``: asked after a failed attempt, with the error and the
      number of attempts made; None: ``RetryPresets.default()``.
    * ``step_semantics``: what an interrupted attempt counts as.
    * ``serdes``: of the result; None: the tagged form.
    * ``sub_type``: recorded in place of ``Step``: 1 to 32 of ``A-Za-z0-9_-``.
      Replay compares it, so a change breaks executions that are under way.
    """

    retry_strategy: Callable[[Exception, int], RetryDecision] | None = None
    step_semantics: StepSemantics = StepSemantics.AT_LEAST_ONCE_PER_RETRY
    serdes: SerDes[Any] | None = None
    sub_type: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        _validate_sub_type(self.sub_type)
        _check_callable("retry_strategy", self.retry_strategy)
        _check_serdes("serdes", self.serdes)


@dataclass(frozen=True)
class ChildConfig(Generic[T]):
    """Of ``context.run_in_child_context``.

    * ``serdes``: of the result; None: the tagged form.
    * ``sub_type``: recorded in place of ``RunInChildContext``, as in StepConfig.
    * ``summary_generator``: makes what is stored in place of a result over
      262,144 bytes; on replay the body runs again.  None: an empty payload.
    * ``is_virtual``: record nothing for the context itself.
    """

    serdes: SerDes[Any] | None = None
    sub_type: str | None = None
    summary_generator: SummaryGenerator[Any] | None = None
    is_virtual: bool = False

    def __post_init__(self) -> None:
        _validate_sub_type(self.sub_type)
        _check_serdes("serdes", self.serdes)
        _check_callable("summary_generator", self.summary_generator)


@dataclass(frozen=True)
class MapConfig(Generic[T]):
    """Of ``context.map``; the members that ParallelConfig has mean the same.

    * ``completion_config``: the default stops at the first failure.
    * ``item_namer``: names a branch from its item and index; called for every
      item before the first branch starts, and again on replay.  None:
      ``map-item-INDEX``.
    """

    max_concurrency: int | None = None
    completion_config: CompletionConfig = field(default_factory=CompletionConfig)
    serdes: SerDes[Any] | None = None
    item_serdes: SerDes[Any] | None = None
    summary_generator: SummaryGenerator[Any] | None = None
    nesting_type: NestingType = NestingType.NESTED
    item_namer: Callable[[T, int], str] | None = None

    def __post_init__(self) -> None:
        _check_concurrency(self.max_concurrency)
        _check_serdes("serdes", self.serdes)
        _check_serdes("item_serdes", self.item_serdes)
        _check_callable("summary_generator", self.summary_generator)
        _check_callable("item_namer", self.item_namer)


@dataclass(frozen=True)
class InvokeConfig(Generic[P, R]):
    """Of ``context.invoke``.

    * ``serdes_payload``, ``serdes_result``: None: plain JSON.
    * ``tenant_id``: of a function with tenant isolation.
    """

    serdes_payload: SerDes[P] | None = None
    serdes_result: SerDes[R] | None = None
    tenant_id: str | None = None

    def __post_init__(self) -> None:
        _check_serdes("serdes_payload", self.serdes_payload)
        _check_serdes("serdes_result", self.serdes_result)


@dataclass(frozen=True)
class CallbackConfig:
    """Of ``context.create_callback``.

    * ``timeout``: until a result is there; 0: none.
    * ``heartbeat_timeout``: until the next SendDurableExecutionCallbackHeartbeat;
      0: none.
    * ``serdes``: of the result; None: the text as it came.
    * ``sub_type``: recorded in place of ``Callback``, as in StepConfig.
    """

    timeout: Duration = field(default_factory=Duration)
    heartbeat_timeout: Duration = field(default_factory=Duration)
    serdes: SerDes[Any] | None = None
    sub_type: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        _validate_sub_type(self.sub_type)
        _check_serdes("serdes", self.serdes)
        for name in ("timeout", "heartbeat_timeout"):
            given = getattr(self, name)
            _check(
                isinstance(given, Duration), f"{name} must be a Duration, got: {given!r}"
            )

    @property
    def timeout_seconds(self) -> int:
        return self.timeout.to_seconds()

    @property
    def heartbeat_timeout_seconds(self) -> int:
        return self.heartbeat_timeout.to_seconds()


@dataclass(frozen=True)
class WaitForCallbackConfig(CallbackConfig):
    """Of ``context.wait_for_callback``; ``retry_strategy`` is its submitter's."""

    retry_strategy: Callable[[Exception, int], RetryDecision] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_callable("retry_strategy", self.retry_strategy)


class JitterStrategy(StrEnum):
    """How much of a delay d is left to chance, so that failures do not march.

    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """

    NONE = "NONE"  # d
    FULL = "FULL"  # 0 to d
    HALF = "HALF"  # d / 2 to d

    def apply_jitter(self, delay: float) -> float:
        """A delay drawn from ``delay``, in the same unit."""
        if self is JitterStrategy.NONE:
            return delay
        least = delay / 2 if self is JitterStrategy.HALF else 0.0
        return least + random.random() * (delay - least)

    def finalize_delay(self, base_delay: float) -> int:
        """The same in whole seconds, 1 or more."""
        return max(1, math.ceil(self.apply_jitter(base_delay)))
