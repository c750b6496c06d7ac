"""Our own suite "faults": see ../requirements."""

from conformance_common import give, requirement
from durable_core.config import Duration, StepConfig, StepSemantics


@requirement("14-1", "14-2", "14-3", "14-4", "14-5")
def three_steps(event, context):
    once = StepConfig(step_semantics=StepSemantics.AT_MOST_ONCE_PER_RETRY)
    a = context.step(give("a"), name="a", config=once)
    b = context.step(give("b"), name="b", config=once)
    context.wait(Duration(1))
    return a + b + context.step(give("c"), name="c", config=once)
