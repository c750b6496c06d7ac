"""Suite "wait_for_callback"."""

from conformance_common import RETRY_ONCE, fail, give, requirement
from durable_core import CallbackError
from durable_core.config import Duration, WaitForCallbackConfig
from durable_core.serdes import JsonSerDes


def submit(callback_id, _):
    """The runner finds callbacks by itself: there is nobody to be told."""


@requirement("7-1", "7-4", "7-15")
def basic(event, context):
    return context.wait_for_callback(submit, name=event)


@requirement("7-2")
def named(event, context):
    return context.wait_for_callback(submit, name="approval")


@requirement("7-3")
def nameless(event, context):
    return context.wait_for_callback(lambda callback_id, _: None)


@requirement("7-5")
def timeout(event, context):
    return context.wait_for_callback(
        submit, name=event, config=WaitForCallbackConfig(timeout=Duration(3)))


@requirement("7-6")
def caught(event, context):
    try:
        return basic(event, context)
    except CallbackError:
        return "recovered"


@requirement("7-7")
def submitter_fails(event, context):
    return context.wait_for_callback(
        fail, name=event, config=WaitForCallbackConfig(
            retry_strategy=RETRY_ONCE))


@requirement("7-8")
def in_child(event, context):
    return context.run_in_child_context(
        lambda child: basic(event, child), name="wrapper")


@requirement("7-9")
def sequential(event, context):
    context.wait_for_callback(submit, name="first")
    return context.wait_for_callback(submit, name="second")


@requirement("7-10")
def after_others(event, context):
    context.wait(Duration(1))
    context.step(give("fixed data"))
    return basic(event, context)


@requirement("7-11")
def json_object(event, context):
    return context.wait_for_callback(
        submit, name=event,
        config=WaitForCallbackConfig(serdes=JsonSerDes()))["status"]


@requirement("7-12")
def short_heartbeat(event, context):
    return context.wait_for_callback(
        submit, name=event,
        config=WaitForCallbackConfig(heartbeat_timeout=Duration(5)))


@requirement("7-13")
def heartbeat(event, context):
    return context.wait_for_callback(
        submit, name=event,
        config=WaitForCallbackConfig(heartbeat_timeout=Duration(10)))


@requirement("7-14")
def timeout_caught(event, context):
    try:
        return timeout(event, context)
    except CallbackError:
        return "timed-out-handled"
