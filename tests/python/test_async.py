"""``async def`` handlers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import kit
import pytest

from durable_core import (
    ChildContextError,
    InvocationError,
    StepError,
    WithRetryConfig,
    with_retry,
)
from durable_core.aio import AsyncDurableContext
from durable_core.config import (
    ChildConfig,
    CompletionConfig,
    Duration,
    MapConfig,
    ParallelConfig,
    StepConfig,
)
from durable_core.exceptions import SuspendExecution
from durable_core.execution import Handler
from durable_core.retries import RetryPresets, RetryStrategyConfig, create_retry_strategy
from durable_core.waits import WaitForConditionConfig, WaitForConditionDecision

SECOND = Duration.from_seconds(1)
HOUR = Duration.from_hours(1)


@pytest.fixture
def service() -> Iterator[kit.Service]:
    with kit.service() as made:
        yield made


def ids(done: kit.Outcome) -> list[tuple[str, str]]:
    """(name, id) of what was started, by id."""
    return sorted(
        (one.get("Name", ""), one["Id"])
        for one in done.events
        if one["EventType"].endswith("Started") and "Execution" not in one["EventType"]
    )


# --------------------------------------------------------------------- operations


def test_gather_claims_like_a_sequence(service: kit.Service) -> None:
    """A step, a wait and a callback at once: as if called one after the other."""
    callbacks: list[str] = []

    async def handler(_: object, context: AsyncDurableContext) -> Any:
        async def approval() -> Any:
            callback = await waiting
            callbacks.append(callback.callback_id)
            return await callback.result()

        step = context.step(lambda _: 5, name="step")
        pause = context.wait(Duration.from_seconds(9), name="pause")
        waiting = context.create_callback("approval")
        return await asyncio.gather(step, pause, approval())

    service.register("handler", Handler(handler, None, []))
    arn = service.start("handler")
    assert service.settle(arn).status == "RUNNING"
    service.complete(callbacks[0], "yes")
    done = service.wait(arn)
    assert done.result == [5, None, "yes"]
    assert len(set(callbacks)) == 1 and done.invocations >= 2

    def sequence(_: object, context: Any) -> None:
        context.step(lambda _: 5, name="step")
        context.wait(Duration.from_seconds(9), name="pause")
        context.create_callback("approval")

    with kit.service() as other:
        assert ids(other.run(sequence)) == ids(done)


def test_bodies_may_be_async(service: kit.Service) -> None:
    async def body(context: Any) -> Any:
        await asyncio.sleep(0.01)
        return context.attempt

    async def child(context: AsyncDurableContext) -> Any:
        inner = await context.step(body, name="inner")
        await context.wait(SECOND)
        return [inner, await context.step(lambda _: "plain", name="plain")]

    async def check(state: int, _: object) -> int:
        await asyncio.sleep(0)
        return state + 1

    def strategy(state: int, _: int) -> WaitForConditionDecision:
        if state < 2:
            return WaitForConditionDecision.continue_waiting(SECOND)
        return WaitForConditionDecision.stop_polling()

    async def handler(_: object, context: AsyncDurableContext) -> Any:
        return [
            await context.step(body),
            await context.run_in_child_context(child, name="child"),
            await context.wait_for_condition(check, WaitForConditionConfig(strategy, 0)),
        ]

    assert service.run(handler).result == [1, [1, "plain"], 2]


def test_map_and_parallel(service: kit.Service) -> None:
    async def work(context: AsyncDurableContext, item: int, *_: object) -> int:
        await context.wait(Duration.from_seconds(item))
        if item == 3:
            raise ValueError("three")
        value: int = await context.step(lambda _: item * item)
        return value

    async def branch(context: AsyncDurableContext) -> str:
        return "branch"

    async def handler(_: object, context: AsyncDurableContext) -> Any:
        config: MapConfig[int] = MapConfig(
            completion_config=CompletionConfig(tolerated_failure_count=1)
        )
        batch = await context.map([1, 2, 3], work, config=config)
        both = await context.parallel([branch, lambda _: "plain"])
        return [batch.get_results(), batch.failure_count, both.get_results()]

    assert service.run(handler).result == [[1, 4], 1, ["branch", "plain"]]


def test_a_batch_that_ends_early_leaves_the_handler_alone(service: kit.Service) -> None:
    async def slow(context: AsyncDurableContext) -> None:
        await context.wait(HOUR)

    async def quick(context: AsyncDurableContext) -> str:
        await context.step(lambda _: 1)
        return "quick"

    async def handler(_: object, context: AsyncDurableContext) -> Any:
        config = ParallelConfig(completion_config=CompletionConfig.first_successful())
        batch = await context.parallel([slow, quick], config=config)
        return [batch.get_results(), await context.step(lambda _: "after")]

    done = service.run(handler)
    assert done.result == [["quick"], "after"] and done.invocations == 1


def test_with_retry_and_invoke(service: kit.Service) -> None:
    async def double(event: int, context: AsyncDurableContext) -> int:
        value: int = await context.step(lambda _: event * 2)
        return value

    service.register("double", Handler(double, None, []))

    async def work(context: AsyncDurableContext, attempt: int) -> Any:
        if attempt < 2:
            raise ConnectionError
        return await context.invoke("double", 21)

    async def handler(_: object, context: AsyncDurableContext) -> Any:
        strategy = create_retry_strategy(RetryStrategyConfig(max_attempts=3))
        return await with_retry(context, work, WithRetryConfig(strategy), "job")  # type: ignore[misc]

    assert service.run(handler).result == 42


def test_combinators(service: kit.Service) -> None:
    async def handler(_: object, context: AsyncDurableContext) -> Any:
        def good(value: str) -> Any:
            return context.step(lambda _: value)

        never = context.start.wait(HOUR)
        return [
            await context.all([good("a"), good("b")]),  # type: ignore[misc]
            await context.any([never, good("c")]),
            await context.race([never, good("d")]),
        ]

    assert service.run(handler).result == [["a", "b"], "c", "d"]


def test_errors(service: kit.Service) -> None:
    async def broken(_: object) -> None:
        raise ZeroDivisionError("by zero")

    async def child(context: AsyncDurableContext) -> None:
        await context.step(broken, config=StepConfig(RetryPresets.none()))

    async def handler(_: object, context: AsyncDurableContext) -> Any:
        try:
            await context.run_in_child_context(child)  # type: ignore[func-returns-value]
        except ChildContextError as error:
            await context.wait(SECOND)  # type: ignore[func-returns-value]
            assert isinstance(error.__cause__, StepError)
            return str(error)

    assert service.run(handler).result == "by zero"


def test_virtual_and_large_children(service: kit.Service) -> None:
    async def large(context: AsyncDurableContext) -> str:
        half: str = await context.step(lambda _: "x" * 150_000)
        return half * 2

    async def handler(_: object, context: AsyncDurableContext) -> Any:
        first = await context.run_in_child_context(large)  # type: ignore[misc]
        config: ChildConfig[Any] = ChildConfig(is_virtual=True)
        second = await context.run_in_child_context(large, config=config)  # type: ignore[misc]
        await context.wait(SECOND)  # type: ignore[func-returns-value]
        return [len(first), len(second)]

    assert service.run(handler).result == [300_000, 300_000]


# -------------------------------------------------------------------- suspension


def test_sleep_and_sockets_are_no_reason_to_suspend(service: kit.Service) -> None:
    async def handler(_: object, context: AsyncDurableContext) -> Any:
        pause = context.wait(HOUR, name="an hour")
        await asyncio.sleep(0.02)
        one, other = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=one)
        loop = asyncio.get_running_loop()
        loop.call_later(0.02, other.send, b"sent\n")
        line = await reader.readline()
        writer.close()
        await writer.wait_closed()
        other.close()
        answer = await asyncio.to_thread(lambda: "from a thread")
        legs.append((line, answer))
        await pause  # type: ignore[func-returns-value]
        return "done"

    legs: list[Any] = []
    done = service.run(handler)
    assert done.result == "done" and done.invocations == 2
    assert legs == [(b"sent\n", "from a thread")] * 2


def test_suspension_unwinds_everything(service: kit.Service) -> None:
    seen: list[str] = []

    async def handler(_: object, context: AsyncDurableContext) -> str:
        async def strand(name: str) -> None:
            try:
                await context.wait(HOUR, name=name)  # type: ignore[func-returns-value]
            except SuspendExecution:
                seen.append(f"{name} suspended")
                raise
            finally:
                await asyncio.sleep(0)
                seen.append(f"{name} cleaned up")

        await asyncio.gather(strand("a"), strand("b"), return_exceptions=True)
        try:
            await context.step(lambda _: seen.append("ran"))
        except SuspendExecution:
            seen.append("again")
            return "swallowed"
        return "yes"

    done = service.run(handler)
    assert done.result == "yes"
    assert sorted(seen[:2]) == ["a suspended", "b suspended"]
    assert sorted(seen[2:4]) == ["a cleaned up", "b cleaned up"]
    assert seen[4] == "again" and seen[-1] == "ran" and seen.count("ran") == 1


def test_task_groups(service: kit.Service) -> None:
    async def handler(_: object, context: AsyncDurableContext) -> Any:
        async def one(n: int) -> Any:
            await context.wait(Duration.from_seconds(n), name=f"w{n}")  # type: ignore[func-returns-value]
            return await context.step(lambda _: n, name=f"s{n}")

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(n)) for n in (1, 2, 3)]
        return [task.result() for task in tasks]

    done = service.run(handler)
    assert done.result == [1, 2, 3] and done.invocations >= 2


def test_wait_for_and_cancellation(service: kit.Service) -> None:
    async def handler(_: object, context: AsyncDurableContext) -> Any:
        pause = context.wait(HOUR, name="pause")
        found = []
        try:
            await asyncio.wait_for(asyncio.shield(pause), 0.02)
        except TimeoutError:
            found.append("timeout")
        task = asyncio.ensure_future(context.wait(HOUR, name="cancelled"))  # type: ignore[func-returns-value, arg-type]
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return [*found, await context.step(lambda _: "after", name="after")]

    done = service.run(handler)
    assert done.result == ["timeout", "after"]
    assert done.kinds()[:2] == ["WaitStarted pause", "WaitStarted cancelled"]


def test_what_is_not_awaited_does_not_matter(service: kit.Service) -> None:
    ended: list[str] = []

    async def forever(_: object) -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append("body")

    async def handler(_: object, context: AsyncDurableContext) -> str:
        context.wait(HOUR)
        context.step(forever)
        background = asyncio.ensure_future(asyncio.sleep(3600))
        background.add_done_callback(lambda _: ended.append("task"))
        await asyncio.sleep(0.01)
        return "done"

    done = service.run(handler)
    assert done.result == "done" and sorted(ended) == ["body", "task"]


# -------------------------------------------------------------- what leaves one


def test_what_leaves_a_handler(service: kit.Service) -> None:
    legs: list[int] = []

    async def handler(kind: str, _: AsyncDurableContext) -> Any:
        legs.append(1)
        if kind == "value":
            raise ValueError("v")
        if kind == "cancelled":
            raise asyncio.CancelledError
        if kind == "again" and len(legs) < 3:
            raise InvocationError("again")
        if kind == "exit" and len(legs) < 5:
            raise SystemExit(1)
        return {1} if kind == "set" else "fine"

    service.register("handler", Handler(handler, None, []))

    def outcome(kind: str) -> Any:
        done = service.wait(service.start("handler", kind))
        return done.result if done.status == "SUCCEEDED" else done.error

    assert outcome("again") == "fine"
    assert outcome("exit") == "fine"
    assert [type(one) for one in service.raised] == [
        InvocationError, InvocationError, SystemExit]
    assert outcome("value") == {"ErrorType": "ValueError", "ErrorMessage": "v"}
    assert outcome("cancelled")["ErrorMessage"] == "the handler was cancelled"
    assert outcome("set")["ErrorType"] == "TypeError"


def test_async_bodies_need_an_async_handler(service: kit.Service) -> None:
    async def body(_: object) -> int:
        return 1

    def handler(_: object, context: Any) -> str:
        try:
            context.step(body, config=StepConfig(RetryPresets.none()))
        except StepError as error:
            return str(error)
        return ""

    assert service.run(handler).result == "an async body needs an async handler"


# ----------------------------------------------------------------------- load


def test_a_thousand_items(service: kit.Service) -> None:
    async def work(context: AsyncDurableContext, item: int, *_: object) -> int:
        value: int = await context.step(lambda _: item)
        await context.wait(SECOND)  # type: ignore[func-returns-value]
        return value

    async def handler(_: object, context: AsyncDurableContext) -> Any:
        config: MapConfig[int] = MapConfig(max_concurrency=64)
        batch = await context.map(range(1000), work, config=config)
        return sum(batch.get_results())

    assert service.run(handler).result == sum(range(1000))
