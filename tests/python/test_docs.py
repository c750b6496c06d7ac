"""The Python blocks of docs/ are run, as docs/README.md says of all snippets.

  a workflow            has @durable_execution: its last handler is run in virtual time;
                        the others are functions that it may invoke, by their names
  # inside a handler    statements: wrapped into one, which has to succeed
  # a test              is run by pytest, with the package's plugin
  # compiled only       needs what a test does not have
  # part of: NAME       put together, in order, with the others of that name of the page

  # input: JSON         the event of a workflow; else {}
  # callback: succeed BODY, or fail: how callbacks are completed
  # prints:             the next block, marked text, is what is printed, followed for a
                        workflow by a line with its outcome
"""
from __future__ import annotations

import contextlib
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import textwrap

import pytest

from both import ROOT
from durable_core import durable_execution
from durable_core.execution import Handler
from durable_core.lambda_service import ErrorObject
from durable_core.testing import DurableFunctionTestRunner

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
DOCS = ROOT / "docs"
PAGES = [*sorted(DOCS.rglob("*.md")), ROOT / "README.md"]


class Block:
    def __init__(self, page, line, code, expected):
        self.page, self.line, self.code = page, line, code
        self.expected = expected

    def directive(self, word):
        found = re.search(rf"^# {word}: (.*)$", self.code, re.M)
        return found.group(1) if found else None

    def __str__(self):
        return f"{self.page}:{self.line}"


def blocks_of(path):
    text = path.read_text(encoding="utf-8")
    found = list(FENCE.finditer(text))
    parts = {}
    for i, match in enumerate(found):
        if match.group(1) != "python":
            continue
        expected = None
        if re.search(r"^# prints:$", match.group(2), re.M):
            assert i + 1 < len(found) and found[i + 1].group(1) == "text", \
                f"{path}: a text block has to follow # prints:"
            expected = found[i + 1].group(2)
        line = text.count("\n", 0, match.start()) + 2
        block = Block(path.relative_to(ROOT), line, match.group(2), expected)
        name = block.directive("part of")
        if name in parts:
            parts[name].code += block.code
            parts[name].expected = expected or parts[name].expected
            continue
        if name is not None:
            parts[name] = block
        yield block


BLOCKS = [block for page in PAGES for block in blocks_of(page)]


def load(block, code):
    """The module's names; line numbers in errors are the page's."""
    names = {"__name__": "snippet"}
    source = "\n" * (block.line - 1) + code
    exec(compile(source, str(block.page), "exec"), names)
    return names


def run(block, handler, others):
    with DurableFunctionTestRunner(handler, execution_timeout=60) as runner:
        for other in others:
            runner.register_durable_function(other.__name__, other)
        result = runner.run_until_suspension(block.directive("input") or "{}")
        while result.status.value == "PENDING":
            answer = (block.directive("callback") or "").split(" ", 1)
            assert answer != [""], f"{block}: it waits for a callback"
            name = runner.wait_for_callback(result.execution_arn)
            if answer[0] == "succeed":
                runner.send_callback_success(name, answer[1].encode())
            else:
                runner.send_callback_failure(name, ErrorObject.from_dict(
                    json.loads(answer[1])))
            result = runner.wait_until_suspension(result.execution_arn)
    if result.error:
        return f"{result.execution_status.value} {json.dumps(result.error.to_dict())}"
    return f"{result.execution_status.value} {result.result or 'null'}"


def run_workflow(block):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        names = load(block, block.code)
        handlers = [one for one in names.values() if isinstance(one, Handler)]
        outcome = run(block, handlers[-1], handlers[:-1])
    if block.expected is not None:
        assert out.getvalue() + outcome == block.expected.strip(), str(block)


def run_inside(block):
    code = "def snippet(event, context):\n" + textwrap.indent(block.code, "    ")
    names = load(block, code)
    outcome = run(block, durable_execution(names["snippet"]), [])
    assert outcome.startswith("SUCCEEDED"), f"{block}: {outcome}"


def run_test(block, place):
    (place / "test_snippet.py").write_text(block.code)
    path = os.pathsep.join([os.environ["PYTHONPATH"], str(pathlib.Path(__file__).parent)])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "durable_core.testing.pytest_plugin",
         "-p", "no:cacheprovider"], cwd=place, text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0 and "passed" in done.stdout, f"{block}\n{done.stdout}"


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_snippet(block, tmp_path):
    if re.search(r"^# a test$", block.code, re.M):
        run_test(block, tmp_path)
    elif "# compiled only" in block.code:
        compile(block.code, str(block.page), "exec")
    elif "# inside a handler" in block.code:
        run_inside(block)
    else:
        assert "@durable_execution" in block.code, f"{block}: what is it?"
        run_workflow(block)


@pytest.mark.parametrize("page", sorted((DOCS / "operations").glob("*.md")),
                         ids=lambda page: page.stem)
def test_every_operation_has_a_python_half(page):
    own = [block for block in BLOCKS if ROOT / block.page == page]
    assert [block for block in own if block.expected], f"{page}: nothing that prints"
    assert "\n## In Python\n" in page.read_text(encoding="utf-8")


def test_there_are_snippets():
    assert len(BLOCKS) >= 15
