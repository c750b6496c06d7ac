"""Plugins of one invocation: the engine's records become calls of their hooks.

Records arrive one at a time, in the order in which things happened, and the engine
answers nothing that follows from one before its hooks have returned.
"""

from __future__ import annotations

import datetime
import functools
import inspect
import json
import logging
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from durable_core import _native
from durable_core.exceptions import SuspendExecution
from durable_core.lambda_service import (
    ErrorObject,
    InvocationStatus,
    Operation,
    OperationStatus,
    OperationType,
)
from durable_core.plugin import (
    DurableInstrumentationPlugin,
    InvocationEndInfo,
    InvocationStartInfo,
    OperationChangeInfo,
    OperationEndInfo,
    OperationInfo,
    OperationStartInfo,
    PropagationInput,
    PropagationMetadata,
    UserFunctionEndInfo,
    UserFunctionOutcome,
    UserFunctionStartInfo,
)
from durable_core.types import LoggerInterface

if TYPE_CHECKING:
    from durable_core._calls import Call
    from durable_core._run import Run

_T = TypeVar("_T")
_Record = Mapping[str, Any]
_Base = DurableInstrumentationPlugin

logger = logging.getLogger("durable_core")

_TRACE_MAX = 8192

_LEVELS = {"TRACE": 5, "DEBUG": 10, "INFO": 20, "WARN": 30, "ERROR": 40, "FATAL": 50}


