"""An exception at each point of a program, and in each call of each hook.

The same one comes out of both packages, with the same history before it; in a
hook it changes nothing.
"""

from __future__ import annotations

import faulthandler
import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import kit
import pytest
import test_same_history as same
from both import OFFICIAL, OWN, Package

from durable_core.execution import Handler
from durable_core.plugin import DurableInstrumentationPlugin

POINTS = (
    "handler begins", "step", "strategy", "child begins", "step in child", "child ends",
    "branch", "step in branch", "namer", "predicate", "check", "wait strategy", "submitter",
    "attempt", "handler ends",
)


@pytest.fixture(autouse=True)
def nothing_hangs() -> Iterator[None]:
    faulthandler.dump_traceback_later(120, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()
    left = [one.name for one in threading.enumerate() if one.name.startswith("durable-")]
    assert not left


def program(at: Callable[[str], None]) -> Callable[[Any], Callable[..., Any]]:
    """Every kind of body and function of the user's, each of which passes ``at``."""

    def make(sdk: Any) -> Callable[..., Any]:
        second = sdk.config.Duration.from_seconds(1)
        tries = 0

        def strategy(error: Exception, attempts: int) -> Any:
            at("strategy")
            if attempts < 2:
                return sdk.retries.RetryDecision.retry(second)
            return sdk.retries.RetryDecision.no_retry()

        def passes(point: str, value: Any = None) -> Callable[..., Any]:
            def body(*_: Any) -> Any:
                at(point)
                return value

            return body

        def twice(_: Any) -> Any:
            nonlocal tries
            tries += 1
            at("step")
            if tries == 1:
                raise OSError("the first time")
            return tries

        def child(inner: Any) -> Any:
            at("child begins")
            inner.step(passes("step in child"), name="inside", config=once)
            at("child ends")
            return "child"

        def branch(inner: Any, item: int, *_: Any) -> Any:
            at("branch")
            return inner.step(passes("step in branch", item), name="s", config=once)

        def name_of(item: int, index: int) -> str:
            at("namer")
            return f"item {item}"

        def decide(status: Any) -> Any:
            at("predicate")
            return sdk.config.continue_batch()

        def wait_strategy(state: Any, attempts: int) -> Any:
            at("wait strategy")
            return sdk.waits.WaitForConditionDecision.stop_polling()

        once = sdk.config.StepConfig(sdk.retries.RetryPresets.none())

        def handler(_: Any, context: Any) -> Any:
            at("handler begins")
            found = [context.step(twice, "twice", sdk.config.StepConfig(strategy))]
            context.wait(second)
            found.append(context.run_in_child_context(child, name="child"))
            config = sdk.config.MapConfig(
                max_concurrency=1, item_namer=name_of,
                completion_config=sdk.config.CompletionConfig(should_complete=decide),
            )
            batch = context.map([1, 2], branch, name="map", config=config)
            batch.throw_if_error()
            found.append(batch.get_results())
            ready = sdk.waits.WaitForConditionConfig(wait_strategy, 0)
            found.append(context.wait_for_condition(passes("check", 5), ready))
            none = sdk.retries.RetryPresets.none()
            waiting = sdk.config.WaitForCallbackConfig(
                retry_strategy=none, serdes=sdk.serdes.JsonSerDes()
            )
            answer = context.wait_for_callback(passes("submitter"), "ask", waiting)
            found.append(answer)
            retried = sdk.retries.WithRetryConfig(none)
            work = passes("attempt", "work")
            found.append(sdk.retries.with_retry(context, work, retried, name="retry"))
            at("handler ends")
            return found

        return handler

    return make


def answer(service: kit.Service, arn: str) -> None:
    """The callback, if it comes to that."""
    settled = service.settle(arn)
    for one in settled.events if settled.status == "RUNNING" else []:
        if one["EventType"] == "CallbackStarted":
            service.complete(one["CallbackStartedDetails"]["CallbackId"], '"yes"')


def outcome(point: str | None, package: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    seen: set[str] = set()

    def at(name: str) -> None:
        seen.add(name)
        if name == point:
            raise LookupError(f"at {name}")

    monkeypatch.setitem(same.PROGRAMS, "raising", (program(at), answer))
    return seen, same.history("raising", package)


def test_every_point_is_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    seen, found = outcome(None, OWN, monkeypatch)
    assert found[0] == "SUCCEEDED", found[:3]
    assert seen == set(POINTS)


# What the official SDK records as a failure of the map, and durable_core raises from
# ``map`` as it is.
OF_THE_CALLER = ("namer", "predicate")


@pytest.mark.parametrize("point", OF_THE_CALLER)
def test_exception_in_a_function_of_map(
    point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package, kind in ((OFFICIAL, "ChildContextError"), (OWN, "LookupError")):
        _, (status, _, error, events) = outcome(point, package, monkeypatch)
        assert status == "FAILED" and error["ErrorMessage"] == f"at {point}"
        assert error["ErrorType"].rpartition(".")[2] == kind
        ended = [one["EventType"] for one in events if one.get("Name") == "map"]
        assert ("ContextFailed" in ended) == (package == OFFICIAL)


@pytest.mark.parametrize("point", sorted(set(POINTS) - set(OF_THE_CALLER)))
def test_exception_in_a_body(point: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _, theirs = outcome(point, OFFICIAL, monkeypatch)
    _, ours = outcome(point, OWN, monkeypatch)
    for one, other in zip(theirs[3], ours[3], strict=False):
        assert other == one
    assert ours == theirs


HOOKS = [
    "on_invocation_start", "on_invocation_end", "on_operation_start", "on_operation_end",
    "on_operation_change", "on_user_function_start", "on_user_function_end",
]


def hooked(raise_at: int | None) -> tuple[int, Any]:
    """How often hooks were called, and what came of it when one call raises."""
    calls = itertools.count()
    last = 0

    def hook(self: Any, info: Any) -> None:
        nonlocal last
        last = next(calls)
        if last == raise_at:
            raise RuntimeError(f"in call {last}")

    class Factory:
        def create_plugin(self, info: Any) -> Any:
            members = dict.fromkeys(HOOKS, hook)
            return type("Raising", (DurableInstrumentationPlugin,), members)()

    with kit.service() as service:
        make = program(lambda _: None)
        handler = Handler(make(Package(OWN)), None, [Factory()])
        service.register("handler", handler)
        arn = service.start("handler")
        answer(service, arn)
        done = service.wait(arn)
        assert not service.raised
    events = [same.stable(one) for one in done.events
              if not one["EventType"].startswith(("Invocation", "Execution"))]
    return last + 1, (done.status, done.text, events)


def test_exception_in_every_call_of_a_hook() -> None:
    count, expected = hooked(None)
    assert count > 60 and expected[0] == "SUCCEEDED"
    for number in range(count):
        assert hooked(number)[1] == expected, f"call {number}"
