"""When what failed is tried again: strategies, presets, and ``with_retry``.

A strategy is a function of the error and the number of attempts made so far, 1
after the first, that answers a :class:`RetryDecision`.  It is called once after each
failed attempt; what it decided is recorded, so a replay does not ask again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from durable_core._pace import Pace, _seconds
from durable_core.config import Duration, JitterStrategy

if TYPE_CHECKING:
    from durable_core.config import ChildConfig
    from durable_core.context import DurableContext

T = TypeVar("T")

Numeric = int | float


@dataclass
class RetryDecision:
    """Whether to try again, and after how long: 1 s or more."""

    should_retry: bool
    delay: Duration

    @property
    def delay_seconds(self) -> int:
        return self.delay.to_seconds()

    @classmethod
    def retry(cls, delay: Duration) -> RetryDecision:
        return cls(should_retry=True, delay=delay)

    @classmethod
    def no_retry(cls) -> RetryDecision:
        return cls(should_retry=False, delay=Duration())


@dataclass
class RetryStrategyConfig:
    """Delays that grow by a factor.

    * ``max_attempts``: counts the first one.
    * ``initial_delay``, ``max_delay``, ``backoff_rate``: the first delay, its
      cap, and what it is multiplied by each time.
    * ``jitter_strategy``: how much of a delay is left to chance.
    * ``retryable_errors``: texts, or compiled patterns, one of which must be
      found in ``str(error)``.
    * ``retryable_error_types``: classes, one of which the error must be of.

    With both filters either is enough; with neither every error is tried again.
    """

    max_attempts: int = 3
    initial_delay: Duration = field(default_factory=_seconds(5))
    max_delay: Duration = field(default_factory=_seconds(5, 60))
    backoff_rate: Numeric = 2.0
    jitter_strategy: JitterStrategy = field(default=JitterStrategy.FULL)
    retryable_errors: list[str | re.Pattern[str]] | None = None
    retryable_error_types: list[type[Exception]] | None = None

    @property
    def initial_delay_seconds(self) -> int:
        return self.initial_delay.to_seconds()

    @property
    def max_delay_seconds(self) -> int:
        return self.max_delay.to_seconds()


@dataclass
class LinearRetryStrategyConfig:
    """Delays that grow by ``increment``; the rest as in RetryStrategyConfig."""

    max_attempts: int = 6
    initial_delay: Duration = field(default_factory=_seconds(1))
    increment: Duration = field(default_factory=_seconds(1))
    max_delay: Duration = field(default_factory=_seconds(5, 60))
    jitter_strategy: JitterStrategy = field(default=JitterStrategy.FULL)
    retryable_errors: list[str | re.Pattern[str]] | None = None
    retryable_error_types: list[type[Exception]] | None = None

    @property
    def initial_delay_seconds(self) -> int:
        return self.initial_delay.to_seconds()

    @property
    def increment_seconds(self) -> int:
        return self.increment.to_seconds()

    @property
    def max_delay_seconds(self) -> int:
        return self.max_delay.to_seconds()


@dataclass(frozen=True)
class _Filter:
    """Which errors are worth another attempt; empty: all of them."""

    texts: tuple[str | re.Pattern[str], ...] | None
    types: tuple[type[Exception], ...] | None

    @classmethod
    def of(cls, config: RetryStrategyConfig | LinearRetryStrategyConfig) -> _Filter:
        texts, types = config.retryable_errors, config.retryable_error_types
        return cls(
            None if texts is None else tuple(texts),
            None if types is None else tuple(types),
        )

    def passes(self, error: Exception) -> bool:
        if self.texts is None and self.types is None:
            return True
        if isinstance(error, self.types or ()):
            return True
        said = str(error)
        return any(
            text in said if isinstance(text, str) else text.search(said)
            for text in self.texts or ()
        )


@dataclass(frozen=True)
class _ReadyMade:
    """A strategy of a pace and a filter."""

    pace: Pace
    filter: _Filter

    def __call__(self, error: Exception, attempts_made: int) -> RetryDecision:
        if self.pace.is_over(attempts_made) or not self.filter.passes(error):
            return RetryDecision.no_retry()
        return RetryDecision.retry(self.pace.delay(attempts_made))


def create_retry_strategy(
    config: RetryStrategyConfig | None = None,
) -> Callable[[Exception, int], RetryDecision]:
    """A strategy of growing delays; None: all defaults."""
    config = config or RetryStrategyConfig()
    pace = Pace(
        max_attempts=config.max_attempts,
        initial_s=config.initial_delay_seconds,
        max_delay_s=config.max_delay_seconds,
        backoff_rate=config.backoff_rate,
        jitter=config.jitter_strategy,
    )
    return _ReadyMade(pace, _Filter.of(config))


def create_linear_retry_strategy(
    config: LinearRetryStrategyConfig | None = None,
) -> Callable[[Exception, int], RetryDecision]:
    """A strategy of delays that grow by a constant; None: all defaults."""
    config = config or LinearRetryStrategyConfig()
    pace = Pace(
        max_attempts=config.max_attempts,
        initial_s=config.initial_delay_seconds,
        max_delay_s=config.max_delay_seconds,
        increment_s=config.increment_seconds,
        jitter=config.jitter_strategy,
    )
    return _ReadyMade(pace, _Filter.of(config))


class RetryPresets:
    """Strategies by name."""

    @classmethod
    def none(cls) -> Callable[[Exception, int], RetryDecision]:
        """One attempt."""
        return create_retry_strategy(RetryStrategyConfig(max_attempts=1))

    @classmethod
    def default(cls) -> Callable[[Exception, int], RetryDecision]:
        """A step's without one: 6 attempts; 5 s, x2, at most 60 s; full jitter."""
        return create_retry_strategy(
            RetryStrategyConfig(max_attempts=6, max_delay=Duration(60))
        )

    @classmethod
    def transient(cls) -> Callable[[Exception, int], RetryDecision]:
        """3 attempts; 5 s, x2; half jitter."""
        return create_retry_strategy(
            RetryStrategyConfig(jitter_strategy=JitterStrategy.HALF)
        )

    @classmethod
    def resource_availability(cls) -> Callable[[Exception, int], RetryDecision]:
        """5 attempts; 5 s, x2, at most 5 minutes; full jitter."""
        return create_retry_strategy(RetryStrategyConfig(max_attempts=5))

    @classmethod
    def critical(cls) -> Callable[[Exception, int], RetryDecision]:
        """10 attempts; 1 s, x1.5, at most 60 s; no jitter."""
        return create_retry_strategy(
            RetryStrategyConfig(
                max_attempts=10,
                initial_delay=Duration(1),
                max_delay=Duration(60),
                backoff_rate=1.5,
                jitter_strategy=JitterStrategy.NONE,
            )
        )

    @classmethod
    def linear(cls) -> Callable[[Exception, int], RetryDecision]:
        """6 attempts; 1 s, 2 s, 3 s, 4 s, 5 s."""
        return create_linear_retry_strategy(
            LinearRetryStrategyConfig(jitter_strategy=JitterStrategy.NONE)
        )

    @classmethod
    def fixed(
        cls, interval: Duration | None = None
    ) -> Callable[[Exception, int], RetryDecision]:
        """5 attempts, ``interval`` apart; None: 5 s."""
        apart = Duration(5) if interval is None else interval
        return create_retry_strategy(
            RetryStrategyConfig(
                max_attempts=5,
                initial_delay=apart,
                max_delay=apart,
                backoff_rate=1,
                jitter_strategy=JitterStrategy.NONE,
            )
        )


@dataclass(frozen=True)
class WithRetryConfig(Generic[T]):
    """Of :func:`with_retry`.

    * ``retry_strategy``: None: ``create_retry_strategy()``.
    * ``wrap_with_run_in_child_context``: False: the attempts' operations belong
      to the calling context, and the last error is raised as it is.
    * ``child_context_config``: of the wrapping context.
    """

    retry_strategy: Callable[[Exception, int], RetryDecision] | None = None
    wrap_with_run_in_child_context: bool = True
    child_context_config: ChildConfig[Any] | None = None


def with_retry(
    context: DurableContext,
    func: Callable[[DurableContext, int], T],
    config: WithRetryConfig[T],
    name: str | None = None,
) -> T:
    """Run ``func(context, attempt)`` until it succeeds; ``attempt`` is 1 first.

    The waits between attempts are recorded as ``NAME-backoff-ATTEMPT``; without a
    name they have none.  Raises ChildContextError with the last error as its
    cause, or that error itself when the attempts are not wrapped.
    """
    answer: T = context._with_retry(func, config, name)
    return answer
