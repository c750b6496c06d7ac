"""Our own suite "state": see ../requirements."""

from conformance_common import NO_RETRY, give, one_by_one, requirement
from durable_core import StepError
from durable_core.config import Duration, MapConfig, StepConfig

KIB, MIB = 1024, 1024 * 1024


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
