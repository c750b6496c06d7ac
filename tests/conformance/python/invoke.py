"""Suite "invoke", and the functions that it invokes."""

import json

from conformance_common import fail, give, requirement
from durable_core import InvokeError
from durable_core.config import Duration, InvokeConfig
from durable_core.serdes import SerDes

LARGE = 200 * 1024


# Targets take a second, so that who invoked them suspends.

@requirement("TargetEcho", "TargetEchoTenant")
def target_echo(event, context):
    context.wait(Duration(1))
    return event


@requirement("TargetError")
def target_error(event, context):
    context.wait(Duration(1))
    fail()


def echo(context, payload, name=None, config=None):
    return context.invoke("TargetEcho", payload, name, config)


@requirement("5-1", "5-3", "5-4")
def basic(event, context):
    return echo(context, event)


@requirement("5-2")
def named(event, context):
    return echo(context, event["payload"], name=event["name"])


@requirement("5-5")
def fails(event, context):
    return context.invoke("TargetError", event)


@requirement("5-6")
def caught(event, context):
    try:
        return context.invoke("TargetError", event)
    except InvokeError:
        return "fallback"


@requirement("5-7")
def large_payload(event, context):
    return len(echo(context, "x" * LARGE))


@requirement("5-8")
def tenant(event, context):
    return context.invoke("TargetEchoTenant", event["payload"],
                          config=InvokeConfig(tenant_id=event["tenantId"]))


@requirement("5-9")
def then_wait(event, context):
    value = echo(context, event)
    context.wait(Duration(1))
    return value


@requirement("5-10")
def caught_then_wait(event, context):
    value = caught(event, context)
    context.wait(Duration(1))
    return value


@requirement("5-11")
def step_first(event, context):
    return echo(context, context.step(give("made")))


@requirement("5-12")
def step_after(event, context):
    back = echo(context, event)
    return context.step(lambda step: back)


@requirement("5-13")
def in_child(event, context):
    return context.run_in_child_context(lambda child: echo(child, event))


@requirement("5-14")
def sequential(event, context):
    return echo(context, echo(context, event))


class Loud(SerDes):
    """JSON whose strings are in upper case."""

    def serialize(self, value, _):
        return json.dumps({key: text.upper() for key, text in value.items()})

    def deserialize(self, data, _):
        return json.loads(data)


@requirement("5-15")
def payload_serdes(event, context):
    return echo(context, event, config=InvokeConfig(serdes_payload=Loud()))


class LoudText(SerDes):
    """The text of a result as it is, in upper case."""

    def serialize(self, value, _):
        return value

    def deserialize(self, data, _):
        return data.upper()


@requirement("5-16")
def result_serdes(event, context):
    return echo(context, event, config=InvokeConfig(serdes_result=LoudText()))
