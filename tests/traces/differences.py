"""Where this service answers otherwise than the recorded emulator, by number.

The numbers are those of the specification of the service (0.1, f.6 and i) and
of section 2 of the specification of conformance, which goes before it.  Each
rule turns the recorded answer into the one to expect.  A rule that changes
nothing in all recordings is an error.
"""

import base64
import json

from matching import Between, Derived, NewArn
from recorded import text_of

RULES = []


class Rule:
    def __init__(self, number, kinds, change):
        self.number, self.kinds, self.change = number, kinds, change

    def __repr__(self):
        return f"{self.number}: {' '.join(self.change.__doc__.split())}"


def difference(number, *kinds):
    """The function gets the expected answer and the context, and says whether
    it changed something."""
    def add(change):
        RULES.append(Rule(number, kinds, change))
        return change
    return add


def apply(kind, expected, context):
    """The rules that changed something."""
    return {rule for rule in RULES
            if kind in rule.kinds and rule.change(expected, context)}


def events(expected, *types):
    """Those of a history; none when it was refused."""
    if expected.status == 200:
        for event in expected.body["Events"]:
            if event["EventType"] in types:
                yield event


# ---- executions

@difference("i.14", "start")
def arn(expected, context):
    """ARNs have the shape of AWS, with the function and the name."""
    recorded = expected.body["ExecutionArn"]
    request = context.exchange.request
    expected.body["ExecutionArn"] = NewArn(
        recorded, request["FunctionName"], request["ExecutionName"])
    return True


def name_in_arn(arn):
    return Derived(lambda bindings: bindings.ids[arn].split("/")[-2])


def unnamed(context):
    start = context.starts.get(context.arn)
    return start is not None and start["ExecutionName"] is None


@difference("i.14", "get")
def name_of_unnamed(expected, context):
    """An execution that was started without a name has a generated one, which
    is in its ARN."""
    if not unnamed(context):
        return False
    expected.body["DurableExecutionName"] = name_in_arn(context.arn)
    return True


@difference("i.14", "history")
def name_in_events(expected, context):
    """Its events have that name."""
    if not unnamed(context):
        return False
    for event in expected.body["Events"]:
        if event["EventType"].startswith("Execution"):
            event["Name"] = name_in_arn(context.arn)
    return True


@difference("i.14", "arrival")
def name_in_invocations(expected, context):
    """Its operation has that name."""
    if not unnamed(context):
        return False
    first = expected["InitialExecutionState"]["Operations"][0]
    first["Name"] = name_in_arn(context.arn)
    return True


@difference("i.13", "get")
def version(expected, context):
    """The version is that of the function, and its ARN has the qualifier."""
    if expected.status != 200:
        return False
    expected.body["Version"] = "$LATEST"
    expected.body["FunctionArn"] += ":$LATEST"
    return True


@difference("i.6", "get")
def error_of_stop(expected, context):
    """StopDurableExecution heeds the error that it is given."""
    if expected.status != 200 or expected.body["Status"] != "STOPPED":
        return False
    expected.body["Error"] = context.stops[context.arn]
    return True


@difference("i.6", "history")
def error_of_stopped(expected, context):
    """ExecutionStopped has it too."""
    changed = False
    for event in events(expected, "ExecutionStopped"):
        event["ExecutionStoppedDetails"]["Error"]["Payload"] = \
            context.stops[context.arn]
        changed = True
    return changed


@difference("i.6", "succeed")
def callback_of_stopped(expected, context):
    """An execution that is over takes no callback."""
    callback = context.exchange.subject
    if expected.status != 200 or \
            text_of(callback)["arn"] not in context.stops:
        return False
    expected.status = 404
    expected.body = {
        "Type": "ResourceNotFoundException",
        "Message": "Failed to process callback success: Callback operation "
                   f"[{callback}] is not in STARTED state"}
    return True


# ---- checkpoints

@difference("conformance 2.3", "checkpoint")
def carried_before(expected, context):
    """What the event of the invocation carried is not delivered again."""
    if expected.status != 200:
        return False
    written = {u["Id"] for u in context.exchange.request["Updates"]}
    event = context.invocations[context.arn][-1].event
    carried = {o["Id"]: o["Status"]
               for o in event["InitialExecutionState"]["Operations"]}
    state = expected.body["NewExecutionState"]
    kept = [o for o in state["Operations"] if o["Id"] in written or
            carried.get(o["Id"]) != o["Status"]]
    changed = kept != state["Operations"]
    state["Operations"] = kept
    return changed


def token_after(token):
    """The token that the emulator would have answered."""
    inside = text_of(token)
    inside["seq"] += 1
    return base64.b64encode(json.dumps(inside).encode()).decode()


INVOKED = "the execution of a chained invoke"


