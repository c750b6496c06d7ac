"""The operations: what the user gave for one, and what comes of it.

Each class answers the engine's questions about its operation: run the body, decide,
summarize; and turns its outcome into a value or an exception.  Which question comes
when, and what an answer means for the execution, is the engine's business.
"""

from __future__ import annotations

import inspect
import json
import types
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from durable_core import _native
from durable_core._run import Run, Strand, error_text
from durable_core.concurrency.models import BatchItem, BatchResult, CompletionReason
from durable_core.config import (
    BatchItemStatus,
    CompletionItemStatus,
    CompletionOutcome,
    CompletionStatus,
)
from durable_core.exceptions import (
    CallbackError,
    CallbackExternalError,
    CallbackSubmitterError,
    CallbackTimeoutError,
    ChildContextError,
    DurableOperationError,
    ExecutionError,
    InvalidStateError,
    InvocationError,
    InvokeError,
    RetryableSerDesError,
    SerDesError,
    StepError,
    StepInterruptedError,
    SuspendExecution,
    WaitForConditionError,
    register_operation_error,
)
from durable_core.lambda_service import ErrorObject
from durable_core.serdes import (
    ExtendedTypeSerDes,
    JsonSerDes,
    SerDes,
    deserialize,
    serialize,
)

if TYPE_CHECKING:
    from durable_core.context import DurableContext

_ask = _native.ask
_loads = _native.loads
_dumps = _native.dumps
_DONE = _native.DURABLE_NEXT_DONE
_RUN = _native.DURABLE_NEXT_RUN
_SUCCEEDED = _native.DURABLE_STATUS_SUCCEEDED


class PromiseCombinatorError(DurableOperationError):
    """Raised by a combinator whose inputs make it fail."""


register_operation_error(PromiseCombinatorError)

_CLASSES: dict[int, type[DurableOperationError]] = {
    _native.DURABLE_OPERATION_ERROR_OPERATION: DurableOperationError,
    _native.DURABLE_OPERATION_ERROR_STEP: StepError,
    _native.DURABLE_OPERATION_ERROR_INVOKE: InvokeError,
    _native.DURABLE_OPERATION_ERROR_CHILD_CONTEXT: ChildContextError,
    _native.DURABLE_OPERATION_ERROR_WAIT_FOR_CONDITION: WaitForConditionError,
    _native.DURABLE_OPERATION_ERROR_CALLBACK: CallbackError,
    _native.DURABLE_OPERATION_ERROR_CALLBACK_EXTERNAL: CallbackExternalError,
    _native.DURABLE_OPERATION_ERROR_CALLBACK_TIMEOUT: CallbackTimeoutError,
    _native.DURABLE_OPERATION_ERROR_CALLBACK_SUBMITTER: CallbackSubmitterError,
    _native.DURABLE_OPERATION_ERROR_COMBINATOR: PromiseCombinatorError,
}

_ITEM_STATUS = {
    _native.DURABLE_STATUS_SUCCEEDED: BatchItemStatus.SUCCEEDED,
    _native.DURABLE_STATUS_FAILED: BatchItemStatus.FAILED,
    _native.DURABLE_STATUS_STARTED: BatchItemStatus.STARTED,
}


def is_default(serdes: SerDes[Any] | None) -> bool:
    """The run's form, which the core reads and writes by itself."""
    return serdes is None or type(serdes) is ExtendedTypeSerDes


def is_retryable(error: BaseException) -> bool:
    """It ends the invocation, which Lambda then repeats."""
    return isinstance(error, InvocationError) and error.is_retryable()


