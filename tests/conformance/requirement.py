"""The requirement files of the conformance suite, as they are read."""

import os
import pathlib
import re

import yaml

VARIABLE = "DURABLE_CONFORMANCE_DIR"
HERE = pathlib.Path(__file__).resolve().parent
USUAL = HERE.parents[2] / "shared" / "conformance" / "requirements"
OWN = HERE / "requirements"
MIXED = "mixed"  # the column of executions that several languages share


class Missing(Exception):
    """There are no requirements to run."""


class Requirement:
    """One file.  |suite| is its folder, |id| its name: "1-12"."""

    def __init__(self, path, is_own):
        self.is_own = is_own
        self.id = path.stem
        self.suite = path.parent.name
        self.text = yaml.safe_load(path.read_text(encoding="utf-8"))
        self.title = " ".join(str(self.text["description"]).split())

    @property
    def events(self):
        """What is asserted of the history, by EventId."""
        return {event["EventId"]: event
                for event in self.text.get("ExpectedExecutionHistory") or []}

    @property
    def result(self):
        """None: the execution need not end."""
        return self.text.get("ExpectedResult")

    @property
    def logs(self):
        return self.text.get("ExpectedLogs") or []

    @property
    def actions(self):
        return self.text.get("CallbackActions") or []

    # The keys that the official format has not: see requirements/README.md.

    @property
    def journal(self):
        """Updates that are on record before a handler runs."""
        return self.text.get("Journal") or []

    @property
    def handlers(self):
        """The columns whose handlers run, one invocation each; the last goes on."""
        return self.text.get("Handlers") or []

    @property
    def faults(self):
        return self.text.get("Faults") or []

    def applies(self, column):
        """What is ours is not asked of the official SDK."""
        if self.handlers or column.name == MIXED:
            return bool(self.handlers) and column.name == MIXED
        return not self.is_own or not column.is_official

    @property
    def is_async(self):
        return bool(self.text.get("AsyncInvoke"))

    @property
    def in_real_time(self):
        """Whether somebody outside acts while timers run."""
        return bool(self.actions) or any(
            event["EventType"].startswith("Callback")
            for event in self.events.values())


def order(identifier):
    """Sorts "2-1" before "10-1"."""
    return [int(part) if part.isdigit() else part
            for part in re.split(r"(\d+)", identifier)]


def load(folder=None, only=()):
    folder = pathlib.Path(folder or os.environ.get(VARIABLE) or USUAL)
    found = [Requirement(path, False) for path in folder.glob("*/*.yaml")]
    if not found:
        raise Missing(f"no requirements in {folder}: set {VARIABLE} to the "
                      "folder that has step/1-1.yaml and the others")
    found += [Requirement(path, True) for path in OWN.glob("*/*.yaml")]
    chosen = [r for r in found
              if not only or r.id in only or r.suite in only]
    unknown = set(only) - {r.id for r in found} - {r.suite for r in found}
    if unknown:
        raise Missing("no such requirement or suite: "
                      + ", ".join(sorted(unknown)))
    return sorted(chosen, key=lambda r: order(r.id))
