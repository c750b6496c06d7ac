"""Runs one requirement against `durable serve`, as the official runner does."""

import json
import re
import time

import match
from evaluate import Record
from serve import PATIENCE_S, Refused, Serve

POLL_S = 0.1
ENDS = ("ExecutionSucceeded", "ExecutionFailed", "ExecutionTimedOut",
        "ExecutionStopped")


class Actions:
    """The callback actions of a requirement, each to be done once."""

    def __init__(self, requirement, drawn):
        self.drawn = drawn
        self.left = match.substitute(requirement.actions, drawn)
        self.settled = set()

    def perform(self, serve, events, legs):
        """Answers every callback that waits for one.

        Somebody outside answers when the invocation that made the callback has
        long ended, so nothing is done while one runs.
        """
        if not self.left or events[-1]["EventType"] != "InvocationCompleted":
            return
        for event in match.with_inherited_names(events):
            if event["EventType"] != "CallbackStarted":
                continue
            identifier = event["CallbackStartedDetails"]["CallbackId"]
            action = None if identifier in self.settled else self.take(event)
            if action is not None:
                time.sleep(action.get("Delay") or 0)
                legs.change(serve, events)
                self.send(serve, identifier, action)
                return  # what it causes comes first

    def take(self, event):
        for action in self.left:
            wanted, name = str(action["CallbackName"]), event.get("Name", "")
            pattern = match.PATTERN.fullmatch(wanted)
            if (re.search(pattern.group(1), name) if pattern
                    else wanted in ("*", name)):
                self.left.remove(action)
                return action
        return None

    def send(self, serve, identifier, action):
        kind, payload = action["Operation"], action.get("Payload")
        if kind == "heartbeat":
            serve.callback(identifier, "heartbeat")
            return
        self.settled.add(identifier)
        body = json.dumps(payload) if "Payload" in action else None
        serve.callback(identifier, {"success": "succeed",
                                    "failure": "fail"}[kind], body)


class Legs:
    """Whose handler runs which invocation."""

    def __init__(self, column, requirement, columns):
        names = requirement.handlers or [column.name]
        if requirement.journal:
            names = ["journal", *names]
        self.columns = [column if name == column.name else columns(name)
                        for name in names]

    def change(self, serve, events):
        """Before the next invocation: nothing runs, and nothing is about to."""
        done = sum(event["EventType"] == "InvocationCompleted"
                   for event in events)
        if len(self.columns) > 1:
            serve.go_on_with(self.columns[min(done, len(self.columns) - 1)])


def follow(serve, arn, requirement, actions, legs):
    """Until the execution has ended, or what has to happen has happened."""
    give_up = time.monotonic() + PATIENCE_S
    while True:
        events = serve.events(arn)
        if events[-1]["EventType"] in ENDS:
            return events
        if requirement.result is None and not match.history(
                requirement, events, dict(actions.drawn)):
            return events
        if time.monotonic() > give_up:
            raise Refused(f"it never ended; its last event is {events[-1]}")
        actions.perform(serve, events, legs)
        time.sleep(POLL_S)


def perform(program, column, requirement, columns):
    """A Record of one run; trouble with the service is in it, not raised.
    |columns|: others by their names."""
    drawn = match.variables(requirement)
    actions = Actions(requirement, drawn)
    legs = Legs(column, requirement, columns)
    try:
        with Serve(program, legs.columns[0], requirement) as serve:
            if requirement.faults:
                serve.put_faults(requirement.faults)
            if requirement.journal:
                (serve.directory / "journal.json").write_text(
                    json.dumps(requirement.journal))
            arn = serve.invoke(
                match.substitute(requirement.text.get("Input"), drawn),
                "Event" if requirement.is_async else "RequestResponse")
            events = follow(serve, arn, requirement, actions, legs)
            execution = serve.execution(arn)
            serve.end()
            return Record(arn, drawn, events, execution, serve.lines(),
                          actions.left)
    except (Refused, OSError, KeyError) as error:
        return Record(variables=drawn,
                      trouble=f"{type(error).__name__}: {error}")
