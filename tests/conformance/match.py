"""What the official validator asserts of a history, a result and logs.

Every function answers a list of sentences: what does not match.  Nothing here
is stricter or laxer than that validator; beyond.py is stricter.
"""

import json
import random
import re
import string

PLACEHOLDER = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
PATTERN = re.compile(r"\$\{/(.*)/\}", re.DOTALL)
GENERATED = re.compile(r"\$\{GEN_STR:(\d+)\}")
ALPHABET = string.ascii_lowercase + string.digits


def variables(requirement):
    """Values for the requirement's variables, drawn anew for every run."""
    drawn = {}
    for name, text in (requirement.text.get("Variables") or {}).items():
        drawn[name] = GENERATED.sub(
            lambda match: "".join(random.choices(ALPHABET,
                                                 k=int(match.group(1)))),
            str(text))
    return drawn


def substitute(value, bound):
    """|value| with every ${NAME} in it that is bound."""
    if isinstance(value, str):
        return PLACEHOLDER.sub(
            lambda match: str(bound.get(match.group(1), match.group(0))),
            value)
    if isinstance(value, list):
        return [substitute(item, bound) for item in value]
    if isinstance(value, dict):
        return {key: substitute(item, bound) for key, item in value.items()}
    return value


def value(expected, actual, bound, path):
    """Compare one value; binds placeholders that are seen for the first time."""
    if expected == {} or expected == "*":
        return []
    if isinstance(expected, str):
        return text(expected, actual, bound, path)
    if isinstance(expected, dict):
        return members(expected, actual, bound, path)
    if isinstance(expected, list):
        return items(expected, actual, bound, path)
    return [] if expected == actual else [
        f"{path} is {actual!r}, expected {expected!r}"]


def text(expected, actual, bound, path):
    pattern = PATTERN.fullmatch(expected)
    if pattern:
        if re.search(pattern.group(1), str(actual)):
            return []
        return [f"{path} is {actual!r}, expected /{pattern.group(1)}/"]
    whole = PLACEHOLDER.fullmatch(expected)
    wanted = bound.setdefault(whole.group(1), actual) if whole \
        else substitute(expected, bound)
    return [] if wanted == actual else [
        f"{path} is {actual!r}, expected {wanted!r}"]


def members(expected, actual, bound, path):
    if not isinstance(actual, dict):
        return [f"{path} is {actual!r}, expected an object"]
    problems = []
    for key, wanted in expected.items():
        if key not in actual:
            problems.append(f"{path}.{key} is missing")
        else:
            problems += value(wanted, actual[key], bound, f"{path}.{key}")
    return problems


def items(expected, actual, bound, path):
    if not isinstance(actual, list) or len(actual) != len(expected):
        return [f"{path} is {actual!r}, expected {len(expected)} items"]
    return [problem for index, wanted in enumerate(expected)
            for problem in value(wanted, actual[index], bound,
                                 f"{path}[{index}]")]


# ---- history

INHERITING = ("CallbackStarted", "StepStarted", "StepSucceeded")


def with_inherited_names(events):
    """Nameless events inside of a wait-for-callback have that one's name."""
    names = {event["Id"]: event["Name"] for event in events
             if event.get("SubType") == "WaitForCallback" and "Name" in event}
    return [{**event, "Name": names[event["ParentId"]]}
            if event["EventType"] in INHERITING and "Name" not in event
            and event.get("ParentId") in names else event
            for event in events]


def history(requirement, events, bound):
    """Compare the listed events, which are looked up by EventId."""
    if requirement.is_async:
        events = with_inherited_names(events)
    by_id = {event["EventId"]: event for event in events}
    problems = []
    for event_id, expected in requirement.events.items():
        where = f"event {event_id} {expected.get('EventType')}"
        if event_id not in by_id:
            problems.append(f"{where} is missing")
            continue
        problems += members(expected, by_id[event_id], bound, where)
    return problems


# ---- result

def parsed(text):
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text


def result(requirement, execution, bound):
    expected = requirement.result
    if expected is None:
        return []
    status = execution.get("Status")
    if status != expected["ExecutionStatus"]:
        return [f"the execution is {status}, expected "
                f"{expected['ExecutionStatus']}: {execution.get('Error')}"]
    if status != "SUCCEEDED" or "Result" not in expected:
        return []
    wanted = substitute(expected["Result"], bound)
    actual = parsed(execution.get("Result"))
    return [] if wanted == actual else [
        f"the result is {actual!r}, expected {wanted!r}"]


# ---- logs

def of_execution(lines, arn):
    """Lines that are JSON objects of this execution: [(timestamp, object)]."""
    found = []
    for line in lines:
        record = parsed(line["message"])
        if isinstance(record, dict) and arn in (
                record.get("executionArn"), record.get("durableExecutionArn")):
            found.append((line["timestamp"], record))
    return found


def field(expected, actual):
    if isinstance(expected, str):
        text = str(actual).strip()
        if len(expected) > 1 and expected[0] == expected[-1] == "/":
            return re.search(expected[1:-1], text) is not None
        return text == expected.strip()
    if isinstance(expected, bool) or isinstance(actual, bool):
        return actual is expected
    if isinstance(expected, (int, float)) and isinstance(actual, (int, float)):
        return float(actual) == float(expected)
    return str(actual) == str(expected)


def matching(records, fields):
    return [(stamp, record) for stamp, record in records
            if all(key in record and field(wanted, record[key])
                   for key, wanted in fields.items())]


def counted(expected, found, what):
    count = len(found)
    if "count" in expected:
        good, wanted = count == expected["count"], expected["count"]
    elif "min_count" in expected or "max_count" in expected:
        least = expected.get("min_count", 0)
        most = expected.get("max_count")
        good = least <= count and (most is None or count <= most)
        wanted = f"at least {least}" if most is None else f"{least} to {most}"
    else:
        good, wanted = count >= 1, "at least 1"
    return [] if good else [f"{count} log lines are {what}, expected {wanted}"]


def anchored(expected, found, records, what):
    problems = []
    for side, wrong in (("before", lambda stamp, anchor: stamp > anchor),
                        ("after", lambda stamp, anchor: stamp < anchor)):
        for fields in expected.get(side) or []:
            anchors = matching(records, fields)
            if not anchors:
                problems.append(f"no log line is {fields}")
            elif any(wrong(stamp, anchor) for stamp, _ in found
                     for anchor, _ in anchors):
                problems.append(f"{what} is not {side} {fields}")
    return problems


def logs(requirement, lines, arn, bound):
    records = of_execution(lines, arn)
    problems = []
    for expected in substitute(requirement.logs, bound):
        found = matching(records, expected["match"])
        problems += counted(expected, found, expected["match"])
        problems += anchored(expected, found, records, expected["match"])
    return problems
