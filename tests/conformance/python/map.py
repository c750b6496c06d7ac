"""Suite "map".  Items run one after the other, unless it is said."""

from conformance_common import (
    COUNTS, fail, give, greet, one_by_one, requirement, summary)
from durable_core import BatchResult
from durable_core.config import (
    CompletionConfig, Duration, MapConfig, NestingType)
from durable_core.serdes import JsonSerDes, SerDes

LARGE = 70 * 1024


def results(context, items, function, name="map", **config):
    config.setdefault("max_concurrency", 1)
    return context.map(items, function, name=name,
                       config=MapConfig(**config)).get_results()


def itself(child, item, index, items):
    return item


def in_step(child, item, index, items):
    return child.step(give(item))


def upper(child, item, index, items):
    return item.upper()


@requirement("9-1")
def basic(event, context):
    return results(context, event, lambda child, item, index, items:
                   child.step(greet(item)))


@requirement("9-2")
def nameless(event, context):
    return context.map(event, lambda child, item, index, items: item * 2,
                       config=one_by_one(MapConfig)).get_results()


@requirement("9-3")
def with_index(event, context):
    return results(context, event,
                   lambda child, item, index, items: item + index)


@requirement("9-4")
def empty(event, context):
    return results(context, event, itself)


@requirement("9-11")
def concurrent(event, context):
    return results(context, ["r0", "r1", "r2"], itself, max_concurrency=2)


@requirement("9-12")
def flat(event, context):
    return results(context, ["fa", "fb"], in_step,
                   nesting_type=NestingType.FLAT)


@requirement("9-13")
def named_items(event, context):
    return results(context, event,
                   lambda child, item, index, items: item * 10,
                   name="named-items",
                   item_namer=lambda item, index: f"item-{item}")


class Wrapped(SerDes):
    """ "X" is stored as "wrapped:X", which is no JSON. """

    def serialize(self, value, _):
        return "wrapped:" + value

    def deserialize(self, data, _):
        assert data.startswith("wrapped:")
        return data.removeprefix("wrapped:")


@requirement("9-14")
def item_serdes(event, context):
    return results(context, ["x", "y"], upper, item_serdes=Wrapped())


@requirement("9-15")
def suspended(event, context):
    def later(child, item, index, items):
        if index == 1:
            child.wait(Duration(1))
        return child.step(give(item))

    return results(context, ["r0", "r1"], later)


@requirement("9-17")
def then_wait(event, context):
    found = results(context, ["a", "b"], upper)
    context.wait(Duration(1))
    return found


class Joined(SerDes):
    """The whole result is stored as "OPSERDE:X,Y"."""

    def serialize(self, value, _):
        return "OPSERDE:" + ",".join(value.get_results())

    def deserialize(self, data, _):
        assert data.startswith("OPSERDE:")
        return BatchResult.from_dict({
            "all": [{"index": index, "status": "SUCCEEDED", "result": result}
                    for index, result in enumerate(
                        data.removeprefix("OPSERDE:").split(","))],
            "completionReason": "ALL_COMPLETED"})


@requirement("9-19")
def joined(event, context):
    return results(context, ["x", "y"], upper, serdes=Joined(),
                   item_serdes=JsonSerDes())


@requirement("9-20")
def joined_then_wait(event, context):
    found = joined(event, context)
    context.wait(Duration(1))
    return found


# ---- when it is complete: a letter for each item, f: it fails

def complete(context, outcomes, **thresholds):
    return context.map(
        list(outcomes), lambda child, item, index, items:
        fail() if item == "f" else "ok", name="map", config=one_by_one(
            MapConfig, completion_config=CompletionConfig(**thresholds)))


@requirement("9-5")
def fail_fast(event, context):
    batch = complete(context, "sfs", tolerated_failure_count=0)
    return summary(batch, "completionReason", "status", *COUNTS)


@requirement("9-6")
def rethrow(event, context):
    complete(context, "fs", tolerated_failure_count=0).throw_if_error()


@requirement("9-7")
def min_successful(event, context):
    batch = complete(context, "ssss", min_successful=2)
    return summary(batch, "completionReason", "successCount", "totalCount")


@requirement("9-8")
def tolerated(event, context):
    batch = complete(context, "sfs", tolerated_failure_count=1)
    return summary(batch, "completionReason", "status", *COUNTS)


@requirement("9-9")
def exceeded(event, context):
    batch = complete(context, "ffs", tolerated_failure_count=1)
    return summary(batch, "completionReason", *COUNTS)


@requirement("9-10")
def percentage_exceeded(event, context):
    batch = complete(context, "ffss", tolerated_failure_percentage=25)
    return summary(batch, "completionReason", *COUNTS)


@requirement("9-16")
def large(event, context):
    batch = context.map(
        [0, 1, 2, 3], lambda child, item, index, items: "abcd"[item] * LARGE,
        name="map", config=one_by_one(MapConfig))
    return summary(batch, "successCount", "totalCount")


@requirement("9-18")
def failure_then_wait(event, context):
    batch = complete(context, "sf", tolerated_failure_count=1)
    context.wait(Duration(1))
    return summary(batch, "completionReason", "status", *COUNTS)
