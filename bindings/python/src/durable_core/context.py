"""The context that a durable function works in, and the decorators of its parts.

Each call on a context takes the next operation id of that context, in the order of
the calls; what is on record under the id is answered from the record.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, cast

from durable_core import _native
from durable_core._calls import (
    Call,
    CallbackCall,
    CallbackResultCall,
    ChildCall,
    ConditionCall,
    GroupCall,
    InvokeCall,
    PlainCall,
    RetryCall,
    StepCall,
    WaitForCallbackCall,
)
from durable_core._futures import Starter, claim_combine
from durable_core._run import Run, Strand
from durable_core.concurrency.models import BatchResult
from durable_core.config import (
    CallbackConfig,
    ChildConfig,
    CompletionConfig,
    Duration,
    InvokeConfig,
    MapConfig,
    NestingType,
    ParallelBranch,
    ParallelConfig,
    StepConfig,
    StepSemantics,
    WaitForCallbackConfig,
)
from durable_core.exceptions import SuspendExecution, ValidationError
from durable_core.logger import Logger, LogInfo
from durable_core.retries import WithRetryConfig
from durable_core.serdes import SerDes, serialize
from durable_core.state import ExecutionState
from durable_core.types import Callback as CallbackProtocol
from durable_core.types import DurableContext as DurableContextProtocol
from durable_core.types import (
    LambdaContext,
    LoggerInterface,
    StepContext,
    WaitForCallbackContext,
    WaitForConditionCheckContext,
)
from durable_core.waits import WaitForConditionConfig

P = TypeVar("P")
R = TypeVar("R")
T = TypeVar("T")
U = TypeVar("U")
Params = ParamSpec("Params")


@dataclass(frozen=True)
class ExecutionContext:
    """What is the same in every context of an execution."""

    durable_execution_arn: str


# ------------------------------------------------------------------- decorators


def durable_step(
    func: Callable[Concatenate[StepContext, Params], T],
) -> Callable[Params, Callable[[StepContext], T]]:
    """``context.step(f(1, b=2))``: a step of that name that calls ``f(ctx, 1, b=2)``."""

    @functools.wraps(func)
    def bind(*args: Params.args, **kwargs: Params.kwargs) -> Callable[[StepContext], T]:
        return _named(func, lambda context: func(context, *args, **kwargs))

    return bind


def durable_with_child_context(
    func: Callable[Concatenate[DurableContext, Params], T],
) -> Callable[Params, Callable[[DurableContext], T]]:
    """The same for ``context.run_in_child_context``."""

    @functools.wraps(func)
    def bind(
        *args: Params.args, **kwargs: Params.kwargs
    ) -> Callable[[DurableContext], T]:
        return _named(func, lambda context: func(context, *args, **kwargs))

    return bind


def durable_parallel_branch(
    name: str | None = None,
) -> Callable[
    [Callable[Concatenate[DurableContext, Params], T]],
    Callable[Params, ParallelBranch[T]],
]:
    """The same for a branch of ``context.parallel``; ``name`` None: by its number."""

    def decorate(
        func: Callable[Concatenate[DurableContext, Params], T],
    ) -> Callable[Params, ParallelBranch[T]]:
        @functools.wraps(func)
        def bind(*args: Params.args, **kwargs: Params.kwargs) -> ParallelBranch[T]:
            return ParallelBranch(
                func=lambda context: func(context, *args, **kwargs), name=name
            )

        return bind

    return decorate


def durable_wait_for_callback(
    func: Callable[Concatenate[str, WaitForCallbackContext, Params], T],
) -> Callable[Params, Callable[[str, WaitForCallbackContext], T]]:
    """The same for a submitter, ``f(callback_id, context, ...)``."""

    @functools.wraps(func)
    def bind(
        *args: Params.args, **kwargs: Params.kwargs
    ) -> Callable[[str, WaitForCallbackContext], T]:
        return _named(
            func,
            lambda callback_id, context: func(callback_id, context, *args, **kwargs),
        )

    return bind


_F = TypeVar("_F", bound=Callable[..., Any])


def _named(of: Callable[..., Any], bound: _F) -> _F:
    bound._original_name = of.__name__  # type: ignore[attr-defined]
    return bound


def _name_of(name: str | None, func: object) -> str | None:
    return name or getattr(func, "_original_name", None)


# ---------------------------------------------------------------------- loggers


class _OperationLogger(Logger):
    """The logger of a body: who it belongs to is looked up at its first line."""

    def __init__(self, context: DurableContext, call: Call, attempt: int) -> None:
        self._logger = context._base_logger()
        self._is_replaying = context.is_replaying
        self._context = context
        self._call = call
        self._attempt = attempt
        self._extra: dict[str, object] | None = None

    @property
    def _default_extra(self) -> dict[str, object]:  # type: ignore[override]
        if self._extra is None:
            self._extra = self._info()._members()
        return self._extra

    @property
    def operation_id(self) -> str | None:
        return self._info().operation_id

    def _info(self) -> LogInfo:
        native = self._context._run.native
        if native is None:  # the invocation is over
            return LogInfo(self._context.state, None, None, None, self._attempt)
        current = _native.durable_engine_op_current(native, self._call.op)
        return LogInfo(
            self._context.state,
            _native.durable_engine_op_parent_id(native, current),
            _native.durable_engine_op_id(native, current),
            _native.durable_engine_op_name(native, current),
            self._attempt,
        )


# -------------------------------------------------------------------- callbacks


class Callback(Generic[T], CallbackProtocol[T]):
    """A callback that an external system completes by ``callback_id``."""

    def __init__(self, context: DurableContext, call: CallbackCall, callback_id: str):
        self.callback_id = callback_id
        self._context = context
        self._call = call

    @property
    def operation_id(self) -> str:
        return self._call.operation_id()

    @property
    def state(self) -> ExecutionState:
        return self._context.state

    @property
    def serdes(self) -> SerDes[T] | None:
        return self._call.serdes

    def result(self) -> T | None:
        """What the external system sent; waits for it.

        The text as it came, unless the callback was created with a serdes.  Raises
        CallbackExternalError, or CallbackTimeoutError.
        """
        return cast("T | None", self._context._drive(self._claim_result))

    def _claim_result(self, strand: Strand) -> Call:
        call = CallbackResultCall(self._context, self._call.serdes)
        call.op = _native.claim_callback_result(
            call.native, strand.task, self._call.op
        )
        return call


# --------------------------------------------------------------------- contexts


class DurableContext(DurableContextProtocol):
    """Made by the package: the handler gets one, and so does every child context.

    Calls may come from any thread of the invocation.  Each raises ValidationError
    for an argument that cannot be, before it takes an operation id, and
    SuspendExecution when the invocation ends here: let that one through.
    """

    __slots__ = ("_id", "_logger", "_op", "_own_logger", "_run")

    def __init__(
        self, run: Run, context_id: int, logger: LoggerInterface | None = None
    ) -> None:
        self._run = run
        self._id = context_id
        self._own_logger = logger
        self._op = 0  # whose body works here; 0: the handler
        self._logger: Logger | None = None

    # ------------------------------------------------------------- identity

    @property
    def state(self) -> ExecutionState:
        return self._run.state

    @property
    def execution_context(self) -> ExecutionContext:
        return ExecutionContext(self._run.arn)

    @property
    def lambda_context(self) -> LambdaContext | None:
        return self._run.lambda_context

    @property
    def is_virtual(self) -> bool:
        """Whether it has no operation of its own: what is in it has the parent of
        the context around it.  So it is in the branches of a FLAT map or parallel.
        """
        if not self._op:
            return False
        own = _native.durable_engine_op_id(self._run.native, self._op)
        return bool(own != self._parent_id())

    def _parent_id(self) -> str | None:
        """Of the operations in this context; None: they are the handler's own."""
        if self._run.over:
            return None
        return cast(
            "str | None",
            _native.durable_engine_ctx_parent_id(self._run.native, self._id),
        )

    def is_replaying(self) -> bool:
        """Whether what comes next is on record already; not when it all is over."""
        return not self._run.over and bool(
            _native.durable_engine_ctx_is_replaying(self._run.native, self._id) == 1
        )

    # -------------------------------------------------------------- logging

    def _base_logger(self) -> LoggerInterface:
        return self._run.plugins.logger(self._own_logger or logging.getLogger())

    @property
    def logger(self) -> Logger:
        """Names the execution in each line; silent while the context replays."""
        if self._logger is None:
            info = LogInfo(self.state, self._parent_id())
            self._logger = Logger.from_log_info(
                self._base_logger(), info, self.is_replaying
            )
        return self._logger

    def set_logger(self, new_logger: LoggerInterface) -> None:
        """Write to ``new_logger`` from now on, here and in child contexts to come."""
        self._own_logger = new_logger
        self._logger = None

    # ---------------------------------------------------- replay-safe values

    def uuid(self) -> str:
        """A version 4 UUID that is the same on every replay."""
        return cast(str, _native.uuid_text(self._run.native, self._id))

    def random(self) -> float:
        """A number in [0, 1) that is the same on every replay."""
        bits = _native.durable_engine_random(self._run.native, self._id)
        return float(bits) / 9007199254740992.0

    def now_ms(self) -> int:
        """When the newest operation that was awaited here had ended, as Unix
        milliseconds; the start of the execution before any was."""
        return cast(int, _native.durable_engine_now_ms(self._run.native, self._id))

    # -------------------------------------------------------- for the calls

    def _child(self, context_id: int, op: int) -> DurableContext:
        """``context_id`` 0: this one, for attempts that are not wrapped."""
        made = type(self)(self._run, context_id or self._id, self._own_logger)
        made._op = op if context_id else self._op
        return made

    def _step_context(self, call: Call, attempt: int) -> StepContext:
        return StepContext(_OperationLogger(self, call, attempt), attempt)

    def _check_context(self, call: Call, attempt: int) -> WaitForConditionCheckContext:
        return WaitForConditionCheckContext(
            _OperationLogger(self, call, attempt), attempt
        )

    def _submitter_context(self, call: Call, attempt: int) -> WaitForCallbackContext:
        return WaitForCallbackContext(_OperationLogger(self, call, attempt))

    def _drive(self, claim: Callable[[Strand], Call]) -> Any:
        """Claim and see it through, on the calling thread."""
        strand, is_new = self._run.strand(self._id)
        try:
            return claim(strand).drive(strand)
        except SuspendExecution:
            strand.suspended = True
            raise
        finally:
            if is_new:
                strand.end()

    def _drive_with(self, do: Callable[[Strand], Any]) -> Any:
        """Something else of the calling thread's strand."""
        strand, is_new = self._run.strand(self._id)
        try:
            return do(strand)
        except SuspendExecution:
            strand.suspended = True
            raise
        finally:
            if is_new:
                strand.end()

    def _outcomes(self, started: Sequence[Any]) -> Any:
        return [one.outcome() for one in started]

    # -------------------------------------------------------------- futures

    @property
    def start(self) -> Starter:
        """The operations below, started instead of awaited: each answers a future.

        ::

            quote = context.start.step(ask_for_quote, name="quote")
            stock = context.start.invoke("stock", {"item": 5})
            answer = [quote.result(), stock.result()]
        """
        return Starter(self)

    def all(self, futures: Sequence[Any], name: str | None = None) -> list[Any]:
        """The values of all ``futures``; raises PromiseCombinatorError with the first
        failure.  Losers go on, here and below; which one won is on record."""
        return cast("list[Any]", self._combine(_native.DURABLE_COMBINE_ALL, futures, name))

    def settled(
        self, futures: Sequence[Any], name: str | None = None
    ) -> list[dict[str, Any]]:
        """Every outcome: ``{"status": "fulfilled", "value"}`` or ``{"status":
        "rejected", "reason"}``."""
        mode = _native.DURABLE_COMBINE_SETTLED
        return cast("list[dict[str, Any]]", self._combine(mode, futures, name))

    def any(self, futures: Sequence[Any], name: str | None = None) -> Any:
        """The first value; raises PromiseCombinatorError when all have failed."""
        return self._combine(_native.DURABLE_COMBINE_ANY, futures, name)

    def race(self, futures: Sequence[Any], name: str | None = None) -> Any:
        """The first outcome, value or failure."""
        return self._combine(_native.DURABLE_COMBINE_RACE, futures, name)

    def _combine(self, mode: int, futures: Sequence[Any], name: str | None) -> Any:
        return self._drive(lambda s: claim_combine(self, s, mode, futures, name))

    # ----------------------------------------------------------- operations

    def step(
        self,
        func: Callable[[StepContext], T],
        name: str | None = None,
        config: StepConfig | None = None,
    ) -> T:
        """Run ``func`` and record what it answers; once recorded, it never runs again.

        A failed attempt is repeated as ``config.retry_strategy`` says.  Raises
        StepError when no attempt is left, SerDesError.
        """
        return cast(T, self._drive(lambda s: self._step(s, func, name, config)))

    def _step(
        self,
        strand: Strand,
        func: Callable[[StepContext], Any],
        name: str | None,
        config: StepConfig | None,
    ) -> Call:
        if config is None:
            call = StepCall(self, None, func, None)
            call.op = _native.claim_step(
                call.native, strand.task, self._id, _name_of(name, func), None, 0, 0
            )
            return call
        call = StepCall(self, config.serdes, func, config.retry_strategy)
        call.op = _native.claim_step(
            call.native,
            strand.task,
            self._id,
            _name_of(name, func),
            config.sub_type,
            int(config.step_semantics is StepSemantics.AT_MOST_ONCE_PER_RETRY),
            int(config.retry_strategy is not None),
        )
        return call

    def wait(self, duration: Duration, name: str | None = None) -> None:
        """Let ``duration`` pass, from 1 second to 366 days, without running."""
        nothing: None = self._drive(lambda s: self._wait(s, duration, name))
        return nothing  # None, or in an async handler an awaitable of it

    def _wait(self, strand: Strand, duration: Duration, name: str | None) -> Call:
        if not isinstance(duration, Duration):
            raise ValidationError(f"duration must be a Duration, got: {duration!r}")
        call = PlainCall(self)
        call.op = _native.claim_wait(
            call.native, strand.task, self._id, name, duration.to_seconds()
        )
        return call

    def create_callback(
        self, name: str | None = None, config: CallbackConfig | None = None
    ) -> Callback[Any]:
        """A callback, on record: hand its ``callback_id`` out, then ask ``result()``."""
        made: list[Call] = []

        def claim(strand: Strand) -> Call:
            made.append(self._callback(strand, name, config))
            return made[0]

        callback_id = self._drive(claim)
        return Callback(self, cast(CallbackCall, made[0]), callback_id)

    def _callback(
        self,
        strand: Strand,
        name: str | None,
        config: CallbackConfig | None,
        kind: type[CallbackCall] = CallbackCall,
    ) -> Call:
        config = config or CallbackConfig()
        call = kind(self, config.serdes)
        call.op = _native.claim_callback(
            call.native,
            strand.task,
            self._id,
            name,
            config.sub_type,
            config.timeout_seconds,
            config.heartbeat_timeout_seconds,
        )
        return call

    def wait_for_callback(
        self,
        submitter: Callable[[str, WaitForCallbackContext], None],
        name: str | None = None,
        config: WaitForCallbackConfig | None = None,
    ) -> Any:
        """Create a callback, run ``submitter(callback_id, context)`` as a step, and
        wait for what the external system sends.

        Raises CallbackExternalError, CallbackTimeoutError, CallbackSubmitterError.
        """
        return self._drive(
            lambda s: self._wait_for_callback(s, submitter, name, config)
        )

    def _wait_for_callback(
        self,
        strand: Strand,
        submitter: Callable[[str, WaitForCallbackContext], None],
        name: str | None,
        config: WaitForCallbackConfig | None,
    ) -> Call:
        config = config or WaitForCallbackConfig()
        call = WaitForCallbackCall(
            self, config.serdes, submitter, config.retry_strategy
        )
        call.op = _native.claim_wait_for_callback(
            call.native,
            strand.task,
            self._id,
            _name_of(name, submitter),
            config.sub_type,
            config.timeout_seconds,
            config.heartbeat_timeout_seconds,
            int(config.retry_strategy is not None),
        )
        return call

    def invoke(
        self,
        function_name: str,
        payload: P,
        name: str | None = None,
        config: InvokeConfig[P, R] | None = None,
    ) -> R:
        """Invoke another function and wait for its result, as plain JSON both ways.

        Raises InvokeError.
        """
        return cast(
            R, self._drive(lambda s: self._invoke(s, function_name, payload, name, config))
        )

    def _invoke(
        self,
        strand: Strand,
        function_name: str,
        payload: Any,
        name: str | None,
        config: InvokeConfig[Any, Any] | None,
    ) -> Call:
        config = config or InvokeConfig()
        call = InvokeCall(self, config.serdes_result)
        text = serialize(
            config.serdes_payload or self._run.json_serdes,
            payload,
            call.operation_id(),
            self._run.arn,
        )
        call.op = _native.claim_invoke(
            call.native,
            strand.task,
            self._id,
            name,
            function_name,
            text,
            config.tenant_id,
            self._run.plugins.trace_id(call, function_name),
        )
        return call

    def wait_for_condition(
        self,
        check: Callable[[T, WaitForConditionCheckContext], T],
        config: WaitForConditionConfig[T],
        name: str | None = None,
    ) -> T:
        """Call ``state = check(state, context)`` until ``config.wait_strategy`` stops.

        Between checks nothing runs.  Raises WaitForConditionError.
        """
        return cast(
            T, self._drive(lambda s: self._wait_for_condition(s, check, config, name))
        )

    def _wait_for_condition(
        self,
        strand: Strand,
        check: Callable[[Any, WaitForConditionCheckContext], Any],
        config: WaitForConditionConfig[Any],
        name: str | None,
    ) -> Call:
        if check is None:
            raise ValidationError("`check` is required for wait_for_condition")
        if not config:
            raise ValidationError("`config` is required for wait_for_condition")
        call = ConditionCall(
            self, config.serdes, check, config.wait_strategy, config.initial_state
        )
        call.op = _native.claim_condition(
            call.native,
            strand.task,
            self._id,
            name,
            None,
            1,
        )
        return call

    def run_in_child_context(
        self,
        func: Callable[[DurableContext], T],
        name: str | None = None,
        config: ChildConfig[T] | None = None,
    ) -> T:
        """Run ``func`` with a context of its own and record what it answers.

        Raises ChildContextError.
        """
        return cast(T, self._drive(lambda s: self._run_child(s, func, name, config)))

    def _run_child(
        self,
        strand: Strand,
        func: Callable[[DurableContext], Any],
        name: str | None,
        config: ChildConfig[Any] | None,
    ) -> Call:
        config = config or ChildConfig()
        call = ChildCall(self, config.serdes, func, config.summary_generator)
        call.op = _native.claim_child(
            call.native,
            strand.task,
            self._id,
            _name_of(name, func),
            config.sub_type,
            int(config.is_virtual),
            int(config.summary_generator is not None),
        )
        return call

    def _with_retry(
        self,
        func: Callable[[DurableContext, int], T],
        config: WithRetryConfig[T],
        name: str | None,
    ) -> T:
        return cast(
            T, self._drive(lambda s: self._claim_with_retry(s, func, config, name))
        )

    def _claim_with_retry(
        self,
        strand: Strand,
        func: Callable[[DurableContext, int], Any],
        config: WithRetryConfig[Any],
        name: str | None,
    ) -> Call:
        child = config.child_context_config or ChildConfig()
        call = RetryCall(
            self, child.serdes, func, config.retry_strategy, child.summary_generator
        )
        call.is_raw = not config.wrap_with_run_in_child_context
        call.op = _native.claim_with_retry(
            call.native,
            strand.task,
            self._id,
            name,
            int(call.is_raw),
            child.sub_type,
            int(child.is_virtual),
            int(child.summary_generator is not None),
            int(config.retry_strategy is not None),
        )
        return call

    def map(
        self,
        inputs: Sequence[U],
        func: Callable[[DurableContext, U, int, Sequence[U]], T],
        name: str | None = None,
        config: MapConfig[Any] | None = None,
    ) -> BatchResult[T]:
        """Call ``func(context, item, index, inputs)`` for each item, side by side."""
        return cast(
            "BatchResult[T]", self._drive(lambda s: self._map(s, inputs, func, name, config))
        )

    def _map(
        self,
        strand: Strand,
        inputs: Sequence[Any],
        func: Callable[..., Any],
        name: str | None,
        config: MapConfig[Any] | None,
    ) -> Call:
        config = config or MapConfig()
        namer = config.item_namer
        names: list[str | None] | None = None
        if namer is not None:
            names = [namer(item, index) for index, item in enumerate(inputs)]
        branches = [
            functools.partial(_call_item, func, item, index, inputs)
            for index, item in enumerate(inputs)
        ]
        kind = _native.DURABLE_GROUP_MAP
        return self._group(strand, kind, _name_of(name, func), branches, names, config)

    def parallel(
        self,
        functions: Sequence[Callable[[DurableContext], T]],
        name: str | None = None,
        config: ParallelConfig | None = None,
    ) -> BatchResult[T]:
        """Call each of ``functions`` with a context of its own, side by side."""
        return cast(
            "BatchResult[T]", self._drive(lambda s: self._parallel(s, functions, name, config))
        )

    def _parallel(
        self,
        strand: Strand,
        functions: Sequence[Callable[[DurableContext], Any]],
        name: str | None,
        config: ParallelConfig | None,
    ) -> Call:
        names = [
            one.name if isinstance(one, ParallelBranch) else None for one in functions
        ]
        kind = _native.DURABLE_GROUP_PARALLEL
        return self._group(
            strand, kind, name, functions, names, config or ParallelConfig()
        )

    def _group(
        self,
        strand: Strand,
        kind: int,
        name: str | None,
        branches: Sequence[Callable[[DurableContext], Any]],
        names: list[str | None] | None,
        config: MapConfig[Any] | ParallelConfig,
    ) -> Call:
        completion: CompletionConfig = config.completion_config
        completion._validate_for_total(len(branches))
        call = GroupCall(self, config.serdes, config.item_serdes, branches, names)
        call.predicate = completion.should_complete
        call.summarizer = config.summary_generator
        call.op = _native.claim_group(
            call.native,
            strand.task,
            self._id,
            name,
            kind,
            len(branches),
            names,
            (
                completion.min_successful,
                completion.tolerated_failure_count,
                completion.tolerated_failure_percentage,
            ),
            config.max_concurrency or 0,
            int(config.nesting_type is NestingType.FLAT),
            int(config.summary_generator is not None),
            int(completion.should_complete is not None),
        )
        return call


def _call_item(
    func: Callable[..., Any],
    item: Any,
    index: int,
    inputs: Sequence[Any],
    context: DurableContext,
) -> Any:
    return func(context, item, index, inputs)