@difference("i.5", "checkpoint")
def chained_invoke(expected, context):
    """CHAINED_INVOKE is implemented."""
    request = context.exchange.request
    if expected.status != 400 or not any(
            u["Type"] == "CHAINED_INVOKE" for u in request["Updates"]):
        return False
    [update] = request["Updates"]
    context.chained[context.arn] = context.exchange
    expected.status = 200
    expected.body = {
        "CheckpointToken": token_after(request["CheckpointToken"]),
        "NewExecutionState": {"Operations": [{
            "Id": update["Id"], "Type": update["Type"], "Status": "STARTED",
            "Name": update["Name"], "SubType": update["SubType"],
            "StartTimestamp": context.exchange.started}]}}
    return True


@difference("i.5", "history")
def chained_invoke_started(expected, context):
    """ChainedInvokeStarted tells what was invoked."""
    if context.arn not in context.chained:
        return False
    exchange = context.chained[context.arn]
    [update] = exchange.request["Updates"]
    options = update["ChainedInvokeOptions"]
    expected.body["Events"].insert(1, {
        "EventType": "ChainedInvokeStarted",
        "EventTimestamp": exchange.started,
        "SubType": update["SubType"], "Id": update["Id"],
        "Name": update["Name"],
        "ChainedInvokeStartedDetails": {
            "FunctionName": options["FunctionName"],
            "Input": {"Truncated": False, "Payload": update["Payload"]},
            "ExecutedVersion": "$LATEST",
            "DurableExecutionArn": NewArn(INVOKED, options["FunctionName"],
                                          None)}})
    for i, event in enumerate(expected.body["Events"]):
        event["EventId"] = i + 1
    return True


@difference("conformance 2.4", "arrival")
def updated_callbacks(expected, context):
    """UpdatedOperationIds has the callbacks that came too."""
    def over(event):
        return {o["Id"] for o in event["InitialExecutionState"]["Operations"]
                if o["Type"] == "CALLBACK" and o["Status"] != "STARTED"}
    *earlier, now = context.invocations[context.arn]
    new = over(now.event) - (over(earlier[-1].event) if earlier else set())
    expected["UpdatedOperationIds"] += sorted(new)
    return bool(new)


# ---- histories

@difference("i.8", "history")
def invocation_details(expected, context):
    """InvocationCompleted has its details."""
    completed = list(events(expected, "InvocationCompleted"))
    since = next(events(expected, "ExecutionStarted"), {}).get("EventTimestamp")
    for event, invocation in zip(completed,
                                 context.invocations.get(context.arn, [])):
        event["InvocationCompletedDetails"] = {
            "StartTimestamp": Between(since, event["EventTimestamp"]),
            "EndTimestamp": event["EventTimestamp"],
            "RequestId": text_of(invocation.token)["inv"]}
        since = event["EventTimestamp"]
    return bool(completed)




@difference("i.8", "history")
def retry_details(expected, context):
    """StepSucceeded always has RetryDetails."""
    changed = False
    attempts = {}
    for event in events(expected, "StepSucceeded", "StepFailed"):
        attempt = attempts[event["Id"]] = attempts.get(event["Id"], 0) + 1
        details = event[event["EventType"] + "Details"]
        if "RetryDetails" not in details:
            details["RetryDetails"] = {"CurrentAttempt": attempt,
                                       "NextAttemptDelaySeconds": 0}
            changed = True
    return changed


@difference("i.8", "history")
def timeouts_of_callback(expected, context):
    """CallbackStarted tells the timeouts."""
    changed = False
    for event in events(expected, "CallbackStarted"):
        options = context.updates_of(event["Id"])[0]["CallbackOptions"]
        event["CallbackStartedDetails"].update(
            Timeout=options["TimeoutSeconds"],
            HeartbeatTimeout=options["HeartbeatTimeoutSeconds"])
        changed = True
    return changed


@difference("conformance 2.6", "history")
def state_of_condition(expected, context):
    """The attempt of a condition that asks for another has its state."""
    changed = False
    attempts = {}
    for event in events(expected, "StepSucceeded", "StepFailed"):
        attempt = attempts[event["Id"]] = attempts.get(event["Id"], 0) + 1
        closing = [u for u in context.updates_of(event["Id"])
                   if u["Action"] != "START"][attempt - 1]
        if closing["Action"] == "RETRY" and "Payload" in closing:
            event["StepSucceededDetails"]["Result"]["Payload"] = \
                closing["Payload"]
            changed = True
    return changed


@difference("conformance 2.8", "history")
def not_truncated(expected, context):
    """An Error that is there is not truncated."""
    changed = False
    for event in events(expected, "ContextFailed", "CallbackFailed",
                        "CallbackTimedOut"):
        event[event["EventType"] + "Details"]["Error"]["Truncated"] = False
        changed = True
    return changed


# ---- errors; last, since what is above makes some

@difference("0.1(1)", "start", "get", "history", "checkpoint", "state",
            "stop", "succeed", "fail", "heartbeat")
def error_type(expected, context):
    """Errors name their type in a header; SAM must see none of it."""
    if expected.status < 400 or not context.names_error(context.exchange.kind):
        return False
    expected.headers["x-amzn-errortype"] = expected.body["Type"]
    return True
