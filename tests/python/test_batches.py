"""Batch results, and when a batch is complete."""
from __future__ import annotations

import importlib
import itertools

import pytest

from both import official, outcome, own, vectors
from durable_core.concurrency.models import BatchResult, CompletionPolicy
from durable_core.exceptions import ChildContextError

CASES = vectors("completion_policy")


def _models(package):
    return importlib.import_module(f"{package._name}.concurrency.models")


@pytest.mark.parametrize("package", [own, official], ids=["own", "official"])
def test_the_rules_of_the_core(package):
    policy_cls = _models(package).CompletionPolicy
    for row in CASES["rows"]:
        case = dict(zip(CASES["columns"], row))
        policy = policy_cls(case["total"], case["min_successful"],
                            case["tolerated_failure_count"],
                            case["tolerated_failure_percentage"])
        counts = case["succeeded"], case["failed"]
        assert policy.is_complete(*counts) == case["complete"], case
        assert policy.is_tolerance_exceeded(counts[1]) == case["tolerance_exceeded"]
        assert policy.should_continue(counts[1]) != case["tolerance_exceeded"]
        assert policy.reason(*counts).value == case["reason"], case


@pytest.mark.parametrize("answer", ["continue", "SUCCEEDED", "FAILED"])
@pytest.mark.parametrize("counts", [(0, 0), (1, 1), (3, 0), (0, 3)])
def test_a_predicate(answer, counts):
    def done(package):
        config, seen = package.config, []

        def decide(status):
            seen.append(status)
            return config.continue_batch() if answer == "continue" else \
                config.complete_batch(config.CompletionOutcome[answer])
        policy = _models(package).CompletionPolicy.from_config(
            3, config.CompletionConfig(should_complete=decide))
        items = (config.CompletionItemStatus(0, "n", config.BatchItemStatus.FAILED),)
        return [outcome(f) for f in (
            lambda: policy.evaluate(*counts, items),
            lambda: policy.is_complete(*counts, items),
            lambda: policy.reason(*counts, items),
            lambda: policy.has_criteria,
            lambda: policy.is_tolerance_exceeded(counts[1]), lambda: seen)]
    assert done(own) == done(official)


ERROR = {"ErrorMessage": "m", "ErrorType": "ValueError"}
STEP = {"ErrorMessage": "m",
        "ErrorType": "aws_durable_execution_sdk_python.exceptions.StepError"}
BROKEN = {"ErrorMessage": "m",
          "ErrorType": "aws_durable_execution_sdk_python.exceptions.SerDesError"}
ITEMS = [{"index": 0, "status": "SUCCEEDED", "result": 1},
         {"index": 0, "status": "SUCCEEDED", "result": None, "error": None},
         {"index": 0, "status": "FAILED", "error": ERROR},
         {"index": 0, "status": "FAILED", "error": STEP},
         {"index": 0, "status": "FAILED", "error": BROKEN},
         {"index": 0, "status": "FAILED"},
         {"index": 0, "status": "STARTED"}]
REASONS = [None, "ALL_COMPLETED", "CUSTOM_COMPLETION_FAILED",
           "CUSTOM_COMPLETION_SUCCEEDED", "FAILURE_TOLERANCE_EXCEEDED"]


@pytest.mark.parametrize("reason", REASONS)
def test_every_view_of_a_batch(reason):
    for chosen in itertools.product(ITEMS, repeat=2):
        items = [{**item, "index": at} for at, item in enumerate(chosen)]
        data = {"all": items, "completionReason": reason}

        def views(package):
            batch = _models(package).BatchResult.from_dict(data)

            def thrown():
                try:
                    return batch.throw_if_error()
                except Exception as error:
                    raise error from None
            return [outcome(f) for f in (
                lambda: batch, batch.to_dict, batch.succeeded, batch.failed,
                batch.started, lambda: batch.status, lambda: batch.has_failure,
                thrown, batch.get_results, batch.get_errors,
                lambda: (batch.success_count, batch.failure_count,
                         batch.started_count, batch.total_count))]
        assert views(own) == views(official), data


def test_the_first_failure_is_raised_with_its_cause():
    batch = BatchResult.from_dict({"all": [{**ITEMS[3], "index": 0}]})
    with pytest.raises(ChildContextError) as raised:
        batch.throw_if_error()
    assert type(raised.value.__cause__).__name__ == "StepError"


def test_a_failure_without_an_error_names_the_branch():
    batch = BatchResult.from_dict(
        {"all": [{"index": 0, "status": "SUCCEEDED"}, {"index": 1, "status": "FAILED"}],
         "completionReason": "ALL_COMPLETED"})
    with pytest.raises(ChildContextError, match="item 1 "):
        batch.throw_if_error()
    assert CompletionPolicy(0).is_complete(0, 0)
