"""Operations that are started, and awaited later: ``context.start``."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from durable_core import _native
from durable_core._calls import (
    Call,
    CallbackCall,
    CallbackResultCall,
    CombineCall,
    InvokeCall,
    Outcome,
    PlainCall,
)
from durable_core._run import Strand

if TYPE_CHECKING:
    from durable_core.context import DurableContext

T = TypeVar("T")

# What the service does alone: whoever asks for the result drives it.
_BODILESS = (PlainCall, InvokeCall, CallbackCall, CallbackResultCall)


class DurableFuture(Generic[T]):
    """An operation that is under way; its id was taken when it was started."""

    def __init__(self, context: DurableContext, call: Call) -> None:
        self.call = call
        self._context = context
        self._run = context._run
        self._over = threading.Event()
        self._driving = threading.Lock()
        self._outcome: Outcome | None = None
        if not isinstance(call, _BODILESS):
            self._driving.acquire()
            self._run.start_worker(context._id, self._work)

    def _work(self, strand: Strand) -> None:
        try:
            self._drive(strand)
        finally:
            self._driving.release()
            self._over.set()

    def _drive(self, strand: Strand) -> None:
        try:
            self._outcome = self.call.drive(strand), None
        except Exception as error:
            self._outcome = None, error

    def done(self) -> bool:
        """Whether ``result()`` has an answer at once."""
        return self._outcome is not None

    def result(self) -> T:
        """What the blocking call answers or raises; waits for it."""
        value, error = self.outcome()
        if error is not None:
            raise error
        return cast(T, value)

    def outcome(self) -> Outcome:
        if self._outcome is None:
            self._context._drive_with(self._await)
        assert self._outcome is not None
        return self._outcome

    def _await(self, strand: Strand) -> None:
        while self._outcome is None:
            if self._driving.acquire(blocking=False):
                try:
                    if self._outcome is None:
                        self._drive(strand)
                finally:
                    self._driving.release()
            else:
                self._run.wait_settled(strand, self.call.op)
                self._over.wait(0.001 if isinstance(self.call, _BODILESS) else None)


class Starter:
    """The operations of a context, each answering a future at once.

    ``context.start.step(func)`` takes the arguments of ``context.step(func)``, and
    so on.
    """

    __slots__ = ("_context",)

    def __init__(self, context: DurableContext) -> None:
        self._context = context

    def _start(self, claim: Callable[[Strand], Call]) -> DurableFuture[Any]:
        context = self._context
        call: Call = context._drive_with(claim)
        return DurableFuture(context, call)

    def step(self, *args: Any, **kwargs: Any) -> DurableFuture[Any]:
        names = ("func", "name", "config")
        given = _arguments(names, args, kwargs)
        return self._start(lambda s: self._context._step(s, *given))

    def wait(self, *args: Any, **kwargs: Any) -> DurableFuture[None]:
        given = _arguments(("duration", "name"), args, kwargs)
        return self._start(lambda s: self._context._wait(s, *given))

    def invoke(self, *args: Any, **kwargs: Any) -> DurableFuture[Any]:
        names = ("function_name", "payload", "name", "config")
        given = _arguments(names, args, kwargs)
        return self._start(lambda s: self._context._invoke(s, *given))

    def wait_for_callback(self, *args: Any, **kwargs: Any) -> DurableFuture[Any]:
        given = _arguments(("submitter", "name", "config"), args, kwargs)
        return self._start(lambda s: self._context._wait_for_callback(s, *given))

    def wait_for_condition(self, *args: Any, **kwargs: Any) -> DurableFuture[Any]:
        given = _arguments(("check", "config", "name"), args, kwargs)
        return self._start(lambda s: self._context._wait_for_condition(s, *given))

    def run_in_child_context(self, *args: Any, **kwargs: Any) -> DurableFuture[Any]:
        given = _arguments(("func", "name", "config"), args, kwargs)
        return self._start(lambda s: self._context._run_child(s, *given))

    def map(self, *args: Any, **kwargs: Any) -> DurableFuture[Any]:
        given = _arguments(("inputs", "func", "name", "config"), args, kwargs)
        return self._start(lambda s: self._context._map(s, *given))

    def parallel(self, *args: Any, **kwargs: Any) -> DurableFuture[Any]:
        given = _arguments(("functions", "name", "config"), args, kwargs)
        return self._start(lambda s: self._context._parallel(s, *given))

    def callback_result(self, callback: Any) -> DurableFuture[Any]:
        """The future of ``callback.result()``."""
        return self._start(callback._claim_result)


_OPTIONAL = ("name", "config")


def _arguments(
    names: Sequence[str], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> list[Any]:
    """In the order of ``names``; TypeError as a function of these would raise."""
    if len(args) > len(names):
        raise TypeError(f"takes {len(names)} arguments, but {len(args)} were given")
    given = dict(zip(names, args, strict=False))
    for name, value in kwargs.items():
        if name not in names or name in given:
            raise TypeError(f"got an unexpected or a second argument {name!r}")
        given[name] = value
    missing = [one for one in names if one not in given]
    if "check" in names and "config" in missing:
        raise TypeError("missing the argument 'config'")
    for name in missing:
        if name not in _OPTIONAL:
            raise TypeError(f"missing the argument {name!r}")
    return [given.get(name) for name in names]


def claim_combine(
    context: DurableContext,
    strand: Strand,
    mode: int,
    futures: Sequence[Any],
    name: str | None,
) -> Call:
    inputs = list(futures)
    for one in inputs:
        if not isinstance(getattr(one, "call", None), Call):
            raise TypeError(f"{one!r} is no operation that was started")
    call = CombineCall(context, mode, inputs)
    call.op = _native.claim_combine(
        call.native, strand.task, context._id, name, mode, [one.call.op for one in inputs]
    )
    return call
