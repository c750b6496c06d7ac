"""From what happened to a verdict.  No I/O: a recorded run can be judged again."""

import beyond
import match

PASSED, FAILED, MISSING = "PASSED", "FAILED", "MISSING"


class Record:
    """What one run of a requirement left behind; can be saved as JSON."""

    def __init__(self, arn="", variables=None, events=(), execution=None,
                 lines=(), unused=(), trouble=""):
        self.arn = arn
        self.variables = variables or {}
        self.events = list(events)
        self.execution = execution or {}
        self.lines = list(lines)
        self.unused = list(unused)  # callback actions
        self.trouble = trouble      # why it did not come to an end


class Verdict:
    """|problems| decide; |findings| are what the official validator lacks."""

    def __init__(self, problems, findings, status=None):
        self.problems = problems
        self.findings = findings
        self.status = status or (FAILED if problems else PASSED)
        self.seconds = 0.0
        self.reason = None  # why it cannot pass, from exceptions.yaml

    @classmethod
    def missing(cls):
        return cls(["there is no handler for it"], [], MISSING)

    @property
    def is_good(self):
        return not self.problems or self.reason is not None


def evaluate(requirement, record):
    if record.trouble:
        return Verdict([record.trouble], [])
    bound = dict(record.variables)
    problems = match.history(requirement, record.events, bound)
    problems += match.result(requirement, record.execution, bound)
    problems += match.logs(requirement, record.lines, record.arn, bound)
    return Verdict(problems, beyond.findings(
        requirement, record.events, bound, record.unused))
