"""The official validator, asked about what ours is asked about.

It has to pass what the C handlers left behind, and to agree about every changed
requirement: our matching is neither stricter nor laxer.  CONFORMANCE_VALIDATOR is
the environment that it is installed in.
"""

import json
import os
import pathlib
import sys
import unittest
from unittest import mock

import match
import mutate
from evaluate import Record, evaluate
from requirement import load

RECORDS = pathlib.Path(os.environ["CONFORMANCE_RECORDS"])
sys.path += [str(folder) for folder in pathlib.Path(
    os.environ["CONFORMANCE_VALIDATOR"]).glob("lib/*/site-packages")]

from aws_durable_execution_conformance_tests import validate  # noqa: E402
from aws_durable_execution_conformance_tests.cloudwatch import (  # noqa: E402
    CloudWatchLogValidator)
from aws_durable_execution_conformance_tests.history import (  # noqa: E402
    EventHistoryMatcher)
from aws_durable_execution_conformance_tests.variables import (  # noqa: E402
    PlaceholderContext)


def passes(requirement, record):
    """What the official validator says."""
    context = PlaceholderContext()
    for name, value in record.variables.items():
        context.bind(name, value)
    events = match.with_inherited_names(record.events) \
        if requirement.is_async else record.events
    found = EventHistoryMatcher(context).match(
        requirement.text["ExpectedExecutionHistory"], events)
    if not found.success:
        return False
    if requirement.result is not None:
        with mock.patch.object(validate, "get_durable_execution",
                               lambda *_: record.execution):
            if validate._validate_execution_result(
                    record.arn, requirement.result, None, context):
                return False
    lines = [{"timestamp": stamp, "message": json.dumps(line)} for stamp, line
             in match.of_execution(record.lines, record.arn)]
    return CloudWatchLogValidator().validate(
        requirement.logs, lines, context).success


class Agreement(unittest.TestCase):
    def test_every_requirement_and_every_change_of_it(self):
        for requirement in load():
            if requirement.handlers:
                continue
            record = Record(**json.loads(
                (RECORDS / f"{requirement.id}.json").read_text()))
            self.assertTrue(passes(requirement, record), requirement.id)
            for what, changed in mutate.changes(requirement):
                self.assertEqual(
                    passes(changed, record),
                    not evaluate(changed, record).problems,
                    f"{requirement.id} with {what} changed")


if __name__ == "__main__":
    unittest.main()