class Plugins:
    """``wanted``: there are some, so the engine is to make records of all it does.

    ``control`` is the first KeyboardInterrupt, SystemExit or GeneratorExit that a
    hook raised: the invocation ends with it.
    """

    def __init__(self, factories: Sequence[Any] = ()) -> None:
        self.factories = factories
        self.wanted = bool(factories)
        self.control: BaseException | None = None
        self.result: str | None = None
        self._run: Run | None = None
        self._plugins: list[DurableInstrumentationPlugin] = []
        self._start: InvocationStartInfo | None = None
        self._bodies: dict[int, UserFunctionStartInfo] = {}
        self._hooks: dict[int, Callable[[int, _Record], None]] = {
            _native.DURABLE_RECORD_INVOCATION_START: self._invocation_start,
            _native.DURABLE_RECORD_INVOCATION_END: self._invocation_end,
            _native.DURABLE_RECORD_OPERATION_START: self._operation_start,
            _native.DURABLE_RECORD_OPERATION_END: self._operation_end,
            _native.DURABLE_RECORD_OPERATION_CHANGE: self._operation_change,
            _native.DURABLE_RECORD_USER_FUNCTION_START: self._body_start,
            _native.DURABLE_RECORD_USER_FUNCTION_END: self._body_end,
            _native.DURABLE_RECORD_LOG: self._log,
        }

    def attach(self, run: Run) -> None:
        self._run = run

    # ------------------------------------------------------------- records

    def on_record(self, kind: int, op: int, text: str) -> None:
        """The sink of the host."""
        hook = self._hooks.get(kind)
        record = json.loads(text)
        if op and "operation_id" not in record:
            return  # attempts that are not wrapped: nothing of them is on record
        if hook is not None:
            hook(op, record)

    def _log(self, _: int, record: _Record) -> None:
        logger.log(_LEVELS.get(record["level"], 20), "%s", record["message"])

    def _invocation_start(self, _: int, record: _Record) -> None:
        assert self._run is not None
        known = self._operations()
        updated = self._run.updated_ids()
        info = InvocationStartInfo(
            record.get("request_id"),
            record.get("execution_arn"),
            record["is_first_invocation"],
            _time(record, "execution_start_time"),
            execution_input=self._run.input_for_plugins(),
            operations=known,
            updated_operations={one: known[one] for one in updated if one in known},
        )
        self._start = info
        self._plugins = [
            made for one in self.factories if (made := self._made(one, info))
        ]
        self._tell("on_invocation_start", info)

    def _made(
        self, factory: Any, info: InvocationStartInfo
    ) -> DurableInstrumentationPlugin | None:
        try:
            plugin = factory.create_plugin(info)
        except Exception:
            logger.exception("The factory %r made no plugin", factory)
            return None
        if isinstance(plugin, DurableInstrumentationPlugin):
            return plugin
        logger.error("The factory %r made %r, which is no plugin", factory, plugin)
        return None

    def _invocation_end(self, _: int, record: _Record) -> None:
        start = self._start
        if start is None:
            return
        status = InvocationStatus(record["status"])
        result = self.result if status is InvocationStatus.SUCCEEDED else None
        self._tell(
            "on_invocation_end",
            InvocationEndInfo(
                start.request_id,
                start.execution_arn,
                start.is_first_invocation,
                start.execution_start_time,
                execution_input=start.execution_input,
                operations=self._operations(),
                status=status,
                error=_error(record),
                execution_result=result,
            ),
        )

    def _operation_start(self, _: int, record: _Record) -> None:
        self._tell("on_operation_start", OperationStartInfo(**_operation(record)))

    def _operation_end(self, _: int, record: _Record) -> None:
        self._tell("on_operation_end", OperationEndInfo(**_operation(record)))

    def _operation_change(self, _: int, record: _Record) -> None:
        if not self._listening("on_operation_change"):
            return
        changed = [OperationInfo(**_operation(one)) for one in record["updated_operations"]]
        self._tell(
            "on_operation_change",
            OperationChangeInfo(
                record.get("execution_arn"),
                {one.operation_id: one for one in changed},
                self._operations(),
            ),
        )

    def _body_start(self, op: int, record: _Record) -> None:
        info = UserFunctionStartInfo(
            **_operation(record), is_replay_children=record["is_replay_children"]
        )
        self._bodies[op] = info
        self._tell("on_user_function_start", info)

    def _body_end(self, op: int, record: _Record) -> None:
        self._bodies.pop(op, None)
        self._tell(
            "on_user_function_end",
            UserFunctionEndInfo(
                **_operation(record),
                is_replay_children=record["is_replay_children"],
                outcome=UserFunctionOutcome(record["outcome"]),
            ),
        )

    def _operations(self) -> dict[str, OperationInfo]:
        assert self._run is not None
        found: Mapping[str, Operation] = self._run.state.operations
        return {
            one: OperationInfo.from_operation(operation, is_replayed=True)
            for one, operation in found.items()
        }

    # --------------------------------------------------------------- hooks

    def _listening(self, hook: str) -> list[DurableInstrumentationPlugin]:
        """Those that override it."""
        return [
            one
            for one in self._plugins
            if getattr(type(one), hook) is not getattr(_Base, hook)
        ]

    def _tell(self, hook: str, info: Any) -> None:
        for plugin in self._listening(hook):
            self._guard(functools.partial(getattr(plugin, hook), info), plugin, hook)

    def _guard(self, call: Callable[[], Any], plugin: object, hook: str) -> None:
        """A hook that raises breaks nothing."""
        try:
            call()
        except Exception:
            logger.exception("%s of the plugin %r failed", hook, plugin)
        except BaseException as control:
            self.control = self.control or control

    # ---------------------------------------------------------- propagation

    def trace_id(self, call: Call, function_name: str) -> str | None:
        """The header of an invoke that is about to be claimed: the first that is not
        blank; None when it is on record already."""
        asked = self._listening("provide_propagation_metadata") if self.wanted else []
        ctx = call.ctx._id
        if not asked or _native.durable_engine_next_is_new(call.native, ctx) != 1:
            return None
        info = PropagationInput(
            call.run.arn,
            call.operation_id(),
            function_name,
            _native.durable_engine_ctx_parent_id(call.native, ctx) or None,
        )
        found: str | None = None
        owner: object = None
        for plugin in asked:
            value = self._trace_of(plugin, info)
            if value is None:
                continue
            if found is None:
                found, owner = value, plugin
            elif value != found:
                logger.warning(
                    "The plugins %r and %r give different trace headers for the "
                    "invoke of %s: the first is taken",
                    owner,
                    plugin,
                    function_name,
                )
        return found

    def _trace_of(
        self, plugin: DurableInstrumentationPlugin, info: PropagationInput
    ) -> str | None:
        try:
            given: Any = plugin.provide_propagation_metadata(info)
            if inspect.iscoroutine(given):
                given.close()
            return _header(given)
        except Exception:
            logger.exception("provide_propagation_metadata of the plugin %r failed", plugin)
            return None

    # --------------------------------------------------------------- bodies

    def invocation(self, body: Callable[[], _T]) -> _T:
        return self._wrapped("wrap_invocation", self._start, body)

    def attempt(self, call: Call, attempt: int, body: Callable[[], _T]) -> _T:
        return self._body(call, "wrap_attempt", body) if self.wanted else body()

    def child(self, call: Call, attempt: int | None, body: Callable[[], _T]) -> _T:
        return self._body(call, "wrap_child", body) if self.wanted else body()

    def _body(self, call: Call, hook: str, body: Callable[[], _T]) -> _T:
        op = _native.durable_engine_op_current(call.native, call.op)
        info = self._bodies.get(op)
        if info is None:
            return body()
        try:
            return self._wrapped(hook, info, body)
        except SuspendExecution:
            self._incomplete(op, info)
            raise

    def suspended(self, call: Call) -> None:
        """A group's body is suspended while its branches are at work."""
        info = self._bodies.get(call.op) if self.wanted else None
        if info is not None:
            self._incomplete(call.op, info)

    def _incomplete(self, op: int, info: UserFunctionStartInfo) -> None:
        """Nothing is recorded of a body that was suspended."""
        if self._bodies.pop(op, None) is not None:
            outcome = UserFunctionOutcome.INCOMPLETE
            end = UserFunctionEndInfo.from_start_info(info, None, outcome=outcome)
            self._tell("on_user_function_end", end)

    def _wrapped(self, hook: str, info: Any, body: Callable[[], _T]) -> _T:
        """``body`` inside of the hooks; the first plugin's is the outermost."""
        call = body
        for plugin in reversed(self._listening(hook)):
            call = functools.partial(self._wrap, plugin, hook, info, call)
        return call()

    def _wrap(
        self, plugin: object, hook: str, info: Any, body: Callable[[], _T]
    ) -> _T:
        """The body's outcome, whatever the hook makes of it; it runs once."""
        outcome = _Once(body)
        try:
            getattr(plugin, hook)(info, outcome)
        except BaseException as error:
            if error is not outcome.error:
                if not isinstance(error, Exception):
                    raise
                logger.exception("%s of the plugin %r failed", hook, plugin)
        value: _T = outcome.get()
        return value

    # ----------------------------------------------------------------- logs

    def logger(self, base: LoggerInterface) -> LoggerInterface:
        """``base``, whose lines the plugins that enrich them see first."""
        enrichers = self._listening("enrich_log") if self.wanted else []
        return _Enriched(base, self, enrichers) if enrichers else base

    def enrich(
        self,
        enrichers: list[DurableInstrumentationPlugin],
        extra: MutableMapping[str, object],
    ) -> None:
        for plugin in enrichers:
            call = functools.partial(plugin.enrich_log, extra)
            self._guard(call, plugin, "enrich_log")