class Call:
    """One operation.  ``op`` is its handle once it was claimed."""

    __slots__ = ("ctx", "error", "native", "op", "run", "serdes", "value")

    def __init__(self, ctx: DurableContext, serdes: SerDes[Any] | None = None) -> None:
        self.ctx = ctx
        self.run: Run = ctx._run
        self.native = ctx._run.native
        self.serdes = serdes
        self.op = 0
        self.error: BaseException | None = None
        self.value: Any = _UNSET

    # ------------------------------------------------------------- driving

    def drive(self, strand: Strand) -> Any:
        """Do what the engine says until the outcome is there."""
        run, op = self.run, self.op
        while True:
            answer = run.ask(strand, op)
            if answer[0] == _DONE:
                return self.done(answer)
            if answer[0] == _RUN:
                self.body(strand, answer)
            else:
                self.act(strand, answer[0])

    def act(self, strand: Strand, answer: int) -> None:
        if answer == _native.DURABLE_NEXT_SUSPEND:
            self.run.plugins.suspended(self)
            raise strand.suspend()
        if answer == _native.DURABLE_NEXT_DECIDE:
            self.decide()
        elif answer == _native.DURABLE_NEXT_SUMMARY:
            _native.summarize(self.native, self.op, self.summary())
        elif answer == _native.DURABLE_NEXT_SPAWN:
            self.spawn()
        else:
            raise RuntimeError(f"the engine answered {answer}")

    def done(self, answer: tuple[Any, ...]) -> Any:
        if len(answer) == 3:
            return self.result(answer[2])
        raise self.failure(*answer[3:])

    def result(self, text: str | None) -> Any:
        value = self.value
        if value is not _UNSET:
            return value
        return self.deserialize(text)

    def failure(
        self,
        kind: int,
        message: str | None,
        error_type: str | None,
        data: str | None,
        stack: str | None,
    ) -> BaseException:
        if kind == _native.DURABLE_OPERATION_ERROR_INVALID_STATE:
            return InvalidStateError(message or "")
        lines = json.loads(stack) if stack else None
        try:
            ErrorObject(message, error_type, data, lines).raise_as_operation_error(
                _CLASSES.get(kind, DurableOperationError)
            )
        except Exception as error:
            return error

    # ------------------------------------------------------------- serdes

    def operation_id(self) -> str:
        if not self.op:  # not claimed yet
            return _native.durable_engine_next_id(self.native, self.ctx._id) or ""
        current = _native.durable_engine_op_current(self.native, self.op)
        return _native.durable_engine_op_id(self.native, current) or ""

    def serialize(self, value: Any) -> str | None:
        if is_default(self.serdes):
            return _dumps(value, self.run.form)
        return serialize(self.serdes, value, self.operation_id(), self.run.arn)

    def deserialize(self, text: str | None) -> Any:
        if text is None:
            return None
        if is_default(self.serdes):
            return _loads(text, self.run.form)
        return deserialize(self.serdes, text, self.operation_id(), self.run.arn)

    def is_composable(self) -> bool:
        """The engine can read what it stores."""
        return is_default(self.serdes)

    def round_trip(self, text: str | None) -> None:
        """A serdes of the user's reads what it wrote before it is on record."""
        if not is_default(self.serdes):
            self.value = self.deserialize(text)

    # ------------------------------------------------------------- bodies

    def body(self, strand: Strand, answer: tuple[Any, ...]) -> None:
        """Run the body and give its outcome, or raise what is to unwind."""
        try:
            value = self.start(answer)
            if type(value) is types.CoroutineType:
                value.close()
                raise TypeError("an async body needs an async handler")
            payload = self.finish(value, answer)
        except BaseException as error:
            self.give_error(strand, error)
        else:
            self.give(strand, payload)

    async def body_async(self, strand: Strand, answer: tuple[Any, ...]) -> None:
        """The same on an event loop."""
        try:
            value = self.start(answer)
            if inspect.isawaitable(value):
                value = await value
            payload = self.finish(value, answer)
        except BaseException as error:
            self.give_error(strand, error)
        else:
            self.give(strand, payload)

    def give(self, strand: Strand, payload: str | None) -> None:
        try:
            _native.succeed(self.native, self.op, payload)
        except SuspendExecution:
            raise strand.suspend() from None
        except Exception as error:
            self.give_failure(strand, error, retryable=False)

    def give_failure(self, strand: Strand, error: Exception, *, retryable: bool) -> None:
        try:
            _native.fail(self.native, self.op, error_text(error), int(retryable))
        except SuspendExecution:
            raise strand.suspend() from None

    def give_error(self, strand: Strand, error: BaseException) -> None:
        if strand.suspended or not isinstance(error, Exception):
            _native.abandon(self.native, self.op, 0)
            raise error
        if isinstance(error, ExecutionError):
            _native.abandon(self.native, self.op, 0)
            self.run.fail(error)
            raise error
        self.error = error
        if isinstance(error, SerDesError):
            self.give_failure(strand, error, retryable=False)
        elif self.ends_invocation(error):
            self.run.retry(error)
            _native.abandon(self.native, self.op, 1)
            raise error
        else:
            self.give_failure(strand, error, retryable=True)

    def ends_invocation(self, error: Exception) -> bool:
        return is_retryable(error)

    def start(self, answer: tuple[Any, ...]) -> Any:
        """Call the user's function: its value, or an awaitable of it."""
        raise RuntimeError("this operation has no body")

    def finish(self, value: Any, answer: tuple[Any, ...]) -> str | None:
        """The payload of that value."""
        payload = self.serialize(value)
        self.round_trip(payload)
        return payload

    def decide(self) -> None:
        raise RuntimeError("this operation decides nothing")

    def summary(self) -> str | None:
        return None

    def spawn(self) -> None:
        raise RuntimeError("this operation has no branches")

    # ---------------------------------------------------------- decisions

    def retry_decision(self, strategy: Callable[[Exception, int], Any]) -> None:
        """Ask the user's retry strategy about the last error."""
        _, attempt, error, *_ = _native.decision(self.native, self.op)
        failed = self.error
        if not isinstance(failed, Exception):
            failed = rebuilt(json.loads(error))
        try:
            chosen = strategy(failed, attempt)
            again, delay = chosen.should_retry, chosen.delay_seconds
        except BaseException:
            _native.abandon(self.native, self.op, 0)
            raise
        _native.decide(self.native, self.op, int(bool(again)), delay)


