"""The runner, tested on a run that passed: whatever is changed is refused.

CONFORMANCE_RECORDS is the folder that a run of one language has left.
"""

import copy
import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

import match
import mutate
from evaluate import Record, evaluate
from requirement import VARIABLE, load

RECORDS = pathlib.Path(os.environ["CONFORMANCE_RECORDS"])
HERE = pathlib.Path(__file__).resolve().parent


def record_of(requirement):
    saved = RECORDS / f"{requirement.id}.json"
    return Record(**json.loads(saved.read_text(encoding="utf-8")))


def some_match(pattern):
    """A text in which |pattern| is found."""
    for text in ("1", "2026-", "arn:", "[ERROR]", "x"):
        if re.search(pattern, text):
            return text
    raise ValueError(f"no text for /{pattern}/")


class Changes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.runs = [(r, record_of(r)) for r in load() if not r.handlers]

    def refused(self, requirement, record, what):
        self.assertTrue(evaluate(requirement, record).problems,
                        f"{requirement.id} passes with {what}")

    def test_what_was_recorded_passes(self):
        self.assertEqual(sum(not r.is_own for r, _ in self.runs), 171)
        for requirement, record in self.runs:
            verdict = evaluate(requirement, record)
            self.assertEqual(verdict.problems, [], requirement.id)
            self.assertEqual(verdict.findings, [], requirement.id)

    def test_every_changed_assertion(self):
        for requirement, record in self.runs:
            count = 0
            for what, changed in mutate.changes(requirement):
                self.refused(changed, record, f"{what} changed")
                count += 1
            self.assertGreater(count, 4, requirement.id)

    def test_every_listed_event_missing(self):
        for requirement, record in self.runs:
            for number in requirement.events:
                shorter = copy.copy(record)
                shorter.events = [event for event in record.events
                                  if event["EventId"] != number]
                self.refused(requirement, shorter, f"event {number} missing")

    def test_every_line_that_should_not_be_there(self):
        for requirement, record in self.runs:
            bound = dict(record.variables)
            match.history(requirement, record.events, bound)
            for expected in match.substitute(requirement.logs, bound):
                if expected.get("count") != 0:
                    continue
                line = {key: some_match(value[1:-1])
                        if isinstance(value, str) and value.startswith("/")
                        else value for key, value in expected["match"].items()}
                line["executionArn"] = record.arn
                more = copy.copy(record)
                more.lines = record.lines + [
                    {"timestamp": 1 << 62, "message": json.dumps(line)}]
                self.refused(requirement, more, f"the line {line}")

    def test_every_line_before_what_it_should_come_after(self):
        for requirement, record in self.runs:
            bound = dict(record.variables)
            match.history(requirement, record.events, bound)
            for expected in match.substitute(requirement.logs, bound):
                if "after" not in expected:
                    continue
                early = copy.copy(record)
                early.lines = [
                    {**line, "timestamp": 0} if match.matching(
                        [(0, match.parsed(line["message"]))],
                        expected["match"]) else line for line in record.lines]
                self.refused(requirement, early, f"{expected} in disorder")


class Rules(unittest.TestCase):
    def compare(self, expected, actual, bound=None):
        return match.value(expected, actual, {} if bound is None else bound,
                           "it")

    def test_a_key_has_to_be_there_whatever_its_value(self):
        self.assertEqual(self.compare({"a": {}}, {"a": 1}), [])
        self.assertEqual(self.compare({"a": "*"}, {}), ["it.a is missing"])
        self.assertEqual(self.compare({"a": {}}, {}), ["it.a is missing"])

    def test_a_placeholder_is_bound_once(self):
        bound = {}
        self.assertEqual(self.compare(["${A}", "${A}"], ["x", "x"], bound), [])
        self.assertEqual(bound, {"A": "x"})
        self.assertTrue(self.compare("${A}", "y", bound))
        self.assertEqual(self.compare('"${A}"', '"x"', bound), [])

    def test_patterns_are_searched_in_the_text_of_a_value(self):
        self.assertEqual(self.compare("${/^[0-5]$/}", 5), [])
        self.assertTrue(self.compare("${/^[0-5]$/}", 6))

    def test_lists_have_a_length(self):
        self.assertTrue(self.compare(["*"], ["a", "b"]))

    def test_log_fields(self):
        self.assertTrue(match.field("a ", " a"))
        self.assertTrue(match.field("/b+/", "abbc"))
        self.assertTrue(match.field(True, True))
        self.assertFalse(match.field(True, 1))
        self.assertTrue(match.field(1, 1.0))
        self.assertFalse(match.field(1, "x"))


class Beyond(unittest.TestCase):
    """What the official validator lets pass is found."""

    def setUp(self):
        self.requirement = load(only=["3-1"])[0]
        self.record = record_of(self.requirement)

    def found(self, text):
        verdict = evaluate(self.requirement, self.record)
        self.assertEqual(verdict.problems, [])
        self.assertIn(text, "\n".join(verdict.findings))

    def test_an_event_too_many(self):
        last = self.record.events[-1]
        self.record.events[-1:] = [
            {"EventId": 7, "EventType": "WaitStarted", "Id": "other"},
            {**last, "EventId": 8}]
        self.found("event 7 WaitStarted is not in the requirement")

    def test_a_parent_where_none_is_meant(self):
        self.record.events[1]["ParentId"] = "other"
        self.found("event 2 ContextStarted has a ParentId")

    def test_a_parent_that_is_none(self):
        context = self.record.events[1]["Id"]
        for event in self.record.events:
            if event.get("Id") == context:
                event["Id"] = "another"
        self.requirement.text["ExpectedExecutionHistory"] = [
            {key: value for key, value in event.items() if key != "ParentId"}
            for event in self.requirement.text["ExpectedExecutionHistory"]]
        self.found("has a parent that is not open")

    def test_two_names_of_one_operation(self):
        self.record.events[4]["Name"] = "other"
        self.found("and before")

    def test_an_operation_of_an_invocation(self):
        self.record.events[5]["Id"] = "other"
        self.found("event 6 InvocationCompleted has a member Id")

    def test_a_gap_in_the_numbers(self):
        self.record.events[-1]["EventId"] = 8
        self.found("the event ids are")

    def test_an_invocation_that_failed(self):
        self.record.events[5]["InvocationCompletedDetails"]["Error"] = {"x": 1}
        self.found("the invocation before event 6 failed")

    def test_an_action_that_was_not_called_for(self):
        self.record.unused = [{"Operation": "success"}]
        self.found("was never called for")


class Missing(unittest.TestCase):
    def test_no_requirements(self):
        ran = subprocess.run(
            [sys.executable, "-B", HERE / "run.py"], text=True,
            stderr=subprocess.PIPE, env={**os.environ, VARIABLE: "/nonexistent"}, check=False)
        self.assertNotEqual(ran.returncode, 0)
        self.assertIn(f"no requirements in /nonexistent: set {VARIABLE}",
                      ran.stderr)


if __name__ == "__main__":
    unittest.main()
