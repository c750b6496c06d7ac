"""Suite "callback"."""

import datetime
import json

from conformance_common import give, requirement
from durable_core import CallbackError
from durable_core.config import CallbackConfig, Duration
from durable_core.serdes import SerDes


def approval(event, context, config=None):
    """Create a callback that is named by the event, and wait for its result."""
    return context.create_callback(event, config).result()


@requirement("4-1", "4-6")
def basic(event, context):
    return approval(event, context)


@requirement("4-2")
def named(event, context):
    return approval("approval", context)


@requirement("4-3")
def timeout(event, context):
    return approval(event, context, CallbackConfig(timeout=Duration(5)))


@requirement("4-4")
def short_heartbeat(event, context):
    return approval(event, context,
                    CallbackConfig(heartbeat_timeout=Duration(5)))


@requirement("4-5")
def heartbeat(event, context):
    return approval(event, context,
                    CallbackConfig(heartbeat_timeout=Duration(10)))


@requirement("4-7")
def step_between(event, context):
    callback = context.create_callback(event)
    context.step(give("meanwhile"))
    return callback.result()


@requirement("4-8")
def step_and_timeout(event, context):
    callback = context.create_callback(
        event, CallbackConfig(timeout=Duration(5)))
    context.step(give("meanwhile"))
    return callback.result()


@requirement("4-9", "4-10")
def wait_between(event, context):
    callback = context.create_callback(event)
    context.wait(Duration(5))
    return callback.result()


@requirement("4-11")
def timeout_in_wait(event, context):
    callback = context.create_callback(
        event, CallbackConfig(timeout=Duration(3)))
    context.wait(Duration(6))
    return callback.result()


@requirement("4-12")
def then_wait(event, context):
    value = approval(event, context)
    context.wait(Duration(2))
    return value


@requirement("4-13")
def failure_caught(event, context):
    try:
        approval(event, context)
    except CallbackError as error:
        caught = str(error)
    context.wait(Duration(2))
    return caught


@requirement("4-14")
def timeout_caught(event, context):
    try:
        approval(event, context, CallbackConfig(timeout=Duration(3)))
    except CallbackError as error:
        caught = str(error)
    context.wait(Duration(2))
    return caught


class Dated(SerDes):
    """JSON whose member "timestamp" is a point in time."""

    def serialize(self, value, _):
        return json.dumps({**value, "timestamp": value["timestamp"].isoformat()})

    def deserialize(self, data, _):
        value = json.loads(data)
        return {**value, "timestamp": datetime.datetime.fromisoformat(
            value["timestamp"])}


@requirement("4-15")
def typed_object(event, context):
    received = approval(event, context, CallbackConfig(serdes=Dated()))
    return {"received": {
        **received, "timestamp": int(received["timestamp"].timestamp())}}


class Number(SerDes):
    def serialize(self, value, _):
        return str(value)

    def deserialize(self, data, _):
        return int(data)


@requirement("4-16")
def numeric(event, context):
    count = approval(event, context, CallbackConfig(serdes=Number()))
    return {"count": count, "doubled": count * 2}


@requirement("4-17")
def one_by_one(event, context):
    return [approval(name, context) for name in event]


@requirement("4-18")
def in_order(event, context):
    a, b = [context.create_callback(name) for name in event]
    return [a.result(), b.result()]


@requirement("4-19")
def in_reverse(event, context):
    a, b = [context.create_callback(name) for name in event]
    second = b.result()
    return [a.result(), second]
