"""What ready-made strategies have in common: a pace.

A :class:`Pace` says what ``durable_retry_policy`` of durable/engine.h says, and by
the same arithmetic: the vectors of core/engine/retry are tests of both.  Here a
strategy is a function, which code of the user's may call, wrap and test.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from durable_core.config import Duration, JitterStrategy


def _seconds(value: float, unit: int = 1) -> Callable[[], Duration]:
    return lambda: Duration.from_seconds(value * unit)


@dataclass(frozen=True)
class Pace:
    """Delays after attempts 1, 2, ...; ``max_attempts`` counts the first one.

    Each is ``initial_s * backoff_rate ** (n - 1) + increment_s * (n - 1)``, at
    most ``max_delay_s``, then jittered, then rounded up to whole seconds, 1 or
    more.
    """

    max_attempts: int
    initial_s: int
    max_delay_s: int
    backoff_rate: float = 1.0
    increment_s: int = 0
    jitter: JitterStrategy = field(default=JitterStrategy.FULL)

    def is_over(self, attempts_made: int) -> bool:
        return attempts_made >= self.max_attempts

    def delay(self, attempts_made: int) -> Duration:
        """The delay after that attempt, newly drawn."""
        failures = attempts_made - 1
        try:
            grown = self.initial_s * float(self.backoff_rate) ** failures
        except OverflowError:
            grown = float(self.max_delay_s)
        base = min(grown + self.increment_s * failures, self.max_delay_s)
        return Duration(self.jitter.finalize_delay(base))
