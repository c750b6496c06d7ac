"""``async def`` handlers: the same API, awaited.

::

    @durable_execution
    async def handler(event: dict, context: AsyncDurableContext) -> list:
        quote = context.step(ask_for_quote, name="quote")
        stock = context.invoke("stock", {"item": 5})
        return await asyncio.gather(quote, stock)

An operation is claimed when it is called, not when it is awaited: what is called
first has the first id.  The handler runs on an event loop of its own.  While
nothing in it is ready and nothing of the user's is waited for (no ``sleep``, no
socket, no executor), the execution may suspend: then SuspendExecution is thrown
into every pending await, and every later operation raises it again.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import selectors
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from durable_core import _native
from durable_core._calls import (
    Call,
    CallbackCall,
    CallbackResultCall,
    ConditionCall,
    InvokeCall,
    Outcome,
    PlainCall,
    StepCall,
)
from durable_core._futures import claim_combine
from durable_core._run import Run, Strand
from durable_core.context import Callback, DurableContext
from durable_core.exceptions import SuspendExecution

T = TypeVar("T")


class Operation(asyncio.Future[T]):
    """An operation that is under way.  Cancelling the await leaves it so."""

    def __init__(self, call: Call, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=loop)
        self.call = call

    def settle(self, value: T) -> None:
        if not self.done():
            self.set_result(value)

    def fail(self, error: BaseException) -> None:
        if self.done():
            return
        self.set_exception(error)
        if isinstance(error, SuspendExecution):
            self.exception()  # nobody needs to be told that it was not awaited


class AsyncCallback(Callback[T]):
    """A callback; ``result()`` is awaited."""

    _context: AsyncDurableContext

    def result(self) -> Any:
        return self._context._drive(self._claim_result)


class _AsyncCallbackCall(CallbackCall):
    __slots__ = ()

    def result(self, text: str | None) -> Any:
        return AsyncCallback(self.ctx, self, super().result(text))


class AsyncDurableContext(DurableContext):
    """The context of an ``async def`` handler: every operation answers an awaitable.

    Bodies may be ``async def`` or plain functions; a plain one holds the loop up.
    """

    __slots__ = ()

    def _drive(self, claim: Callable[[Strand], Call]) -> Any:
        loop = self._loop()
        call = self._claimed(claim)
        operation: Operation[Any] = Operation(call, loop)
        loop.start(self._id, call, operation)
        return operation

    def _drive_with(self, do: Callable[[Strand], Any]) -> Any:
        return self._claimed(do)

    def _claimed(self, claim: Callable[[Strand], Any]) -> Any:
        run = self._run
        if run.over:
            raise SuspendExecution("the invocation of this context is over")
        try:
            return claim(run.root)
        except SuspendExecution:
            run.root.suspended |= self._id == run.root_ctx
            raise

    @property
    def start(self) -> Any:
        """This context: here every operation is started by its call."""
        return self

    def _loop(self) -> Loop:
        loop = asyncio.get_running_loop()
        if not isinstance(loop, Loop) or loop.run is not self._run:
            raise RuntimeError("an operation is called on its handler's event loop only")
        return loop

    def create_callback(self, name: Any = None, config: Any = None) -> Any:
        return self._drive(lambda s: self._callback(s, name, config, _AsyncCallbackCall))

    async def _outcomes(self, started: Sequence[Any]) -> list[Outcome]:
        found: list[Outcome] = []
        for one in started:
            try:
                found.append((await one, None))
            except Exception as error:
                found.append((None, error))
        return found

    def _combine(self, mode: int, futures: Sequence[Any], name: str | None) -> Any:
        return self._drive(lambda s: claim_combine(self, s, mode, futures, name))


# What has one outcome and no context of its own.
_LEAVES = (StepCall, PlainCall, InvokeCall, ConditionCall, CallbackResultCall)


# --------------------------------------------------------------------- the loop


# A loop that is never idle looks at what came in once in so many turns.
_BUSY_TURNS = 64


class _Selector(selectors.DefaultSelector):
    """A selector that knows when the loop has nothing to do but to wait for us."""

    def __init__(self) -> None:
        super().__init__()
        self.loop: Loop | None = None
        self._turns = 0

    def select(self, timeout: float | None = None) -> Any:
        loop = self.loop
        if loop is None:
            return super().select(timeout)
        if timeout is None and loop.has_nothing_of_the_user():
            return loop.idle(super().select)
        if timeout == 0:
            self._turns += 1
            if self._turns % _BUSY_TURNS and loop.has_nothing_of_the_user():
                return []
        loop.take_events()
        return super().select(timeout)


class Loop(asyncio.SelectorEventLoop):
    """The event loop of one invocation.

    The root task of the engine is runnable while the loop is, and each operation
    has a task of its own: parked, or idle while its body is awaited.  So nothing is
    suspended before the loop has nothing ready.
    """

    def __init__(self, run: Run) -> None:
        selector = _Selector()
        super().__init__(selector)
        self.run = run
        self._outside = 0  # calls in executors
        self._parked: dict[int, asyncio.Future[None]] = {}
        self._drivers: set[asyncio.Task[None]] = set()
        self.add_reader(_native.event_fd(run.native), self.take_events)
        self._own_descriptors = len(selector.get_map())
        self._selector_of_ours = selector
        run.start_branch = self._start_branch  # type: ignore[method-assign]

    def follow(self) -> None:
        """From now on idleness is the engine's to know."""
        self._selector_of_ours.loop = self

    def unfollow(self) -> None:
        self._selector_of_ours.loop = None

    # ------------------------------------------------------------ idleness

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Any, *args: Any
    ) -> Any:
        future = super().run_in_executor(executor, func, *args)
        self._outside += 1
        future.add_done_callback(self._came_back)
        return future

    def _came_back(self, _: object) -> None:
        self._outside -= 1

    def has_nothing_of_the_user(self) -> bool:
        descriptors = len(self._selector_of_ours.get_map())
        return self._outside == 0 and descriptors == self._own_descriptors

    def idle(self, select: Callable[[float | None], Any]) -> Any:
        """Let the engine send, wait or suspend until something is ready."""
        native, root = self.run.native, self.run.root.task
        _native.durable_engine_task_idle(native, root, 1)
        try:
            if self.take_events():
                return []
            return select(None)
        finally:
            _native.durable_engine_task_idle(native, root, 0)

    def take_events(self) -> bool:
        """Resume whom the engine names; whether there was anybody."""
        found = False
        while True:
            kind, task, _ = _native.poll(self.run.native)
            if kind != _native.DURABLE_EVENT_WAKE:
                return found
            found = True
            self._wake(task)

    def _wake(self, task: int) -> None:
        waiter = self._parked.pop(task, None)
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    async def _park(self, task: int) -> None:
        waiter = self._parked[task] = self.create_future()
        try:
            await waiter
        finally:
            self._parked.pop(task, None)

    # ---------------------------------------------------------- operations

    def start(self, ctx: int, call: Call, operation: Operation[Any]) -> None:
        native = self.run.native
        if isinstance(call, _LEAVES) and (
            _native.durable_engine_op_is_replayed(native, call.op) == 1
        ):
            # In the next turn, like any other: all that is called in this one is
            # claimed first, live and replayed.
            self.call_soon(self._take, ctx, call, operation)
        else:
            self._start_driver(ctx, call, operation)

    def _start_driver(self, ctx: int, call: Call, operation: Operation[Any]) -> None:
        strand = Strand(self.run, _native.task_new(self.run.native, ctx))
        self._spawn(self._settle(strand, call, operation))

    def _take(self, ctx: int, call: Call, operation: Operation[Any]) -> None:
        """The outcome that is on record, without a task of its own."""
        native, root = self.run.native, self.run.root.task
        answer = _native.ask(native, root, call.op, 0)
        if answer[0] != _native.DURABLE_NEXT_DONE:
            _native.durable_engine_task_idle(native, root, 0)
            self._start_driver(ctx, call, operation)
            return
        try:
            operation.settle(call.done(answer))
        except Exception as error:
            operation.fail(error)

    def _start_branch(self, task: int, call: Call) -> None:
        self._spawn(self._branch(Strand(self.run, task), call))

    def _spawn(self, driver: Coroutine[Any, Any, None]) -> None:
        task = self.create_task(driver)
        self._drivers.add(task)
        task.add_done_callback(self._drivers.discard)

    async def _settle(
        self, strand: Strand, call: Call, operation: Operation[Any]
    ) -> None:
        try:
            value = await self._drive(strand, call)
        except SuspendExecution as error:
            self.run.root.suspended |= call.ctx._id == self.run.root_ctx
            operation.fail(error)
        except asyncio.CancelledError:
            operation.cancel()
            raise
        except BaseException as error:
            operation.fail(error)
        else:
            operation.settle(value)
        finally:
            strand.end()

    async def _branch(self, strand: Strand, call: Call) -> None:
        try:
            await self._drive(strand, call)
        except (SuspendExecution, asyncio.CancelledError):
            pass
        except BaseException as error:
            self.run.fail(error)
        finally:
            strand.end()

    async def _drive(self, strand: Strand, call: Call) -> Any:
        native, task, op = self.run.native, strand.task, call.op
        while True:
            answer = _native.ask(native, task, op, 0)
            kind = answer[0]
            if kind == _native.DURABLE_NEXT_DONE:
                return call.done(answer)
            if kind == _native.DURABLE_NEXT_PARK:
                await self._park(task)
            elif kind == _native.DURABLE_NEXT_RUN:
                _native.durable_engine_task_idle(native, task, 1)
                await call.body_async(strand, answer)
            else:
                call.act(strand, kind)

    async def drain(self) -> None:
        """The handler is over: so is whatever else was under way."""
        for _ in range(2):
            others = asyncio.all_tasks(self) - {asyncio.current_task(self)}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)


def run_to_end(
    run: Run, handler: Callable[[], Any], give: Callable[[Callable[[], Any]], None]
) -> None:
    """Await the handler, ``give`` its outcome, and end everything it has begun.

    ``give`` is called with a function that answers the result or raises.
    """
    loop = Loop(run)
    try:
        main = loop.create_task(_called(handler))
        loop.follow()
        try:
            loop.run_until_complete(asyncio.wait([main]))
            outcome = main.result
        except BaseException as error:  # such as KeyboardInterrupt, of any task
            outcome = functools.partial(_reraise, error)
        give(outcome)
        run.root.end()
        loop.run_until_complete(loop.drain())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.unfollow()
        loop.close()


async def _called(handler: Callable[[], Any]) -> Any:
    value = handler()
    return await value if inspect.isawaitable(value) else value


def _reraise(error: BaseException) -> Any:
    raise error