_UNSET: Any = object()


def rebuilt(error: dict[str, Any]) -> Exception:
    """An error that another invocation, or the engine, has recorded."""
    stored = ErrorObject.from_dict(error)
    if (stored.type or "").endswith("StepInterruptedError"):
        return StepInterruptedError(stored.message or "")
    return stored.to_durable_operation_error()


class PlainCall(Call):
    """A wait: nothing comes of it."""

    __slots__ = ()

    def result(self, text: str | None) -> Any:
        return None


class StepCall(Call):
    __slots__ = ("func", "strategy")

    def __init__(
        self,
        ctx: DurableContext,
        serdes: SerDes[Any] | None,
        func: Callable[[Any], Any],
        strategy: Callable[[Exception, int], Any] | None,
    ) -> None:
        super().__init__(ctx, serdes)
        self.func = func
        self.strategy = strategy

    def start(self, answer: tuple[Any, ...]) -> Any:
        given = self.ctx._step_context(self, answer[2])
        return self.run.plugins.attempt(self, answer[2], lambda: self.func(given))

    def ends_invocation(self, error: Exception) -> bool:
        return isinstance(error, RetryableSerDesError)

    def decide(self) -> None:
        assert self.strategy
        self.retry_decision(self.strategy)


class InvokeCall(Call):
    __slots__ = ()

    def is_composable(self) -> bool:
        return self.serdes is None or type(self.serdes) is JsonSerDes

    def deserialize(self, text: str | None) -> Any:
        if text is None:
            return None
        serdes = self.serdes or self.run.json_serdes
        return deserialize(serdes, text, self.operation_id(), self.run.arn)


class CallbackCall(Call):
    """Done as soon as the id is known."""

    __slots__ = ()

    def result(self, text: str | None) -> Any:
        return _native.durable_engine_op_callback_id(self.native, self.op)


