"""How a wait_for_condition is paced, and when it is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic

from durable_core._pace import Pace, _seconds
from durable_core.config import Duration, JitterStrategy, T
from durable_core.exceptions import WaitForConditionError

if TYPE_CHECKING:
    from durable_core.serdes import SerDes

Numeric = int | float


@dataclass
class WaitStrategyConfig(Generic[T]):
    """Looks that go on while ``should_continue_polling(state)``.

    * ``max_attempts``: looks at most; then WaitForConditionError.
    * ``initial_delay``, ``max_delay``, ``backoff_rate``: the first delay between
      two looks, its cap, and what it is multiplied by each time.
    * ``jitter_strategy``: how much of a delay is left to chance.
    """

    should_continue_polling: Callable[[T], bool]
    max_attempts: int = 60
    initial_delay: Duration = field(default_factory=_seconds(5))
    max_delay: Duration = field(default_factory=_seconds(5, 60))
    backoff_rate: Numeric = 1.5
    jitter_strategy: JitterStrategy = field(default=JitterStrategy.FULL)

    @property
    def initial_delay_seconds(self) -> int:
        return self.initial_delay.to_seconds()

    @property
    def max_delay_seconds(self) -> int:
        return self.max_delay.to_seconds()


@dataclass(frozen=True)
class WaitForConditionDecision:
    """Whether to look again, and after how long: 1 s or more."""

    should_continue: bool
    delay: Duration

    @property
    def delay_seconds(self) -> int:
        return self.delay.to_seconds()

    @classmethod
    def continue_waiting(cls, delay: Duration) -> WaitForConditionDecision:
        return cls(should_continue=True, delay=delay)

    @classmethod
    def stop_polling(cls) -> WaitForConditionDecision:
        return cls(should_continue=False, delay=Duration())


@dataclass(frozen=True)
class _ReadyMade(Generic[T]):
    """A strategy of a pace and a question."""

    pace: Pace
    should_continue: Callable[[T], bool]

    def __call__(self, result: T, attempts_made: int) -> WaitForConditionDecision:
        if not self.should_continue(result):
            return WaitForConditionDecision.stop_polling()
        if self.pace.is_over(attempts_made):
            raise WaitForConditionError(
                f"wait_for_condition exhausted {self.pace.max_attempts} attempts "
                "before the condition was met"
            )
        return WaitForConditionDecision.continue_waiting(self.pace.delay(attempts_made))


def create_wait_strategy(
    config: WaitStrategyConfig[T],
) -> Callable[[T, int], WaitForConditionDecision]:
    """A strategy out of a configuration.  A condition met at the last look is met."""
    pace = Pace(
        max_attempts=config.max_attempts,
        initial_s=config.initial_delay_seconds,
        max_delay_s=config.max_delay_seconds,
        backoff_rate=config.backoff_rate,
        jitter=config.jitter_strategy,
    )
    return _ReadyMade(pace, config.should_continue_polling)


@dataclass(frozen=True)
class WaitForConditionConfig(Generic[T]):
    """Of ``context.wait_for_condition``.

    * ``wait_strategy``: asked after each look, with the state that the check
      answered and the number of looks made.
    * ``initial_state``: what the first check is given, as it reads back from the
      serdes.
    * ``serdes``: of the state; None: the tagged form.
    """

    wait_strategy: Callable[[T, int], WaitForConditionDecision]
    initial_state: T
    serdes: SerDes[Any] | None = None
