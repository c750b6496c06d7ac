"""Configurations refuse what the service or the engine would refuse later."""
from __future__ import annotations

import math
import subprocess
import sys

import pytest

from both import official, outcome, own
from durable_core import config
from durable_core.exceptions import ValidationError

BAD = [
    ("Duration", {"seconds": -1}),
    ("CompletionDecision", {"complete": True}),
    ("CompletionDecision", {"complete": False, "outcome": "x"}),
    ("CompletionConfig", {"min_successful": 0}),
    ("CompletionConfig", {"tolerated_failure_count": -1}),
    ("CompletionConfig", {"tolerated_failure_percentage": -0.5}),
    ("CompletionConfig", {"tolerated_failure_percentage": 101}),
    ("CompletionConfig", {"should_complete": 7}),
    ("CompletionConfig", {"should_complete": len, "min_successful": 1}),
    ("CompletionConfig", {"should_complete": len, "tolerated_failure_count": 0}),
    ("CompletionConfig", {"should_complete": len, "tolerated_failure_percentage": 0}),
    ("ParallelConfig", {"max_concurrency": 0}),
    ("MapConfig", {"max_concurrency": -3}),
    ("StepConfig", {"sub_type": "a b"}),
    ("StepConfig", {"sub_type": "x" * 33}),
    ("StepConfig", {"sub_type": "caf\u00e9"}),
    ("ChildConfig", {"sub_type": "a.b"}),
    ("CallbackConfig", {"sub_type": "a\n"}),
    ("WaitForCallbackConfig", {"sub_type": "-" * 40}),
]
GOOD = [
    ("CompletionConfig", {"min_successful": 1, "tolerated_failure_count": 0}),
    ("CompletionConfig", {"tolerated_failure_percentage": 100}),
    ("CompletionConfig", {"tolerated_failure_percentage": 0}),
    ("StepConfig", {"sub_type": ""}),
    ("StepConfig", {"sub_type": "My-step_7"}),
    ("ChildConfig", {"sub_type": "x" * 32}),
    ("Duration", {}),
    ("MapConfig", {"max_concurrency": 1}),
]


@pytest.mark.parametrize("name, arguments", BAD)
def test_what_cannot_work_is_refused(name, arguments):
    with pytest.raises(ValidationError):
        getattr(config, name)(**arguments)
    assert outcome(lambda: getattr(official.config, name)(**arguments))[:2] == \
        ("raised", "ValidationError")


@pytest.mark.parametrize("name, arguments", GOOD)
def test_what_can_work_is_taken(name, arguments):
    assert outcome(lambda: getattr(config, name)(**arguments)) == \
        outcome(lambda: getattr(official.config, name)(**arguments))


@pytest.mark.parametrize("value", [1.5, "5", None, math.nan])
def test_a_duration_takes_whole_seconds_only(value):
    with pytest.raises(ValidationError, match="whole seconds"):
        config.Duration(value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -1])
def test_no_duration_is_made_of_what_is_no_number(value):
    with pytest.raises(ValidationError):
        config.Duration.from_minutes(value)


@pytest.mark.parametrize("unit", ["seconds", "minutes", "hours", "days"])
@pytest.mark.parametrize("value", [0, 1, 1.5, 0.001, 366])
def test_durations_by_unit(unit, value):
    def made(package):
        return getattr(package.config.Duration, f"from_{unit}")(value).to_seconds()
    assert made(own) == made(official)


@pytest.mark.parametrize("name", ["first_successful", "all_completed",
                                  "all_successful"])
def test_completion_presets(name):
    def made(package):
        return outcome(getattr(package.config.CompletionConfig, name))
    assert made(own) == made(official)


def test_a_threshold_out_of_reach_is_refused():
    least = config.CompletionConfig(min_successful=3)
    least._validate_for_total(3)
    with pytest.raises(ValidationError, match="3 > 2"):
        least._validate_for_total(2)


@pytest.mark.parametrize("jitter", ["NONE", "FULL", "HALF"])
@pytest.mark.parametrize("drawn", [0.0, 0.25, 0.999999])
@pytest.mark.parametrize("delay", [0, 0.5, 5, 299.5])
def test_jitter(monkeypatch, jitter, drawn, delay):
    monkeypatch.setattr("random.random", lambda: drawn)

    def made(package):
        strategy = package.config.JitterStrategy[jitter]
        return strategy.apply_jitter(delay), strategy.finalize_delay(delay)
    assert made(own) == made(official)


def test_a_branch_can_be_called():
    branch = config.ParallelBranch(lambda a, b=1: (a, b), name="n")
    assert branch(3, b=4) == (3, 4)


@pytest.mark.parametrize("arn", [
    "arn:aws:lambda:us-east-1:123456789012:function:f:1/durable-execution/e/i",
    "arn:aws-cn:lambda:r:a:function:f:$LATEST/durable-execution/e/i",
    "arn:aws:lambda:us-east-1:1:function:f/durable-execution/e/i",
    "arn:aws:lambda:r:a:function:f:1/durable-execution/e/i/more", "", "x"])
def test_arns(arn):
    def parsed(package):
        return outcome(lambda: package.types.DurableExecutionArn.from_arn(arn))
    assert parsed(own) == parsed(official)




def test_an_import_brings_nothing_that_a_first_invocation_does_not_need():
    heavy = {"asyncio", "boto3", "email", "http", "importlib.metadata", "socket", "ssl"}
    code = f"import sys, durable_core; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], check=True, text=True,
                          capture_output=True)
    assert done.stdout == "[]\n"
