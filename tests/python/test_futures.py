"""Operations that are started and awaited later, and the combinators."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import kit
import pytest

from durable_core import DurableContext, StepError
from durable_core.config import Duration, StepConfig
from durable_core.retries import RetryPresets
from durable_core.serdes import JsonSerDes

NONE = RetryPresets.none()


@pytest.fixture
def service() -> Iterator[kit.Service]:
    with kit.service() as made:
        yield made


def _fail(text: str) -> Any:
    def body(_: object) -> None:
        raise ValueError(text)

    return body


def test_started_operations_run_side_by_side(service: kit.Service) -> None:
    order: list[str] = []

    def slow(_: object) -> str:
        time.sleep(0.05)
        order.append("slow")
        return "s"

    def handler(_: object, context: DurableContext) -> Any:
        first = context.start.step(slow, name="slow")
        second = context.start.step(lambda _: order.append("quick"), name="quick")
        pause = context.start.wait(Duration.from_seconds(3), name="pause")
        third = context.step(lambda _: 3, name="third")
        found = [first.result(), second.result(), pause.result(), third]
        assert first.done() and first.result() == "s"
        return found

    done = service.run(handler)
    assert done.result == ["s", None, None, 3]
    assert order == ["quick", "slow"]
    started = [one["Name"] for one in done.events if "Started" in one["EventType"] and "Name" in one]
    assert {"slow", "quick", "pause", "third"} <= set(started)


def test_futures_are_replayed(service: kit.Service) -> None:
    ran: list[int] = []

    def handler(_: object, context: DurableContext) -> Any:
        futures = [
            context.start.step(lambda _, n=n: ran.append(n) or n, name=f"s{n}")
            for n in range(20)
        ]
        context.wait(Duration.from_seconds(5))
        return [one.result() for one in futures]

    assert service.run(handler).result == list(range(20))
    assert sorted(ran) == list(range(20))


def test_failure_of_a_future(service: kit.Service) -> None:
    def handler(_: object, context: DurableContext) -> Any:
        future = context.start.step(_fail("no"), config=StepConfig(NONE))
        context.wait(Duration.from_seconds(1))
        for _ in range(2):
            with pytest.raises(StepError, match="no"):
                future.result()
        return "fine"

    assert service.run(handler).result == "fine"


def test_futures_nobody_awaits_do_not_matter(service: kit.Service) -> None:
    def handler(_: object, context: DurableContext) -> str:
        context.start.wait(Duration.from_hours(1))
        context.start.run_in_child_context(
            lambda child: child.wait(Duration.from_hours(1))
        )
        return "done"

    done = service.run(handler)
    assert done.result == "done" and done.invocations == 1


def test_more_futures_than_threads(service: kit.Service) -> None:
    def child(context: DurableContext) -> int:
        context.wait(Duration.from_seconds(1))
        inner = context.start.step(lambda _: 1)
        return inner.result()

    def handler(_: object, context: DurableContext) -> int:
        futures = [context.start.run_in_child_context(child) for _ in range(150)]
        return sum(one.result() for one in futures)

    assert service.run(handler).result == 150


@pytest.mark.parametrize("config", [None, StepConfig(NONE, serdes=JsonSerDes())])
def test_combinators(service: kit.Service, config: StepConfig | None) -> None:
    failing = StepConfig(NONE, serdes=config.serdes if config else None)

    def handler(_: object, context: DurableContext) -> Any:
        def good(value: str) -> Any:
            return context.start.step(lambda _: value, name=value, config=config)

        def bad() -> Any:
            return context.start.step(_fail("bad"), config=failing)

        never = context.start.wait(Duration.from_hours(1))
        found: list[Any] = [
            context.all([good("a"), good("b")], name="all"),
            [one["status"] for one in context.settled([good("c"), bad()])],
            context.any([bad(), never, good("d")]),
            context.race([never, good("e")], name="race"),
        ]
        for combine, inputs in ((context.all, [good("f"), bad()]), (context.any, [bad()])):
            try:
                combine(inputs)
            except Exception as error:
                found.append(type(error).__name__)
        return found

    assert service.run(handler).result == [
        ["a", "b"],
        ["fulfilled", "rejected"],
        "d",
        "e",
        "PromiseCombinatorError",
        "PromiseCombinatorError",
    ]


def test_arguments_of_started_operations(service: kit.Service) -> None:
    def handler(_: object, context: DurableContext) -> str:
        for call in (
            lambda: context.start.step(),
            lambda: context.start.step(1, 2, 3, 4),
            lambda: context.start.step(func=1, other=2),
            lambda: context.start.wait_for_condition(lambda *_: 1),
            lambda: context.all([5]),
        ):
            with pytest.raises(TypeError):
                call()
        return context.start.step(func=lambda _: "first", name="n").result()

    done = service.run(handler)
    assert done.result == "first" and done.kinds()[0] == "StepStarted n"