class CallbackResultCall(Call):
    """The raw text, unless a serdes was named for it."""

    __slots__ = ()

    def is_composable(self) -> bool:
        return self.serdes is None

    def deserialize(self, text: str | None) -> Any:
        if text is None or self.serdes is None:
            return text
        return deserialize(self.serdes, text, self.operation_id(), self.run.arn)


class ConditionCall(Call):
    __slots__ = ("check", "initial", "strategy")

    def __init__(
        self,
        ctx: DurableContext,
        serdes: SerDes[Any] | None,
        check: Callable[[Any, Any], Any],
        strategy: Callable[[Any, int], Any],
        initial: Any,
    ) -> None:
        super().__init__(ctx, serdes)
        self.check = check
        self.strategy = strategy
        self.initial = initial

    def start(self, answer: tuple[Any, ...]) -> Any:
        given = self.ctx._check_context(self, answer[2])
        text = _native.durable_engine_op_state(self.native, self.op)
        if text is None:
            # Of no check yet: a serdes that files payloads by operation must not
            # write this one over that of a later check.
            text = self.serialize(self.initial)
        state = self.deserialize(text)
        return self.run.plugins.attempt(
            self, answer[2], lambda: self.check(state, given)
        )

    def round_trip(self, text: str | None) -> None:
        self.deserialize(text)  # what is returned comes of the last check's payload

    def decide(self) -> None:
        _, attempt, _, state, *_ = _native.decision(self.native, self.op)
        try:
            chosen = self.strategy(self.deserialize(state), attempt)
            again, delay = chosen.should_continue, chosen.delay_seconds
        except Exception as error:
            if is_retryable(error):
                self.run.retry(error)
                _native.abandon(self.native, self.op, 1)
                raise
            _native.fail(self.native, self.op, error_text(error), 0)
        except BaseException:
            _native.abandon(self.native, self.op, 0)
            raise
        else:
            _native.decide(self.native, self.op, int(bool(again)), delay or 0)


class ChildCall(Call):
    __slots__ = ("func", "is_raw", "raw", "summarizer")

    def __init__(
        self,
        ctx: DurableContext,
        serdes: SerDes[Any] | None,
        func: Callable[[DurableContext], Any],
        summarizer: Callable[[Any], str] | None,
    ) -> None:
        super().__init__(ctx, serdes)
        self.func = func
        self.summarizer = summarizer
        self.raw: Any = None
        self.is_raw = False

    def is_composable(self) -> bool:
        return not self.is_raw and is_default(self.serdes)

    def run_in(self, child: DurableContext, answer: tuple[Any, ...]) -> Any:
        return self.run.plugins.child(self, None, lambda: self.func(child))

    def start(self, answer: tuple[Any, ...]) -> Any:
        return self.run_in(self.ctx._child(answer[3], self.op), answer)

    def finish(self, value: Any, answer: tuple[Any, ...]) -> str | None:
        self.raw = value
        if self.is_raw:
            self.value = value
            return None
        return super().finish(value, answer)

    def summary(self) -> str | None:
        return self.summarizer(self.raw) if self.summarizer else None


class RetryCall(ChildCall):
    """Attempts of with_retry."""

    __slots__ = ("attempts", "strategy")

    def __init__(
        self,
        ctx: DurableContext,
        serdes: SerDes[Any] | None,
        attempts: Callable[[DurableContext, int], Any],
        strategy: Callable[[Exception, int], Any] | None,
        summarizer: Callable[[Any], str] | None,
    ) -> None:
        super().__init__(ctx, serdes, _no_body, summarizer)
        self.attempts = attempts
        self.strategy = strategy

    def run_in(self, child: DurableContext, answer: tuple[Any, ...]) -> Any:
        attempt = answer[2]
        return self.run.plugins.child(
            self, attempt, lambda: self.attempts(child, attempt)
        )

    def decide(self) -> None:
        assert self.strategy
        self.retry_decision(self.strategy)

    def failure(self, kind: int, *fields: Any) -> BaseException:
        if self.is_raw and self.error is not None:
            return self.error  # nothing is on record: it is raised as it was
        return super().failure(kind, *fields)


