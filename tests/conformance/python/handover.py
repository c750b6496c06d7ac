"""Our own suite "handover", also with the official SDK, whose name the bootstrap
puts in the place of durable_core everywhere."""

from conformance_common import give, one_by_one, requirement
from durable_core.config import MapConfig


@requirement("15-1", "15-2", "15-3", "15-4", "15-5")
def handover(event, context):
    first = context.step(give({"n": 1, "tags": ["a", "b"]}), name="first")
    inside = context.run_in_child_context(
        lambda child: child.step(give("two"), name="second"), name="inside")
    items = context.map(
        [1, 2], lambda child, item, index, items:
        child.step(lambda step: item * 10, name="times ten"),
        name="items", config=one_by_one(MapConfig)).get_results()
    one = context.create_callback("go-1").result()
    third = context.step(give("three"), name="third")
    context.logger.info("durable_core goes on")
    two = context.create_callback("go-2").result()
    context.logger.info("durable_core ends")
    return {"first": first, "inside": inside, "items": items, "third": third,
            "answers": [one, two]}
