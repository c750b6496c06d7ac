"""Retry and wait strategies: the core's vectors, and the official SDK's answers."""
from __future__ import annotations

import re

import pytest

from both import official, outcome, own, vectors
from durable_core import retries, waits
from durable_core.config import Duration, JitterStrategy
from durable_core.exceptions import WaitForConditionError


def delays(strategy, count):
    made = []
    for attempts in range(1, count + 1):
        decision = strategy(ValueError("v"), attempts)
        made.append(decision.delay_seconds if decision.should_retry else None)
    return made


@pytest.mark.parametrize("case", vectors("retry_presets"),
                         ids=lambda c: f"{c['preset']}-{c['u']}")
def test_presets_are_those_of_the_core(monkeypatch, case):
    monkeypatch.setattr("random.random", lambda: case["u"])
    preset = getattr(retries.RetryPresets, case["preset"])()
    assert delays(preset, len(case["delays"])) == case["delays"]


@pytest.mark.parametrize("case", vectors("wait_strategy_default"),
                         ids=lambda c: str(c["u"]))
def test_the_pace_of_a_condition_is_that_of_the_core(monkeypatch, case):
    monkeypatch.setattr("random.random", lambda: case["u"])
    strategy = waits.create_wait_strategy(
        waits.WaitStrategyConfig(should_continue_polling=lambda state: True))
    assert [strategy(None, n + 1).delay_seconds
            for n in range(len(case["delays"]))] == case["delays"]


CONFIGS = [
    {}, {"max_attempts": 1}, {"max_attempts": 0}, {"backoff_rate": 1},
    {"backoff_rate": 1.5, "max_attempts": 50},
    {"initial": 0}, {"initial": 500, "max": 3}, {"max": 0},
    {"jitter": "NONE", "max_attempts": 20}, {"jitter": "HALF"},
    {"retryable_errors": ["timeout"]}, {"retryable_errors": []},
    {"retryable_errors": [re.compile("time.?out", re.I)]},
    {"retryable_error_types": [OSError]}, {"retryable_error_types": []},
    {"retryable_errors": ["v"], "retryable_error_types": [OSError]},
]
ERRORS = [ValueError("v"), OSError("o"), Exception("a TIME OUT"),
          RuntimeError("timeout"), ConnectionError("")]


def config_of(package, cls, given):
    given = dict(given)
    duration = package.config.Duration
    for name in ("initial", "max"):
        if name in given:
            given[f"{name}_delay"] = duration(given.pop(name))
    if "jitter" in given:
        given["jitter_strategy"] = package.config.JitterStrategy[given.pop("jitter")]
    return cls(**given)


@pytest.mark.parametrize("given", CONFIGS, ids=str)
@pytest.mark.parametrize("kind", ["RetryStrategyConfig", "LinearRetryStrategyConfig"])
def test_configured_strategies(monkeypatch, kind, given):
    if kind.startswith("Linear"):
        given = {k: v for k, v in given.items() if k != "backoff_rate"}
    monkeypatch.setattr("random.random", lambda: 0.4)

    def answers(package):
        m = package.retries
        make = m.create_linear_retry_strategy if kind.startswith("Linear") \
            else m.create_retry_strategy
        strategy = make(config_of(package, getattr(m, kind), given))
        return [outcome(lambda: strategy(error, n))
                for error in ERRORS for n in range(1, 8)]
    assert answers(own) == answers(official)


def test_a_config_changed_later_changes_nothing():
    config = retries.RetryStrategyConfig(max_attempts=2)
    strategy = retries.create_retry_strategy(config)
    config.max_attempts = 9
    assert strategy(ValueError(), 2).should_retry is False


def test_a_delay_beyond_all_numbers_is_the_cap():
    """The official SDK raises OverflowError."""
    config = retries.RetryStrategyConfig(
        max_attempts=5000, backoff_rate=10.0, jitter_strategy=JitterStrategy.NONE)
    strategy = retries.create_retry_strategy(config)
    assert strategy(ValueError(), 4000).delay_seconds == 300
    theirs = official.retries.create_retry_strategy(
        official.retries.RetryStrategyConfig(max_attempts=5000, backoff_rate=10.0))
    with pytest.raises(OverflowError):
        theirs(ValueError(), 4000)


@pytest.mark.parametrize("interval", [None, 1, 90])
def test_fixed_with_an_interval(interval):
    def made(package):
        given = None if interval is None else package.config.Duration(interval)
        return delays(package.retries.RetryPresets.fixed(given), 6)
    assert made(own) == made(official)


@pytest.mark.parametrize("attempts, more", [(1, True), (3, True), (3, False),
                                            (9, True), (9, False)])
def test_a_condition_met_at_the_last_look_is_met(attempts, more):
    def answered(package):
        m = package.waits
        config = m.WaitStrategyConfig(
            should_continue_polling=lambda state: more, max_attempts=3,
            jitter_strategy=package.config.JitterStrategy.NONE)
        return outcome(lambda: m.create_wait_strategy(config)("state", attempts))
    found = answered(own)
    expected = answered(official)
    assert found[:2] == expected[:2]
    if found[0] == "raised":
        assert found[2][1] == expected[2][1]  # the text
        assert found[1] == WaitForConditionError.__name__
    else:
        assert found == expected


def test_decisions():
    for package in (own, official):
        decision = package.waits.WaitForConditionDecision
        assert decision.stop_polling().should_continue is False
        made = decision.continue_waiting(package.config.Duration(7))
        assert (made.should_continue, made.delay_seconds) == (True, 7)
    assert retries.RetryDecision.retry(Duration(3)).delay_seconds == 3