def _no_body(_: DurableContext) -> Any:
    raise RuntimeError("attempts are run instead")


class WaitForCallbackCall(Call):
    """``serdes`` is the callback's; the result is stored in the run's form."""

    __slots__ = ("strategy", "submitter")

    def __init__(
        self,
        ctx: DurableContext,
        serdes: SerDes[Any] | None,
        submitter: Callable[[str, Any], Any],
        strategy: Callable[[Exception, int], Any] | None,
    ) -> None:
        super().__init__(ctx, serdes)
        self.submitter = submitter
        self.strategy = strategy

    def start(self, answer: tuple[Any, ...]) -> Any:
        if answer[1] == _native.DURABLE_BODY_PAYLOAD:
            return None
        callback_id = _native.durable_engine_op_callback_id(self.native, self.op)
        given = self.ctx._submitter_context(self, answer[2])
        return self.run.plugins.attempt(
            self, answer[2], lambda: self.submitter(callback_id, given)
        )

    def finish(self, value: Any, answer: tuple[Any, ...]) -> str | None:
        if answer[1] == _native.DURABLE_BODY_PAYLOAD:
            return self._received()
        return self.serialize(value)

    def _received(self) -> str | None:
        if self.serdes is None:
            return _native.compose(self.native, self.op, self.run.form)  # type: ignore[no-any-return]
        text = _native.durable_engine_op_state(self.native, self.op)
        return _dumps(self.deserialize(text), self.run.form)

    def result(self, text: str | None) -> Any:
        return None if text is None else _loads(text, self.run.form)

    def ends_invocation(self, error: Exception) -> bool:
        return isinstance(error, RetryableSerDesError)

    def decide(self) -> None:
        assert self.strategy
        self.retry_decision(self.strategy)


class GroupCall(Call):
    """A map or parallel: ``branches[i]`` is called with a context."""

    __slots__ = ("branches", "item_serdes", "large", "names", "predicate", "summarizer")

    def __init__(
        self,
        ctx: DurableContext,
        serdes: SerDes[Any] | None,
        item_serdes: SerDes[Any] | None,
        branches: Sequence[Callable[[DurableContext], Any]],
        names: list[str | None] | None,
    ) -> None:
        super().__init__(ctx, serdes)
        self.item_serdes = item_serdes or serdes
        self.branches = branches
        self.names = names
        self.predicate: Callable[[CompletionStatus], Any] | None = None
        self.summarizer: Callable[[Any], str] | None = None
        self.large: BatchResult[Any] | None = None

    def spawn(self) -> None:
        index, task, op = _native.branch(self.native, self.op)
        self.run.start_branch(task, BranchCall(self, index, op))

    def start(self, answer: tuple[Any, ...]) -> Any:
        return None

    def deserialize(self, text: str | None) -> Any:
        value = super().deserialize(text)
        # Plain JSON does not say that it is a batch.
        is_plain = self.run.form == _native.DURABLE_FORM_PLAIN
        if is_plain and is_default(self.serdes) and value is not None:
            return BatchResult.from_dict(value)
        return value

    def finish(self, value: Any, answer: tuple[Any, ...]) -> str | None:
        if is_default(self.serdes) and is_default(self.item_serdes):
            payload: str = _native.compose(self.native, self.op, self.run.form)
            return payload
        self.large = self._assembled()
        return self.serialize(self.large)

    def _assembled(self) -> BatchResult[Any]:
        items = [self._item(index) for index in range(len(self.branches))]
        reason = _native.durable_engine_group_reason(self.native, self.op)
        return BatchResult(
            [item for item in items if item is not None], CompletionReason(reason)
        )

    def _item(self, index: int) -> BatchItem[Any] | None:
        status, op, result, error, _ = _native.group_item(self.native, self.op, index)
        if not status:
            return None
        value = None
        if result is not None:
            item_id = _native.durable_engine_op_id(self.native, op) or ""
            serdes = self.item_serdes or self.run.serdes
            value = deserialize(serdes, result, item_id, self.run.arn)
        failed = ErrorObject.from_dict(json.loads(error)) if error else None
        return BatchItem(index, _ITEM_STATUS[status], value, failed)

    def summary(self) -> str | None:
        if self.summarizer is None:
            return None
        return self.summarizer(self.large or self._assembled())

    def decide(self) -> None:
        total = len(self.branches)
        statuses = _native.group_statuses(self.native, self.op, total)
        names: Sequence[str | None] = self.names or [None] * total
        items = tuple(
            CompletionItemStatus(index, names[index], _ITEM_STATUS.get(status))
            for index, status in enumerate(statuses)
        )
        _, _, _, _, _, succeeded, failed, _ = _native.decision(self.native, self.op)
        assert self.predicate
        try:
            chosen = self.predicate(
                CompletionStatus(succeeded, failed, succeeded + failed, total, items)
            )
            answer = completion(chosen.complete, chosen.outcome)
        except BaseException:
            _native.abandon(self.native, self.op, 0)
            raise
        _native.decide(self.native, self.op, answer, 0)


