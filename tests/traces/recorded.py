"""A recording: what clients asked, what was answered, and the invocations.

NAME.jsonl has the calls of every client, functions included, as a proxy saw
them; NAME-lambda.jsonl has the invocations, as the functions saw them.
"""

import base64
import json
import os
import pathlib
import sys
import urllib.parse

SKIPPED = 77  # what CTest takes for "skipped"


def directory():
    """Where the recordings are; ends the program when there are none."""
    named = os.environ.get("DURABLE_TRACES_DIR")
    root = pathlib.Path(__file__).resolve().parents[2]
    path = pathlib.Path(named) if named else \
        root.parent / "shared" / "spec" / "traces"
    if path.is_dir():
        return path
    if named:
        sys.exit(f"DURABLE_TRACES_DIR is {named}, which is no directory")
    print(f"skipped: the recorded traces are not in {path}; "
          "DURABLE_TRACES_DIR can name another directory")
    sys.exit(SKIPPED)


def text_of(token):
    """The JSON inside a token or a callback id of the recorded emulator."""
    return json.loads(base64.b64decode(token))


class Exchange:
    """One request and its answer."""

    def __init__(self, row):
        self.started, self.ended = row["t"], row["t"] + row["dt"]
        self.method, self.target = row["m"], row["p"]
        self.headers, self.text = row["rh"], row["rb"]
        self.status, self.body = row["s"], row["b"]
        self.answered = row["h"]
        path, _, self.query = self.target.partition("?")
        self.segments = [urllib.parse.unquote(s) for s in path.split("/") if s]
        self.kind = self._kind()

    def _kind(self):
        if self.segments[0] == "start-durable-execution":
            return "start"
        if len(self.segments) == 3:
            return "get"
        return self.segments[3]

    @property
    def subject(self):
        """The ARN or the callback id of the path."""
        return self.segments[2] if len(self.segments) > 2 else None

    @property
    def request(self):
        return json.loads(self.text) if self.text else None

    def __str__(self):
        return f"{self.method} {self.target}"


class Invocation:
    """One invocation: its event, and what the function answered."""

    def __init__(self, arn, answer, ended, path=None, event=None):
        self.arn, self.answer, self.ended = arn, answer, ended
        self.path, self.event = path, event

    @classmethod
    def of(cls, row):
        assert row["err"] is None
        event = json.loads(row["in"])
        return cls(event["DurableExecutionArn"], row["out"], row["t"],
                   row["path"], event)

    @property
    def token(self):
        return self.event["CheckpointToken"]

    def __str__(self):
        return f"invocation {self.path}"


def rows(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def exchanges(name):
    return [Exchange(row) for row in rows(directory() / f"{name}.jsonl")]


def in_order(those, invocations):
    """Exchanges and invocations in the order in which they took place: an
    exchange when it began, an invocation when it ended."""
    found = [(e.started, e) for e in those]
    found += [(i.ended, i) for i in invocations]
    return [step for _, step in sorted(found, key=lambda pair: pair[0])]


def read(name):
    return in_order(exchanges(name), map(
        Invocation.of, rows(directory() / f"{name}-lambda.jsonl")))
