"""Plugin hooks: the same ones as under the official SDK, and what they may do."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

import kit
import pytest
import test_same_history as same
from both import OFFICIAL, OWN, Package

from durable_core import DurableContext
from durable_core.config import Duration
from durable_core.execution import Handler
from durable_core.plugin import (
    DurableInstrumentationPlugin,
    InvocationStartInfo,
    PropagationMetadata,
)


class Factory:
    """Makes the plugin that ``make`` makes."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make

    def create_plugin(self, info: InvocationStartInfo) -> Any:
        return self.make()


def watcher(package: Any, seen: list[Any]) -> Factory:
    def facts(info: Any) -> tuple[Any, ...]:
        # The official SDK counts the first run of a context as an attempt.
        is_step = info.operation_type.value == "STEP"
        return (info.operation_type.value, info.sub_type, info.name, info.status.value,
                info.is_replayed, info.attempt if is_step else None)

    def invocation(info: Any) -> tuple[Any, ...]:
        known = sorted(one.status.value for one in info.operations.values())
        return info.is_first_invocation, known, info.execution_input

    class Watcher(package.plugin.DurableInstrumentationPlugin):  # type: ignore[misc]
        def on_invocation_start(self, info: Any) -> None:
            seen.append(("IS", *invocation(info), len(info.updated_operations)))

        def on_invocation_end(self, info: Any) -> None:
            error = info.error and info.error.message
            seen.append(("IE", *invocation(info)[:1], info.status.value, error,
                         info.execution_result))

        def on_operation_start(self, info: Any) -> None:
            seen.append(("OS", *facts(info)))

        def on_operation_end(self, info: Any) -> None:
            error = info.error and info.error.message
            seen.append(("OE", *facts(info), same.stable(info.result), error))

        def on_user_function_start(self, info: Any) -> None:
            seen.append(("US", *facts(info), info.is_replay_children))

        def on_user_function_end(self, info: Any) -> None:
            error = info.error and info.error.message
            seen.append(("UE", *facts(info), info.outcome.value, error))

    return Factory(Watcher)


# What differs on purpose: a wait for a callback is no function of the user's, each
# attempt of with_retry is, and one whose result cannot be stored has failed.
DIFFERENT = {"failing_submitter", "rejected_callback", "serdes_failures",
             "wait_for_callback", "wait_for_callback_with_serdes", "with_retry"}


def hooks(name: str, package_name: str) -> list[Any]:
    make, drive = same.PROGRAMS[name]
    package, seen = Package(package_name), []
    execution = package.execution.durable_execution
    with kit.service() as service:
        client = same.Client(service)
        factories = [watcher(package, seen)]
        handler = execution(make(package), boto3_client=client, plugins=factories)
        same.register(service, "program", [handler])
        for other, func in same.OTHERS.items():
            same.register(service, other, [execution(func, boto3_client=client)])
        arn = service.start("program", {"total": 7})
        if drive is not None:
            drive(service, arn)
        service.wait(arn)
    return ordered(seen)


def ordered(seen: list[Any]) -> list[Any]:
    """Bodies that are suspended together end in no order."""
    found: list[Any] = []
    for suspended, run in itertools.groupby(seen, lambda one: "INCOMPLETE" in one):
        found += sorted(run, key=str) if suspended else run
    return found


@pytest.mark.parametrize("name", sorted(set(same.PROGRAMS) - DIFFERENT))
def test_same_hooks(name: str) -> None:
    theirs, ours = hooks(name, OFFICIAL), hooks(name, OWN)
    assert ours == theirs


class Recorded(same.Client):
    """Keeps the options of the chained invokes that are started."""

    def __init__(self, service: kit.Service) -> None:
        super().__init__(service)
        self.sent: list[Any] = []

    def checkpoint_durable_execution(self, **body: Any) -> dict[str, Any]:
        self.sent += [
            (one["Id"], one["ChainedInvokeOptions"])
            for one in body["Updates"]
            if "ChainedInvokeOptions" in one
        ]
        return super().checkpoint_durable_execution(**body)


