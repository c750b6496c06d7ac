"""Suite "child"."""

import os
import pathlib
import time

from conformance_common import (
    NO_RETRY, RETRY_ONCE, RETRY_TWICE, UpperCase, fail, fail_once, give,
    requirement)
from durable_core import ChildContextError, durable_with_child_context
from durable_core.config import ChildConfig, Duration, StepConfig

LARGE = 300 * 1024
LONGER_THAN_A_START_IS_HELD_S = 1


@requirement("3-1")
def basic(event, context):
    return context.run_in_child_context(
        lambda child: child.step(give(event)))


@requirement("3-2")
def named(event, context):
    return context.run_in_child_context(
        lambda child: child.step(give(event["value"])), name=event["name"])


@durable_with_child_context
def two_steps(child, value):
    first = child.step(give(value))
    return child.step(lambda step: first)


@requirement("3-3")
def sequential(event, context):
    return context.run_in_child_context(two_steps(event))


@durable_with_child_context
def failing_step(child):
    child.step(fail, config=StepConfig(retry_strategy=NO_RETRY))


@requirement("3-4")
def fails(event, context):
    context.run_in_child_context(failing_step())


@requirement("3-5")
def caught(event, context):
    try:
        context.run_in_child_context(failing_step())
    except ChildContextError:
        return context.step(give(event))


@durable_with_child_context
def inner(child, value):
    return child.step(give(value))


@durable_with_child_context
def outer(child, value):
    child.step(give(value))
    return child.run_in_child_context(inner(value))


@requirement("3-6")
def nested(event, context):
    return context.run_in_child_context(outer(event))


@durable_with_child_context
def flaky_step(child, value):
    return child.step(fail_once(value),
                      config=StepConfig(retry_strategy=RETRY_TWICE))


@requirement("3-7")
def retried(event, context):
    return context.run_in_child_context(flaky_step(event))


@durable_with_child_context
def hopeless_step(child):
    child.step(fail, config=StepConfig(retry_strategy=RETRY_ONCE))


@requirement("3-8")
def exhausted(event, context):
    context.run_in_child_context(hopeless_step())


@requirement("3-9")
def then_wait(event, context):
    value = context.run_in_child_context(
        lambda child: child.step(give(event)))
    context.wait(Duration(2))
    return value


@durable_with_child_context
def step_and_wait(child, value):
    child.step(give(value))
    child.wait(Duration(2))
    return value


@requirement("3-10")
def mixed(event, context):
    return context.run_in_child_context(step_and_wait(event))


def loud(context):
    """The context's logger, which writes while it replays, too."""
    return context.logger.with_is_replaying(lambda: False)


@durable_with_child_context
def large_result(child, value):
    loud(child).info("%s", value)
    return child.step(give("x")) * LARGE


@requirement("3-11")
def large(event, context):
    context.run_in_child_context(large_result(event))
    context.wait(Duration(2))


def crash_first(value):
    """A step in whose first run the process ends, once its START is on record;
    a file is what tells the second run from the first."""
    def body(step):
        marker = pathlib.Path(os.environ["CONFORMANCE_DIR"], "crashed")
        if not marker.exists():
            marker.touch()
            time.sleep(LONGER_THAN_A_START_IS_HELD_S)
            os._exit(1)
        return value
    return body


@requirement("3-12")
def interrupted(event, context):
    return context.run_in_child_context(
        lambda child: child.step(crash_first(event)))


@durable_with_child_context
def only_wait(child, value):
    child.wait(Duration(1))
    return value


@requirement("3-13")
def wait_then_step(event, context):
    context.run_in_child_context(only_wait(event))
    return context.step(give(event))


@requirement("3-14")
def custom_serdes(event, context):
    return context.run_in_child_context(
        inner(event), config=ChildConfig(serdes=UpperCase()))


@durable_with_child_context
def just_fail(child):
    fail()


@requirement("3-15")
def fails_itself(event, context):
    context.run_in_child_context(just_fail())


@durable_with_child_context
def nothing(child):
    return None


@requirement("3-16")
def null_result(event, context):
    return context.run_in_child_context(nothing())


@durable_with_child_context
def only_log(child, value):
    loud(child).info("%s", value)
    return value


@requirement("3-17")
def logger(event, context):
    value = context.run_in_child_context(only_log(event))
    context.wait(Duration(1))
    return value


@requirement("3-18")
def inside_and_after(event, context):
    context.run_in_child_context(step_and_wait(event))
    value = context.step(give(event))
    context.wait(Duration(2))
    return value
