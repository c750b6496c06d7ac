"""Suite "wait_for_condition"."""

from conformance_common import fail, requirement
from durable_core import WaitForConditionError
from durable_core.config import Duration, JitterStrategy
from durable_core.serdes import SerDes
from durable_core.waits import (
    WaitForConditionConfig, WaitStrategyConfig, create_wait_strategy)


def polling(more, initial, seconds=1, attempts=60, serdes=None):
    """Look every |seconds| while |more| is true of the state."""
    return WaitForConditionConfig(
        wait_strategy=create_wait_strategy(WaitStrategyConfig(
            should_continue_polling=more, max_attempts=attempts,
            initial_delay=Duration(seconds), backoff_rate=1,
            jitter_strategy=JitterStrategy.NONE)),
        initial_state=initial, serdes=serdes)


def increment(state, _):
    return state + 1


def same(state, _):
    return state


@requirement("6-1")
def basic(event, context):
    return context.wait_for_condition(
        increment, polling(lambda state: state < event, 0))


@requirement("6-2")
def immediate(event, context):
    return context.wait_for_condition(
        same, polling(lambda state: state < 5, event))


@requirement("6-3")
def named(event, context):
    return context.wait_for_condition(
        increment, polling(lambda state: state < event, 0), name="poll-status")


@requirement("6-4")
def from_five(event, context):
    return context.wait_for_condition(
        increment, polling(lambda state: state < event, 5))


@requirement("6-5")
def fixed_delay(event, context):
    return context.wait_for_condition(
        increment, polling(lambda state: state < event, 0, seconds=2))


@requirement("6-6")
def never_met(event, context):
    return context.wait_for_condition(
        increment, polling(lambda state: True, 0, attempts=3))


@requirement("6-7")
def check_fails(event, context):
    return context.wait_for_condition(fail, polling(lambda state: True, 0))


@requirement("6-8")
def caught(event, context):
    try:
        return check_fails(event, context)
    except WaitForConditionError:
        return "recovered"


def attempt(state, _):
    attempts = state["attempts"] + 1
    return {"status": "PENDING" if attempts < 2 else "DONE",
            "attempts": attempts}


@requirement("6-9")
def object_state(event, context):
    return context.wait_for_condition(attempt, polling(
        lambda state: state["status"] == "PENDING",
        {"status": "PENDING", "attempts": 0}))


@requirement("6-10")
def null_state(event, context):
    return context.wait_for_condition(same, polling(lambda state: False, None))


class Prefixed(SerDes):
    """ "xx" is stored as "state:xx", which is no JSON. """

    def serialize(self, value, _):
        return "state:" + value

    def deserialize(self, data, _):
        assert data.startswith("state:")
        return data.removeprefix("state:")


@requirement("6-11")
def custom_serdes(event, context):
    return context.wait_for_condition(
        lambda state, _: state + "x",
        polling(lambda state: len(state) < 2, "", serdes=Prefixed()))


@requirement("6-12")
def then_step(event, context):
    counted = basic(event, context)
    return context.step(lambda step: counted * 10)


@requirement("6-13")
def sequential(event, context):
    two = context.wait_for_condition(
        increment, polling(lambda state: state < 2, 0))
    return context.wait_for_condition(
        increment, polling(lambda state: state < 4, two))
