"""The surface of durable_core against that of the official SDK in build/venv."""
from __future__ import annotations

import importlib
import pathlib

import pytest

import surface

OFFICIAL, OWN = "aws_durable_execution_sdk_python", "durable_core"
TESTING = f"{OFFICIAL}_testing"
EXCEPTIONS = surface.read_exceptions(
    pathlib.Path(__file__).with_name("surface_exceptions.txt"))


@pytest.fixture(scope="module")
def theirs():
    return surface.surface(OFFICIAL, surface.MODULES)


@pytest.fixture(scope="module")
def ours(theirs):
    return surface.surface(OWN, surface.MODULES, surface.names_in(theirs))


def test_every_symbol_parameter_and_default(theirs, ours):
    assert len(theirs) > 1000  # it did look
    assert surface.compare(theirs, ours, EXCEPTIONS) == []


def test_a_missing_symbol_is_found_whichever_it_is(theirs, ours):
    covered = set()
    for name in theirs:
        if surface.excepted_by(name, EXCEPTIONS):
            continue
        less = {n: f for n, f in ours.items() if n != name}
        assert f"{name}: is missing" in surface.compare(theirs, less, EXCEPTIONS)
        covered.add(name.split(".")[0])
    assert covered >= {path.split(".")[0] or "(root)" for path in surface.MODULES}


CHANGES = [
    ("retries.RetryStrategyConfig", "parameters",
     lambda p: tuple(x for x in p if x[0] != "backoff_rate"),
     "parameter backoff_rate is missing"),
    ("retries.RetryStrategyConfig", "parameters",
     lambda p: tuple((x[0], x[1], ("default", 7)) if x[0] == "max_attempts" else x
                     for x in p),
     "parameter max_attempts is"),
    ("config.CompletionConfig", "parameters", lambda p: p[1:] + p[:1],
     "is not number"),
    ("exceptions.StepError", "bases", lambda b: (), "does not derive from"),
    ("exceptions.StepError", "parameters",
     lambda p: (*p, ("more", "KEYWORD_ONLY", "required")), "is required and new"),
    ("config.Duration", "frozen", lambda _: False, "frozen is False"),
    ("config.StepSemantics.AT_MOST_ONCE_PER_RETRY", "facts", lambda _: ("x",),
     "facts is"),
    ("config.CallbackConfig.timeout_seconds", "kind", lambda _: "method", "kind is"),
    ("serdes.serialize", "parameters", lambda _: None, "has no signature"),
    ("exceptions.BAD_REQUEST_ERROR", "value", lambda _: 1, "value is 1"),
]


@pytest.mark.parametrize("name, fact, change, complaint", CHANGES)
def test_a_change_is_found(theirs, ours, name, fact, change, complaint):
    other = dict(ours)
    other[name] = {**ours[name], fact: change(ours[name].get(fact))}
    found = surface.compare(theirs, other, EXCEPTIONS)
    assert len(found) >= 1 and all(line.startswith(name) for line in found), found
    assert complaint in " ".join(found)


# What users import from another module than the one that defines it.
ELSEWHERE = {
    "context": {"StepContext", "WaitForCallbackContext",
                "WaitForConditionCheckContext"},
    "retries": {"JitterStrategy"},
    "execution": {"InvocationStatus", "DurableExecutionInvocationOutput",
                  "ExecutionState", "LambdaClient", "DurableContext"},
    "logger": {"LoggerInterface"},
    "filesystem_serdes": {"SerDesContext"},
}


def test_what_others_import_is_there():
    wanted = surface.imports_of(TESTING, OFFICIAL)
    assert sum(map(len, wanted.values())) > 25
    missing = [f"{module}.{name}"
               for module, names in [*wanted.items(), *ELSEWHERE.items()]
               for name in sorted(names)
               if not hasattr(importlib.import_module(f"{OWN}.{module}".rstrip(".")),
                              name)]
    assert missing == []


def test_an_exception_that_covers_nothing_is_found(theirs, ours):
    listed = {**EXCEPTIONS, "config.Duration": "none"}
    assert surface.compare(theirs, ours, listed) == [
        "config.Duration: listed as an exception, but nothing differs"]


# ------------------------------------------------------------ durable_core.testing

RECORDS = ["Event", "EventInput", "EventResult", "EventError", "EventType",
           "RetryDetails", "GetDurableExecutionResponse",
           "GetDurableExecutionHistoryResponse", "LambdaContext"]


def test_every_symbol_of_the_testing_package():
    theirs = surface.surface(TESTING, surface.TESTING_MODULES)
    ours = surface.surface("durable_core.testing", surface.TESTING_MODULES,
                           surface.names_in(theirs))
    listed = surface.read_exceptions(
        pathlib.Path(__file__).with_name("surface_testing_exceptions.txt"))
    assert len(theirs) > 200
    assert surface.compare(theirs, ours, listed) == []
    for name in ("DurableFunctionTestRunner.run", "runner.StepOperation.attempt",
                 "runner.DurableFunctionCloudTestRunner.wait_for_callback"):
        less = {n: f for n, f in ours.items() if n != name}
        assert surface.compare(theirs, less, listed) == [f"{name}: is missing"]


def test_every_member_of_a_history():
    model = importlib.import_module(f"{TESTING}.model")
    names = RECORDS + [n for n in vars(model) if n.endswith("Details")
                       and n not in ("ExecutionDetails", "StepDetails", "WaitDetails",
                                     "CallbackDetails", "ContextDetails",
                                     "ChainedInvokeDetails")]
    theirs, ours = (surface.surface(package, ("model",), {"model": names})
                    for package in (TESTING, "durable_core.testing"))
    members = {name: facts for name, facts in theirs.items()
               if facts["kind"] in ("field", "member") or name.count(".") == 1}
    for facts in members.values():
        facts.pop("parameters", None)
    assert len(members) > 90
    assert surface.compare(members, ours, {}) == []