class _Once:
    """A body that runs at most once; ``error`` is what it raised."""

    def __init__(self, body: Callable[[], Any]) -> None:
        self._body: Callable[[], Any] | None = body
        self._value: Any = None
        self.error: BaseException | None = None

    def __call__(self) -> Any:
        body, self._body = self._body, None
        if body is not None:
            try:
                self._value = body()
            except BaseException as error:
                self.error = error
        if self.error is not None:
            raise self.error
        return self._value

    get = __call__


class _Enriched:
    """A logger whose lines plugins add to."""

    def __init__(
        self,
        base: LoggerInterface,
        plugins: Plugins,
        enrichers: list[DurableInstrumentationPlugin],
    ) -> None:
        self._base = base
        self._plugins = plugins
        self._enrichers = enrichers

    def __getattr__(self, name: str) -> Callable[..., None]:
        write = getattr(self._base, name)

        def line(
            msg: object, *args: object, extra: Mapping[str, object] | None = None
        ) -> None:
            members = dict(extra or {})
            self._plugins.enrich(self._enrichers, members)
            write(msg, *args, extra=members)

        return line

    def debug(self, *args: Any, **more: Any) -> None:
        self.__getattr__("debug")(*args, **more)

    def info(self, *args: Any, **more: Any) -> None:
        self.__getattr__("info")(*args, **more)

    def warning(self, *args: Any, **more: Any) -> None:
        self.__getattr__("warning")(*args, **more)

    def error(self, *args: Any, **more: Any) -> None:
        self.__getattr__("error")(*args, **more)

    def exception(self, *args: Any, **more: Any) -> None:
        self.__getattr__("exception")(*args, **more)


def _header(given: object) -> str | None:
    """The trace header in it, unless that is blank."""
    if given is None:
        return None
    if not isinstance(given, PropagationMetadata):
        raise TypeError(f"PropagationMetadata or None expected, not {given!r}")
    value: object = given.x_amzn_trace_id
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError(f"x_amzn_trace_id is a string or None, not {value!r}")
    value = str.__str__(value)
    if not value.strip():
        return None
    if len(value) > _TRACE_MAX or not (value.isascii() and value.isprintable()):
        raise ValueError(
            f"x_amzn_trace_id has at most {_TRACE_MAX} printable ASCII characters"
        )
    return value


# ----------------------------------------------------------------- from records


def _time(record: _Record, name: str) -> datetime.datetime | None:
    ms = record.get(name)
    if ms is None:
        return None
    return datetime.datetime.fromtimestamp(ms / 1000, datetime.UTC)


def _error(record: _Record) -> ErrorObject | None:
    error = record.get("error")
    return ErrorObject.from_dict(error) if error else None


def _operation(record: _Record) -> dict[str, Any]:
    """The members that every info of an operation has."""
    return {
        "operation_id": record["operation_id"],
        "operation_type": OperationType(record["operation_type"]),
        "sub_type": record.get("sub_type"),
        "name": record.get("name"),
        "parent_id": record.get("parent_id"),
        "start_time": _time(record, "start_time"),
        "is_replayed": record.get("is_replayed", False),
        "status": OperationStatus(record.get("status", "STARTED")),
        "end_time": _time(record, "end_time"),
        "result": record.get("result"),
        "error": _error(record),
        "attempt": record.get("attempt"),
    }
