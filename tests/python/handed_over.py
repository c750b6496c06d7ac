"""Functions that one package begins and the other one ends: test_takeover.py.

    python handed_over.py NAME      as a custom runtime, with the package that
                                    DURABLE_PACKAGE names

What a body returns is the package that it ran under.  |event|["first"] is the one
that begins: what is to fail at first fails under it.
"""

from __future__ import annotations

import importlib
import os
import pathlib
import sys
from collections.abc import Callable
from typing import Any

PACKAGE = os.environ.get("DURABLE_PACKAGE", "durable_core")
sdk = importlib.import_module(PACKAGE)
config = importlib.import_module(PACKAGE + ".config")
retries = importlib.import_module(PACKAGE + ".retries")
waits = importlib.import_module(PACKAGE + ".waits")
exceptions = importlib.import_module(PACKAGE + ".exceptions")

HOUR = config.Duration.from_hours(1)
HALF = 150_000  # two of them are more than is stored of a context


def ran(label: str) -> Callable[[Any], str]:
    """A body, which leaves a line in the ledger each time that it runs."""

    def body(_: Any) -> str:
        with open(os.environ["LEDGER"], "a", encoding="ascii") as ledger:
            ledger.write(label + "\n")
        return PACKAGE

    return body


def retry_in_an_hour(error: Exception, attempts: int) -> Any:
    if attempts < 3:
        return retries.RetryDecision.retry(HOUR)
    return retries.RetryDecision.no_retry()


def fails_first(event: Any, label: str) -> Callable[[Any], str]:
    def body(step: Any) -> str:
        found = ran(label)(step)
        if PACKAGE == event["first"]:
            raise ConnectionError("not yet")
        return found

    return body


RETRIED = config.StepConfig(retry_strategy=retry_in_an_hour)


def wait(event: Any, context: Any) -> Any:
    context.wait(HOUR, name="pause")


def step_retry(event: Any, context: Any) -> Any:
    return context.step(fails_first(event, "retried"), "retried", RETRIED)


def callback(event: Any, context: Any) -> Any:
    settings = config.CallbackConfig(timeout=config.Duration.from_days(9))
    return context.create_callback("approval", settings).result()


def wait_for_callback(event: Any, context: Any) -> Any:
    return context.wait_for_callback(lambda *_: ran("submitter")(None), "approval")


def rejected(event: Any, context: Any) -> Any:
    try:
        context.wait_for_callback(lambda *_: None, "approval")
    except exceptions.CallbackError as error:
        return [str(error), error.data]


def nested(event: Any, context: Any) -> Any:
    def inner(child: Any) -> Any:
        found = [child.step(ran("before"), "before")]
        child.wait(HOUR)
        return [*found, child.step(ran("after"), "after")]

    def outer(child: Any) -> Any:
        done = child.run_in_child_context(lambda c: c.step(ran("done"), "done"), "done")
        return [done, child.run_in_child_context(inner, "inner")]

    return context.run_in_child_context(outer, "outer")


def mapped(event: Any, context: Any) -> Any:
    def work(child: Any, item: int, *_: Any) -> Any:
        found = [child.step(ran(f"begin {item}"), "begin")]
        if item % 3 == 1:
            child.wait(HOUR)
        if item % 3 == 2:
            found.append(child.step(fails_first(event, f"again {item}"), "r", RETRIED))
        return [*found, child.step(ran(f"end {item}"), "end")]

    batch = context.map(range(6), work, "items", config.MapConfig())
    return [batch.get_results(), batch.completion_reason.value]


def throttled(event: Any, context: Any) -> Any:
    """One after the other: the second waits while the third has not begun."""

    def work(child: Any, item: int, *_: Any) -> Any:
        if item == 1:
            child.wait(HOUR)
        if item == 2:
            raise ValueError("the third")
        return child.step(ran(f"item {item}"), "work")

    settings = config.MapConfig(
        max_concurrency=1,
        completion_config=config.CompletionConfig(tolerated_failure_count=1),
    )
    batch = context.map(range(4), work, "items", settings)
    return [batch.get_results(), [str(one.message) for one in batch.get_errors()]]


