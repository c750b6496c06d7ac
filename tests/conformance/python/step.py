"""Suite "step"."""

import os

from conformance_common import (
    NO_RETRY, RETRY_TWICE, UpperCase, fail, fail_once, fixed, give, greet,
    requirement)
from durable_core import StepError
from durable_core.config import (
    Duration, JitterStrategy, StepConfig, StepSemantics)
from durable_core.retries import RetryStrategyConfig, create_retry_strategy


@requirement("1-1")
def basic(event, context):
    return context.step(greet(event))


@requirement("1-2")
def named(event, context):
    return context.step(greet(event), name="custom_step_name")


@requirement("1-3")
def sequential(event, context):
    first = context.step(give("first"))
    return context.step(lambda step: f"{first}_second")


@requirement("1-4")
def complex_object(event, context):
    return context.step(lambda step: {
        "user": {"name": event["name"], "tags": event["tags"]},
        "count": len(event["tags"])})


@requirement("1-5")
def null_result(event, context):
    return context.step(give(None))


@requirement("1-6")
def custom_serdes(event, context):
    return context.step(give(event), config=StepConfig(serdes=UpperCase()))


@requirement("1-7")
def step_logger(event, context):
    def body(step):
        step.logger.info("Greeting step started for: %s", event)
        hello = f"Hello, {event}!"
        step.logger.info("Greeting step completed with: %s", hello)
        return hello

    return context.step(body)


@requirement("1-8")
def step_and_wait(event, context):
    computed = context.step(give("computed"))
    context.wait(Duration(2))
    return computed


@requirement("1-9")
def replay_skips(event, context):
    cached = context.step(give("cached_value"))
    context.wait(Duration(1))
    return cached


@requirement("1-10")
def replay_rethrows(event, context):
    try:
        context.step(fail, config=StepConfig(retry_strategy=NO_RETRY))
    except StepError as error:
        caught = str(error)
    context.wait(Duration(1))
    return caught


@requirement("1-11")
def retry_once(event, context):
    return context.step(fail_once("Operation succeeded"),
                        config=StepConfig(retry_strategy=RETRY_TWICE))


@requirement("1-12")
def exhausted(event, context):
    context.step(fail, config=StepConfig(retry_strategy=fixed(4)))


def fail_twice(step):
    return fail() if step.attempt <= 2 else "done"


@requirement("1-13")
def default_retry(event, context):
    return context.step(fail_twice)


@requirement("1-14")
def custom_retry(event, context):
    strategy = create_retry_strategy(RetryStrategyConfig(
        max_attempts=3, initial_delay=Duration(2), backoff_rate=3,
        jitter_strategy=JitterStrategy.NONE))
    return context.step(fail_twice, config=StepConfig(retry_strategy=strategy))


class TransientError(Exception):
    pass


def fail_transiently(step):
    if step.attempt == 1:
        raise TransientError("not now")
    return "done"


def retry_only(error_type):
    return StepConfig(retry_strategy=create_retry_strategy(RetryStrategyConfig(
        max_attempts=3, initial_delay=Duration(1),
        jitter_strategy=JitterStrategy.NONE,
        retryable_error_types=[error_type])))


@requirement("1-15")
def retry_that(event, context):
    return context.step(fail_transiently, config=retry_only(TransientError))


@requirement("1-16")
def retry_another(event, context):
    return context.step(fail_transiently, config=retry_only(TimeoutError))


def crash_once(text):
    """A step in whose first attempt the process ends."""
    def body(step):
        step.logger.info("%s", text)
        if step.attempt == 1:
            os._exit(1)
        return "succeeded on second attempt"
    return body


@requirement("1-17")
def interrupted(event, context):
    return context.step(
        crash_once(event), name="at_most_once_flaky_step", config=StepConfig(
            retry_strategy=NO_RETRY,
            step_semantics=StepSemantics.AT_MOST_ONCE_PER_RETRY))


@requirement("1-18")
def interrupted_retried(event, context):
    return context.step(crash_once(event), config=StepConfig(
        retry_strategy=RETRY_TWICE,
        step_semantics=StepSemantics.AT_MOST_ONCE_PER_RETRY))


@requirement("1-19")
def fails(event, context):
    context.step(fail, config=StepConfig(retry_strategy=NO_RETRY))


@requirement("1-20")
def caught(event, context):
    try:
        context.step(fail, config=StepConfig(retry_strategy=NO_RETRY))
    except StepError:
        return context.step(give("fallback_result"))
