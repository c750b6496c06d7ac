"""Suite "wait"."""

from conformance_common import requirement
from durable_core.config import Duration


@requirement("2-1")
def basic(event, context):
    context.wait(Duration(2))


@requirement("2-2")
def named(event, context):
    context.wait(Duration(2), name="custom_wait_name")


@requirement("2-3")
def sequential(event, context):
    context.wait(Duration(2), name="wait-1")
    context.wait(Duration(2), name="wait-2")
    return {"completedWaits": 2}


@requirement("2-4")
def a_minute(event, context):
    context.wait(Duration.from_minutes(1))


@requirement("2-5")
def an_hour(event, context):
    context.wait(Duration.from_hours(1))