def parallel(event: Any, context: Any) -> Any:
    def waiting(child: Any) -> Any:
        child.wait(HOUR)
        return child.step(ran("waited"), "waited")

    def asking(child: Any) -> Any:
        return child.create_callback("approval").result()

    def quick(child: Any) -> Any:
        return child.step(ran("quick"), "quick")

    def deep(child: Any) -> Any:
        return child.map([1, 2], lambda c, *_: waiting_twice(c), "deep").get_results()

    def waiting_twice(child: Any) -> Any:
        child.wait(HOUR)
        child.wait(HOUR)

    return context.parallel([quick, waiting, asking, deep], "all").get_results()


def condition(event: Any, context: Any) -> Any:
    def check(state: Any, _: Any) -> Any:
        return [*state, PACKAGE]

    def strategy(state: Any, attempts: int) -> Any:
        if len(state) == 3:
            return waits.WaitForConditionDecision.stop_polling()
        return waits.WaitForConditionDecision.continue_waiting(HOUR)

    settings = waits.WaitForConditionConfig(strategy, [])
    return context.wait_for_condition(check, settings, "ready")


def attempts(wrapped: bool) -> Callable[[Any, Any], Any]:
    def handler(event: Any, context: Any) -> Any:
        def work(inner: Any, attempt: int) -> Any:
            found = inner.step(ran(f"try {attempt}"), f"try {attempt}")
            if attempt == 1:
                raise ConnectionError("not yet")
            return [found, attempt]

        settings = retries.WithRetryConfig(
            retry_in_an_hour, wrap_with_run_in_child_context=wrapped
        )
        return retries.with_retry(context, work, settings, name="work")

    return handler


def invoke(event: Any, context: Any) -> Any:
    return context.invoke("wait", event, "ask")


def large_child(event: Any, context: Any) -> Any:
    def inner(child: Any) -> Any:
        return [child.step(lambda s: ran(f"half {n}")(s) + "x" * HALF, f"half {n}")
                for n in range(2)]

    halves = context.run_in_child_context(inner, "large")
    context.wait(HOUR)
    return [[one.rstrip("x"), len(one) > HALF] for one in halves]


def large_map(event: Any, context: Any) -> Any:
    def work(child: Any, item: int, *_: Any) -> Any:
        return child.step(lambda s: ran(f"item {item}")(s) + "x" * HALF, "work")

    batch = context.map(range(3), work, "large")
    context.wait(HOUR)
    return [[one.rstrip("x"), len(one) > HALF] for one in batch.get_results()]


def errors(event: Any, context: Any) -> Any:
    """What was raised before is raised again, with the same words."""

    def broken(_: Any) -> Any:
        raise LookupError("nothing there")

    never = config.StepConfig(retries.RetryPresets.none())
    found: list[Any] = []
    for call in (
        lambda: context.step(broken, "step", never),
        lambda: context.run_in_child_context(broken, "child"),
        lambda: context.invoke("reject", {}, "ask"),
        lambda: context.map([1], lambda *_: broken(None), "map").throw_if_error(),
    ):
        try:
            call()
        except Exception as error:
            found.append([type(error).__name__, str(error), error.error_type])
    context.wait(HOUR)
    return found


def reject(event: Any, _: Any) -> Any:
    raise ValueError("no")


PROGRAMS = {
    "wait": wait, "step_retry": step_retry, "callback": callback,
    "wait_for_callback": wait_for_callback, "rejected": rejected, "nested": nested,
    "mapped": mapped, "throttled": throttled, "parallel": parallel,
    "condition": condition, "with_retry": attempts(True), "loose": attempts(False),
    "invoke": invoke, "large_child": large_child, "large_map": large_map,
    "errors": errors,
}


def signed(program: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def handler(event: Any, context: Any) -> Any:
        begun = context.step(lambda _: PACKAGE, "begin")
        found = program(event, context)
        return [begun, found, context.step(lambda _: PACKAGE, "end")]

    return handler


def main(name: str) -> None:
    program = reject if name == "reject" else signed(PROGRAMS[name])
    handler = sdk.durable_execution(program)
    if PACKAGE == "durable_core":
        from durable_core.runtime import serve

        serve(handler)
        return
    # The managed runtime's part; the package has no such loop.
    sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "clients"))
    importlib.import_module("runtime").run(handler)


if __name__ == "__main__":
    main(sys.argv[1])