def propagation(name: str, given: list[Any]) -> tuple[list[Any], list[Any]]:
    """What is sent, and what the plugins are asked, each of which gives one of these."""
    package, asked = Package(name), []
    metadata = package.plugin.PropagationMetadata

    def giving(value: Any) -> Factory:
        class Giving(package.plugin.DurableInstrumentationPlugin):  # type: ignore[misc]
            def provide_propagation_metadata(self, info: Any) -> Any:
                asked.append((value, info.operation_id, info.target_function_name,
                              info.parent_operation_id,
                              "/durable-execution/" in info.execution_arn))
                if value == "raise":
                    raise RuntimeError("no trace today")
                return value if value in (None, 7) else metadata(x_amzn_trace_id=value)

        return Factory(Giving)

    def handler(_: object, context: Any) -> Any:
        first = context.invoke("echo", 1, name="first")
        return context.run_in_child_context(
            lambda child: [first, child.invoke("echo", 2)], name="inside")

    def echo(event: Any, _: Any) -> Any:
        return event

    with kit.service() as service:
        client = Recorded(service)
        execution = package.execution.durable_execution
        plugins = [giving(value) for value in given]
        same.register(service, "program",
                      [execution(handler, boto3_client=client, plugins=plugins)])
        same.register(service, "echo", [execution(echo, boto3_client=client)])
        assert service.wait(service.start("program")).result == [1, 2]
    return client.sent, asked


@pytest.mark.parametrize(
    ("given", "trace"),
    [([], None), ([None, "", " "], None), (["raise", 7, " ", "Root=1", "Root=2"], "Root=1")],
)
def test_same_propagation(given: list[Any], trace: str | None) -> None:
    theirs, ours = propagation(OFFICIAL, given), propagation(OWN, given)
    assert ours == theirs
    assert [options.get("XAmznTraceId") for _, options in ours[0]] == [trace] * 2
    assert len(ours[1]) == 2 * len(given)  # once for each invoke, not on replay


# --------------------------------------------------------------------------- own


@pytest.fixture
def service() -> Iterator[kit.Service]:
    with kit.service() as made:
        yield made


def run(service: kit.Service, func: Any, *made: Callable[[], Any]) -> kit.Outcome:
    return service.run(Handler(func, None, [Factory(one) for one in made]))


def one_step(_: object, context: DurableContext) -> int:
    value = context.step(lambda _: 5, name="five")
    return context.run_in_child_context(lambda child: value + 1, name="child")


def test_wrap_hooks(service: kit.Service) -> None:
    seen: list[str] = []

    def wrapping(name: str) -> type[DurableInstrumentationPlugin]:
        class Wrapping(DurableInstrumentationPlugin):
            def _wrap(self, what: str, call: Callable[[], Any]) -> Any:
                seen.append(f"{name} > {what}")
                try:
                    return call()
                finally:
                    seen.append(f"{name} < {what}")

            def wrap_invocation(self, info: Any, call: Any) -> Any:
                return self._wrap("invocation", call)

            def wrap_attempt(self, info: Any, call: Any) -> Any:
                return self._wrap(f"{info.name} {info.attempt}", call)

            def wrap_child(self, info: Any, call: Any) -> Any:
                return self._wrap(info.name, call)

        return Wrapping

    assert run(service, one_step, wrapping("a"), wrapping("b")).result == 6
    assert seen == [
        "a > invocation", "b > invocation",
        "a > five 1", "b > five 1", "b < five 1", "a < five 1",
        "a > child", "b > child", "b < child", "a < child",
        "b < invocation", "a < invocation",
    ]


def test_wrap_that_misbehaves(service: kit.Service) -> None:
    class Forgets(DurableInstrumentationPlugin):
        def wrap_attempt(self, info: Any, call: Any) -> Any:
            return "not the body's"

    class Raises(DurableInstrumentationPlugin):
        def wrap_child(self, info: Any, call: Any) -> Any:
            call()
            raise RuntimeError("after it")

        def wrap_invocation(self, info: Any, call: Any) -> Any:
            raise RuntimeError("instead of it")

    assert run(service, one_step, Forgets, Raises).result == 6


