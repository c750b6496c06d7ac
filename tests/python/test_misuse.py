"""What a user may get wrong is named, and costs neither the process nor a record."""
from __future__ import annotations

import logging

import pytest

from durable_core import config
from durable_core.config import Duration, StepConfig
from durable_core.exceptions import SuspendExecution, ValidationError
from durable_core.retries import RetryPresets
from kit import service

ONCE = StepConfig(retry_strategy=RetryPresets.none())


class Unreadable(Exception):
    def __str__(self):
        raise RuntimeError("no text")


class NoText(Exception):
    def __str__(self):
        return 5


def ended(func):
    with service() as s:
        return s.run(func)


@pytest.fixture
def left():
    """A context, a step's context and a future whose invocation is over."""
    kept = []

    def handler(event, context):
        kept.append(context)
        kept.append(context.start.wait(Duration.from_days(1)))
        context.step(kept.append)
        return 1

    assert ended(handler).result == 1
    return kept


@pytest.mark.parametrize("name", ["uuid", "random", "now_ms"])
def test_values_of_a_context_that_is_over(left, name):
    with pytest.raises(SuspendExecution, match="is over"):
        getattr(left[0], name)()


def test_loggers_write_on_when_it_is_over(left, caplog):
    caplog.set_level(logging.INFO)
    context, future, step = left
    context.logger.info("of the handler")
    step.logger.info("of the step")
    assert [one.message for one in caplog.records] == ["of the handler", "of the step"]
    assert not context.is_replaying()
    with pytest.raises(SuspendExecution):
        future.result()


@pytest.mark.parametrize("error", [Unreadable, NoText])
def test_an_error_without_a_text_is_recorded_all_the_same(error):
    def body(*_):
        raise error

    outcome = ended(lambda _, c: c.step(body, config=ONCE))
    assert outcome.status == "FAILED"
    assert outcome.error["ErrorType"].endswith("StepError")
    assert outcome.error["ErrorMessage"].startswith("its message cannot be read: ")
    assert outcome.kinds() == ["StepStarted", "StepFailed"]
    outcome = ended(body)
    assert outcome.status == "FAILED"
    assert outcome.error["ErrorType"].endswith(error.__name__)


@pytest.mark.parametrize("name", ["a\0b", "\0", "\ud800", 5, b"x"])
@pytest.mark.parametrize("operation", [
    lambda c, name: c.step(lambda _: 1, name=name),
    lambda c, name: c.wait(Duration(1), name=name),
    lambda c, name: c.map([1], lambda *_: 1, name=name),
    lambda c, name: c.map([1], lambda *_: 1,
                          config=config.MapConfig(item_namer=lambda *_: name)),
    lambda c, name: c.invoke("other", 1, name=name),
])
def test_a_name_that_cannot_be_stored(operation, name):
    outcome = ended(lambda _, c: operation(c, name))
    assert outcome.error["ErrorType"].endswith("ValidationError")
    assert outcome.error["ErrorMessage"].startswith("name must ")
    assert outcome.kinds() == []


@pytest.mark.parametrize("call, said", [
    (lambda c: c.wait(5), "duration must be a Duration"),
    (lambda c: c.wait(Duration(10**30)), "duration must be at most"),
    (lambda c: c.invoke(5, 1), "function_name must be a str"),
    (lambda c: c.invoke("f", 1, config=config.InvokeConfig(tenant_id=5)),
     "tenant_id must be a str"),
])
def test_an_argument_of_the_wrong_type(call, said):
    outcome = ended(lambda _, c: call(c))
    assert outcome.error["ErrorType"].endswith("ValidationError")
    assert outcome.error["ErrorMessage"].startswith(said)


@pytest.mark.parametrize("kind, option, value", [
    ("StepConfig", "retry_strategy", 5),
    ("StepConfig", "serdes", 5),
    ("StepConfig", "sub_type", 5),
    ("ChildConfig", "serdes", "x"),
    ("ChildConfig", "summary_generator", 5),
    ("MapConfig", "max_concurrency", "2"),
    ("MapConfig", "item_namer", "x"),
    ("MapConfig", "item_serdes", 5),
    ("ParallelConfig", "max_concurrency", 1.5),
    ("ParallelConfig", "serdes", 5),
    ("InvokeConfig", "serdes_payload", 5),
    ("InvokeConfig", "serdes_result", 5),
    ("CallbackConfig", "timeout", 5),
    ("CallbackConfig", "heartbeat_timeout", None),
    ("WaitForCallbackConfig", "retry_strategy", 5),
    ("CompletionConfig", "min_successful", "1"),
    ("CompletionConfig", "tolerated_failure_count", 1.5),
    ("CompletionConfig", "tolerated_failure_percentage", "1"),
])
def test_an_option_of_the_wrong_type_is_named(kind, option, value):
    with pytest.raises(ValidationError, match=f"^{option} must "):
        getattr(config, kind)(**{option: value})
