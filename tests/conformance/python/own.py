"""Our own suites: determinism, combinators, state and faults."""

from conformance_common import NO_RETRY, fail, give, one_by_one, requirement
from durable_core import StepError
from durable_core.config import Duration, MapConfig, StepConfig

KIB, MIB = 1024, 1024 * 1024


@requirement("11-1", "11-2", "11-3", "11-4", "11-5")
def same(event, context):
    value = context.step(give("x"), name="same")
    return [value, context.create_callback("go").result()]


# ---- combinators

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


# ---- state

@requirement("13-1")
def many_pages(event, context):
    texts = [context.step(give(chr(ord("a") + i % 26) * 200 * KIB))
             for i in range(40)]
    context.wait(Duration(1))
    return {"length": sum(map(len, texts)), "different": len(set(texts))}


def map_and_wait(context, body):
    batch = context.map(
        ["a", "b", "c"], lambda child, item, index, items:
        child.step(lambda step: body(item)), config=one_by_one(MapConfig))
    context.wait(Duration(1))
    return batch.get_results()


@requirement("13-2")
def collapsed(event, context):
    return map_and_wait(context, str.upper)


@requirement("13-3")
def rebuilt(event, context):
    return [[text[0], len(text)] for text in
            map_and_wait(context, lambda item: item * 100 * KIB)]


@requirement("13-4")
def large_step(event, context):
    try:
        context.step(give("x" * 7 * MIB), name="large",
                     config=StepConfig(retry_strategy=NO_RETRY))
    except StepError:
        value = "too large"
    context.wait(Duration(1))
    return value


@requirement("13-5")
def large_result(event, context):
    return "x" * (6 * MIB - 100)


@requirement("14-1", "14-2", "14-3", "14-4", "14-5")
def three_steps(event, context):
    a = context.step(give("a"), name="a")
    b = context.step(give("b"), name="b")
    context.wait(Duration(1))
    return a + b + context.step(give("c"), name="c")