@pytest.mark.parametrize(
    "hook",
    ["on_invocation_start", "on_invocation_end", "on_operation_start",
     "on_operation_end", "on_operation_change", "on_user_function_start",
     "on_user_function_end", "enrich_log"],
)
def test_hook_that_raises(service: kit.Service, hook: str) -> None:
    def broken(self: Any, info: Any) -> None:
        raise RuntimeError(hook)

    def handler(event: object, context: DurableContext) -> int:
        context.logger.info("begin")
        context.wait(Duration.from_seconds(1))
        return one_step(event, context)

    made = type("Broken", (DurableInstrumentationPlugin,), {hook: broken})
    assert run(service, handler, made).result == 6


@pytest.mark.parametrize("given", ["x" * 8193, "Root=1\r\nHost: x", "\u00e9", b"Root=1"])
def test_trace_that_is_no_header(
    service: kit.Service, caplog: pytest.LogCaptureFixture, given: Any
) -> None:
    class Bad(DurableInstrumentationPlugin):
        def provide_propagation_metadata(self, info: Any) -> Any:
            return PropagationMetadata(given)

    class Good(DurableInstrumentationPlugin):
        def provide_propagation_metadata(self, info: Any) -> Any:
            return PropagationMetadata("Root=1")

    def handler(_: object, context: DurableContext) -> Any:
        return context.invoke("echo", 1)

    service.register("echo", Handler(lambda event, _: event, None, []))
    assert run(service, handler, Bad, Good).result == 1
    [line] = [one for one in caplog.records if one.levelno >= logging.WARNING]
    assert "provide_propagation_metadata" in line.message and line.exc_info


def test_traces_that_differ(
    service: kit.Service, caplog: pytest.LogCaptureFixture
) -> None:
    def giving(value: str) -> type[DurableInstrumentationPlugin]:
        class Giving(DurableInstrumentationPlugin):
            def provide_propagation_metadata(self, info: Any) -> Any:
                return PropagationMetadata(value)

        return Giving

    def handler(_: object, context: DurableContext) -> Any:
        return context.invoke("echo", 1)

    service.register("echo", Handler(lambda event, _: event, None, []))
    made = [giving(value) for value in ("Root=1", "Root=1", "Root=2")]
    assert run(service, handler, *made).result == 1
    [line] = [one for one in caplog.records if one.levelno == logging.WARNING]
    assert "different trace headers" in line.message


def test_hook_that_ends_the_process(service: kit.Service) -> None:
    times: list[int] = []

    class Exits(DurableInstrumentationPlugin):
        def on_operation_end(self, info: Any) -> None:
            times.append(1)
            if len(times) == 1:
                raise SystemExit(1)

    assert run(service, one_step, Exits).result == 6
    assert [type(one) for one in service.raised] == [SystemExit]


def test_factories_that_make_nothing(service: kit.Service) -> None:
    def broken() -> Any:
        raise RuntimeError("no plugin today")

    assert run(service, one_step, broken, lambda: None, lambda: "text").result == 6


def test_log_lines_are_enriched(
    service: kit.Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    class Enriching(DurableInstrumentationPlugin):
        def enrich_log(self, extra: MutableMapping[str, object]) -> None:
            extra["trace"] = f"t-{extra.get('operationName', 'root')}"

    def handler(_: object, context: DurableContext) -> None:
        context.logger.info("outside")
        context.step(lambda step: step.logger.info("inside"), name="noisy")

    run(service, handler, Enriching)
    lines: list[Any] = [one for one in caplog.records if one.name == "root"]
    assert [(one.message, one.trace) for one in lines] == [
        ("outside", "t-root"),
        ("inside", "t-noisy"),
    ]


def test_changes(service: kit.Service) -> None:
    seen: list[Any] = []

    class Watching(DurableInstrumentationPlugin):
        def on_operation_change(self, info: Any) -> None:
            assert set(info.updated_operations) <= set(info.operations)
            seen.extend(one.name for one in info.updated_operations.values())

    assert run(service, one_step, Watching).result == 6
    assert "five" in seen and "child" in seen
