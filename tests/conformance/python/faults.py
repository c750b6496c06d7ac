"""Our own suite "faults": see ../requirements."""

from conformance_common import give, requirement
from durable_core.config import Duration


@requirement("14-1", "14-2", "14-3", "14-4", "14-5")
def three_steps(event, context):
    a = context.step(give("a"), name="a")
    b = context.step(give("b"), name="b")
    context.wait(Duration(1))
    return a + b + context.step(give("c"), name="c")