def completion(complete: bool, outcome: CompletionOutcome | None) -> int:
    if not complete:
        return int(_native.DURABLE_DECIDE_CONTINUE)
    if outcome is CompletionOutcome.FAILED:
        return int(_native.DURABLE_DECIDE_FAIL)
    return int(_native.DURABLE_DECIDE_STOP)


class BranchCall(Call):
    """One branch of a group, on a thread of its own; its group reads its outcome."""

    __slots__ = ("func",)

    def __init__(self, group: GroupCall, index: int, op: int) -> None:
        super().__init__(group.ctx, group.item_serdes)
        self.func = group.branches[index]
        self.op = op

    def start(self, answer: tuple[Any, ...]) -> Any:
        child = self.ctx._child(answer[3], self.op)
        return self.run.plugins.child(self, None, lambda: self.func(child))

    def done(self, answer: tuple[Any, ...]) -> None:
        return None


class CombineCall(Call):
    """A combinator over operations that were started."""

    __slots__ = ("inputs", "mode")

    def __init__(
        self, ctx: DurableContext, mode: int, inputs: Sequence[Started]
    ) -> None:
        super().__init__(ctx)
        self.mode = mode
        self.inputs = inputs

    def start(self, answer: tuple[Any, ...]) -> Any:
        """None where the engine can put it together, else what it is made of."""
        if all(one.call.is_composable() for one in self.inputs):
            return None
        winner = _native.durable_engine_op_winner(self.native, self.op)
        wanted = self.inputs if winner < 0 else [self.inputs[winner]]
        return self.ctx._outcomes(wanted)

    def finish(self, value: Any, answer: tuple[Any, ...]) -> str | None:
        if value is None:
            return _native.compose(self.native, self.op, self.run.form)  # type: ignore[no-any-return]
        if self.mode == _native.DURABLE_COMBINE_SETTLED:
            return self.serialize([_settled(*one) for one in value])
        for _, error in value:
            if error is not None:
                raise error
        values = [one for one, _ in value]
        is_list = self.mode == _native.DURABLE_COMBINE_ALL
        return self.serialize(values if is_list else values[0])


Outcome = tuple[Any, BaseException | None]


class Started(Protocol):
    """An operation that was started, to be awaited or combined."""

    @property
    def call(self) -> Call: ...


def _settled(value: Any, error: BaseException | None) -> dict[str, Any]:
    if error is None:
        return {"status": "fulfilled", "value": value}
    return {"status": "rejected", "reason": ErrorObject.from_exception(error).to_dict()}
