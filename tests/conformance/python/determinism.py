"""Our own suite "determinism": see ../requirements."""

from conformance_common import give, requirement


@requirement("11-1", "11-2", "11-3", "11-4", "11-5")
def same(event, context):
    value = context.step(give("x"), name="same")
    return [value, context.create_callback("go").result()]
