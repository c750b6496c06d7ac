"""What the official validator does not look at, and should.

It looks up the events that a requirement lists, and of those the members that
it lists.  So an event too many, a parent or a name where there should be none,
one operation under two ids would all pass.  The sentences here do not decide
between PASSED and FAILED; they have a column of their own.
"""

ENDS = ("ExecutionSucceeded", "ExecutionFailed", "ExecutionTimedOut",
        "ExecutionStopped")
OPERATION = ("Id", "Name", "ParentId", "SubType")


def findings(requirement, events, bound, unused):
    return (numbers(events) + unlisted(requirement, events)
            + members(requirement, events) + identity(events)
            + parents(events) + delays(events) + completions(requirement, events)
            + distinct(requirement, bound)
            + [f"the callback action {action} was never called for"
               for action in unused])


def numbers(events):
    ids = [event["EventId"] for event in events]
    return [] if ids == list(range(1, len(ids) + 1)) else [
        f"the event ids are {ids}"]


def unlisted(requirement, events):
    """A requirement that lists its first operation only leaves the rest open,
    as does one whose execution need not end."""
    listed = requirement.events
    last = max(listed)
    if len(listed) == 1 or requirement.result is None:
        return []
    found = []
    for event in events:
        number, kind = event["EventId"], event["EventType"]
        if number in listed or (number == 1 and kind == "ExecutionStarted"):
            continue
        if kind in ENDS and number == len(events) and number == last + 1:
            continue  # few requirements list it
        if kind == "InvocationCompleted" and number == len(events) - 1:
            continue  # nor that before it
        found.append(f"event {number} {kind} is not in the requirement")
    return found


def members(requirement, events):
    """Members that say which operation an event is of, where none is meant;
    operations inside of others have names of the SDK's making."""
    nameless = "no Name" in requirement.title
    found = []
    for event in events:
        expected = requirement.events.get(event["EventId"])
        if expected is None:
            continue
        where = f"event {event['EventId']} {event['EventType']}"
        if "ParentId" in event and "ParentId" not in expected:
            found.append(f"{where} has a ParentId")
        if event["EventType"] == "InvocationCompleted":
            found += [f"{where} has a member {key}" for key in OPERATION
                      if key in event]
        if nameless and event.get("SubType") == expected.get("SubType") \
                and "ParentId" not in event and "Name" in event \
                and "Id" in expected:
            found.append(f"{where} has a Name")
    return found


def identity(events):
    """All events of an operation say the same of it."""
    found, first = [], {}
    for event in events:
        if "Id" not in event:
            continue
        says = {key: event.get(key) for key in OPERATION}
        if first.setdefault(event["Id"], says) != says:
            found.append(f"event {event['EventId']} says {says}, and before "
                         f"{first[event['Id']]}")
    return found


def parents(events):
    """A parent is a context that has started and not ended."""
    found, is_open = [], set()
    for event in events:
        parent = event.get("ParentId")
        if parent is not None and parent not in is_open:
            found.append(f"event {event['EventId']} {event['EventType']} has "
                         "a parent that is not open")
        if event["EventType"] == "ContextStarted":
            is_open.add(event["Id"])
        elif event["EventType"] in ("ContextSucceeded", "ContextFailed"):
            is_open.discard(event["Id"])
    return found


def delays(events):
    """The last attempt has no next one."""
    last = {event["Id"]: event for event in events
            if event["EventType"].startswith("Step")}
    return [f"event {event['EventId']} {event['EventType']} announces a next "
            "attempt that never came" for event in last.values()
            for details in (event.get(event["EventType"] + "Details") or {},)
            if (details.get("RetryDetails") or {}).get(
                "NextAttemptDelaySeconds")]


def completions(requirement, events):
    """An invocation fails only where the handler kills its process, or the
    service lets it fail."""
    if "crash" in requirement.text["handler"] or requirement.faults:
        return []
    return [f"the invocation before event {event['EventId']} failed"
            for event in events
            if (event.get("InvocationCompletedDetails") or {}).get("Error")]


def distinct(requirement, bound):
    """Two ids with two names are two operations."""
    names = {name for event in requirement.events.values()
             for name in [str(event.get("Id", ""))] if name.startswith("${")}
    ids = [bound.get(name[2:-1]) for name in names]
    return [] if len(set(ids)) == len(ids) else [
        f"{sorted(names)} are not all different"]
