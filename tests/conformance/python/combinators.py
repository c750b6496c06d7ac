"""Our own suite "combinators": see ../requirements."""

from conformance_common import NO_RETRY, fail, give, requirement
from durable_core.config import Duration, StepConfig


def start(context, name):
    return context.start.step(give(name), name=name)


def start_failing(context, name):
    return context.start.step(fail, name=name,
                              config=StepConfig(retry_strategy=NO_RETRY))


@requirement("12-1")
def all_values(event, context):
    values = context.all([start(context, "a"), start(context, "b"),
                          context.start.wait(Duration(1))])
    context.wait(Duration(1))
    return values


@requirement("12-2")
def all_fails(event, context):
    return context.all([start(context, "a"), start_failing(context, "b")])


@requirement("12-3")
def settled(event, context):
    outcomes = context.settled([start(context, "a"),
                                start_failing(context, "b")])
    return [[one["status"], one["value"] if one["status"] == "fulfilled"
             else one["reason"]["ErrorType"]] for one in outcomes]


@requirement("12-4")
def any_value(event, context):
    value = context.any([start_failing(context, "a"), start(context, "b")])
    context.wait(Duration(1))
    return value


@requirement("12-5")
def race(event, context):
    value = context.race([start(context, "a"),
                          context.start.wait(Duration(60))])
    context.wait(Duration(1))
    return value
