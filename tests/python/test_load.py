"""Many branches at once, and many invocations: nothing hangs, nothing is left.

DURABLE_LOAD_ROUNDS repeats it (3)."""

from __future__ import annotations

import faulthandler
import gc
import os
import threading
import tracemalloc
from collections.abc import Iterator
from typing import Any

import kit
import pytest

from durable_core import DurableContext, _service
from durable_core.aio import AsyncDurableContext
from durable_core.config import CompletionConfig, Duration, MapConfig, StepConfig
from durable_core.execution import Handler
from durable_core.retries import RetryPresets

ROUNDS = int(os.environ.get("DURABLE_LOAD_ROUNDS", "3"))
WIDE, DEEP = 2000, 12
PATIENCE_S = 120  # of a round, and then every thread says where it hangs


@pytest.fixture(autouse=True)
def watchdog() -> Iterator[None]:
    faulthandler.dump_traceback_later(PATIENCE_S, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture
def service() -> Iterator[kit.Service]:
    with kit.service() as made:
        yield made


def fails(item: int) -> bool:
    return item % 10 == 3


def answer(item: int) -> int:
    if fails(item):
        raise ValueError(item)
    return item


NONE = StepConfig(RetryPresets.none())
MANY: MapConfig[int] = MapConfig(
    max_concurrency=64, completion_config=CompletionConfig(tolerated_failure_count=WIDE)
)
EARLY: MapConfig[int] = MapConfig(completion_config=CompletionConfig(min_successful=7))


def wide(_: object, context: DurableContext) -> Any:
    def work(child: DurableContext, item: int, *__: object) -> int:
        if item % 7 == 0:
            child.wait(Duration.from_seconds(1 + item % 3))
        return child.step(lambda _: answer(item), config=NONE)

    batch = context.map(range(WIDE), work, config=MANY)
    return [sum(batch.get_results()), batch.failure_count]


def deep(_: object, context: DurableContext) -> Any:
    def leaf(child: DurableContext, item: int, *__: object) -> int:
        child.wait(Duration.from_seconds(1 + item % 2))
        return child.step(lambda _: answer(item), config=NONE)

    def middle(child: DurableContext, item: int, *__: object) -> int:
        return child.map(range(DEEP), leaf, config=EARLY).success_count

    def top(child: DurableContext, item: int, *__: object) -> int:
        return sum(child.map(range(DEEP), middle).get_results())

    found = context.map(range(DEEP), top).get_results()
    return [len(found), min(found) >= 7 * DEEP]


async def wide_async(_: object, context: AsyncDurableContext) -> Any:
    async def work(child: AsyncDurableContext, item: int, *__: object) -> int:
        if item % 7 == 0:
            await child.wait(Duration.from_seconds(1 + item % 3))  # type: ignore[func-returns-value]
        value: int = await child.step(lambda _: answer(item), config=NONE)  # type: ignore[misc]
        return value

    batch = await context.map(range(WIDE), work, config=MANY)  # type: ignore[misc]
    return [sum(batch.get_results()), batch.failure_count]


async def deep_async(_: object, context: AsyncDurableContext) -> Any:
    async def leaf(child: AsyncDurableContext, item: int, *__: object) -> int:
        await child.wait(Duration.from_seconds(1 + item % 2))  # type: ignore[func-returns-value]
        value: int = await child.step(lambda _: answer(item), config=NONE)  # type: ignore[misc]
        return value

    async def middle(child: AsyncDurableContext, item: int, *__: object) -> int:
        batch = await child.map(range(DEEP), leaf, config=EARLY)  # type: ignore[misc]
        return int(batch.success_count)

    async def top(child: AsyncDurableContext, item: int, *__: object) -> int:
        batch = await child.map(range(DEEP), middle)  # type: ignore[misc]
        return sum(batch.get_results())

    found = (await context.map(range(DEEP), top)).get_results()  # type: ignore[misc]
    return [len(found), min(found) >= 7 * DEEP]


GOOD = [one for one in range(WIDE) if not fails(one)]
EXPECTED = {
    wide: [sum(GOOD), WIDE - len(GOOD)],
    wide_async: [sum(GOOD), WIDE - len(GOOD)],
    deep: [DEEP, True],
    deep_async: [DEEP, True],
}


@pytest.mark.parametrize("program", EXPECTED, ids=lambda func: func.__name__)
def test_many_branches(program: Any) -> None:
    for _ in range(ROUNDS):
        faulthandler.dump_traceback_later(PATIENCE_S, exit=True)
        with kit.service() as service:
            assert service.run(program).result == EXPECTED[program]
    left = [one.name for one in threading.enumerate() if one.name.startswith("durable-")]
    assert not left


def rss_kib() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") // 1024


def everything(_: object, context: DurableContext) -> Any:
    def child(inner: DurableContext) -> int:
        future = inner.start.step(lambda _: 1)
        inner.wait(Duration.from_seconds(1))
        return future.result()

    try:
        context.step(lambda _: answer(3), config=NONE)
    except Exception as error:
        failed = str(error)
    batch = context.map(range(5), lambda c, item, *_: c.step(lambda _: item))
    return [failed, context.run_in_child_context(child), batch.get_results()]


async def everything_async(_: object, context: AsyncDurableContext) -> Any:
    async def child(inner: AsyncDurableContext) -> int:
        step = inner.step(lambda _: 1)
        await inner.wait(Duration.from_seconds(1))  # type: ignore[func-returns-value]
        return await step  # type: ignore[misc]

    return await context.run_in_child_context(child)  # type: ignore[misc]


@pytest.mark.parametrize("program", [everything, everything_async])
def test_nothing_is_leaked(service: kit.Service, program: Any) -> None:
    service.register("handler", Handler(program, None, []))

    def some(count: int) -> None:
        for _ in range(count):
            arn = service.start("handler")
            assert _service.service_wait(service.native, arn, 60_000) == 1
        gc.collect()

    some(60)
    tracemalloc.start()
    some(20)
    before, resident = tracemalloc.get_traced_memory()[0], rss_kib()
    some(100)
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert after - before < 64 * 1024, "Python objects are left by each invocation"
    # The service keeps each history; what leaks on top of it would be far more.
    assert rss_kib() - resident < 24 * 1024
