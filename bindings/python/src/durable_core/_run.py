"""One invocation: its engine, its strands of user code and their threads.

A strand is one line of user code: a task of the engine, and the thread it runs
on.  The package holds no rule of the engine: a call is claimed, then the engine is
asked what to do about it until the answer is DONE (see _calls).
"""

from __future__ import annotations

import contextvars
import json
import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from durable_core import _native
from durable_core._plugins import Plugins
from durable_core.exceptions import SuspendExecution
from durable_core.lambda_service import ErrorObject
from durable_core.serdes import (
    DEFAULT_JSON_SERDES,
    EXTENDED_TYPES_SERDES,
    PLAIN_SERDES,
    SerDesContext,
)
from durable_core.state import ExecutionState
from durable_core.types import LambdaContext

if TYPE_CHECKING:
    from durable_core._calls import Call

logger = logging.getLogger("durable_core")

MAX_THREADS = 64

_here = threading.local()


class Strand:
    """``suspended``: it was told to unwind, and whatever it answers is void."""

    __slots__ = ("is_worker", "run", "suspended", "task")

    def __init__(self, run: Run, task: int, *, is_worker: bool = False) -> None:
        self.run = run
        self.task = task
        self.suspended = False
        self.is_worker = is_worker

    def suspend(self) -> SuspendExecution:
        self.suspended = True
        return SuspendExecution("the invocation ends here, to be resumed later")

    def end(self) -> None:
        _native.durable_engine_task_end(self.run.native, self.task)


def error_text(error: BaseException) -> str:
    """The ErrorObject of ``error`` as JSON."""
    return json.dumps(ErrorObject.from_exception(error).to_dict())


class Run:
    """One invocation.  ``native`` is its engine and host until :meth:`close`."""

    def __init__(
        self,
        event: bytes,
        *,
        send: Callable[..., Any] | None,
        plugins: Plugins,
        lambda_context: LambdaContext | None,
        deadline_ms: int,
        event_loop: bool = False,
        is_plain: bool = False,
        max_threads: int = MAX_THREADS,
    ) -> None:
        request_id = getattr(lambda_context, "aws_request_id", None)
        self.plugins = plugins
        # How what names no serdes is recorded: operations, and what is JSON in
        # either form, which is invokes and the handler's result.
        self.form: int = _native.DURABLE_FORM_TAGGED
        self.serdes, self.json_serdes = EXTENDED_TYPES_SERDES, DEFAULT_JSON_SERDES
        if is_plain:
            self.form = _native.DURABLE_FORM_PLAIN
            self.serdes = self.json_serdes = PLAIN_SERDES
        self._event = event
        plugins.attach(self)
        self.native = _native.run_open(
            event,
            plugins.on_record,
            send,
            _native.DURABLE_DIALECT_PYTHON,
            deadline_ms,
            0 if event_loop else max_threads,
            -1,
            0,
            int(plugins.wanted),
            2 if event_loop else 0,
            str(request_id) if request_id else None,
        )
        self.arn: str = _native.durable_engine_arn(self.native)
        self.state = ExecutionState(self.arn, self._listing)
        self.lambda_context = lambda_context
        self.max_threads = max_threads
        self.root_ctx: int = _native.durable_engine_root_ctx(self.native)
        self.root = Strand(self, _native.durable_engine_root_task(self.native))
        self.error: BaseException | None = None
        self.over = False
        self._lock = threading.Lock()
        self._crew = Crew()
        self._workers = 0
        self._queue: deque[tuple[Strand, Callable[[Strand], None]]] = deque()

    def output(self, result: Any) -> str:
        """What the handler answered, as JSON."""
        return self.json_serdes.serialize(result, SerDesContext("", self.arn))

    def updated_ids(self) -> list[str]:
        """Of the operations that changed while nothing ran."""
        return list(json.loads(self._event).get("UpdatedOperationIds") or ())

    def input_for_plugins(self) -> Any:
        """The event of the execution, a copy of its own."""
        try:
            return json.loads(_native.durable_engine_input(self.native) or "{}")
        except json.JSONDecodeError:
            return None

    def _listing(self) -> str | None:
        if self.over:
            return None
        return _native.durable_engine_operations(self.native)  # type: ignore[no-any-return]

    def close(self) -> None:
        """After this, calls on contexts of this run raise SuspendExecution."""
        self._crew.close()
        self.over = True
        native, self.native = self.native, None
        _native.run_close(native)

    # ------------------------------------------------------------- strands

    def strand(self, ctx: int) -> tuple[Strand, bool]:
        """The calling thread's, and whether it is new: then it is to be ended.

        A thread of the user's own is a strand for as long as its call lasts.
        """
        if self.over:
            raise SuspendExecution("the invocation of this context is over")
        strand: Strand | None = getattr(_here, "strand", None)
        if strand is not None and strand.run is self:
            return strand, False
        return Strand(self, _native.task_new(self.native, ctx)), True

    def occupy(self, strand: Strand) -> Strand | None:
        """Make the calling thread that strand's; answers whose it was."""
        before: Strand | None = getattr(_here, "strand", None)
        _here.strand = strand
        return before

    def leave(self, before: Strand | None) -> None:
        _here.strand = before

    def ask(self, strand: Strand, op: int) -> tuple[Any, ...]:
        """The engine's answer, which is not PARK; blocks until there is one."""
        if strand.is_worker:
            answer = _native.ask(self.native, strand.task, op, 0)
            if answer[0] != _native.DURABLE_NEXT_PARK:
                return answer  # type: ignore[no-any-return]
            self._parks()
            try:
                return _native.ask(self.native, strand.task, op, -1)  # type: ignore[no-any-return]
            finally:
                self._goes_on()
        return _native.ask(self.native, strand.task, op, -1)  # type: ignore[no-any-return]

    def wait_settled(self, strand: Strand, op: int) -> None:
        """Until another strand's operation has its outcome; or SuspendExecution."""
        answer = _native.wait_settled(self.native, strand.task, [op], 1, 0)
        if answer == _native.DURABLE_NEXT_PARK:
            if strand.is_worker:
                self._parks()
            try:
                answer = _native.wait_settled(self.native, strand.task, [op], 1, -1)
            finally:
                if strand.is_worker:
                    self._goes_on()
        if answer == _native.DURABLE_NEXT_SUSPEND:
            raise strand.suspend()

    # ------------------------------------------------------------- threads

    def start_branch(self, task: int, call: Call) -> None:
        """On a thread at once: the engine counts those of branches."""
        self._start(Strand(self, task), call.drive)

    def start_worker(self, ctx: int, work: Callable[[Strand], None]) -> None:
        """On a thread as soon as fewer than ``max_threads`` workers are runnable."""
        strand = Strand(self, _native.task_new(self.native, ctx), is_worker=True)
        with self._lock:
            self._queue.append((strand, work))
        self._start_queued()

    def _start_queued(self) -> None:
        while True:
            with self._lock:
                if not self._queue or self._workers >= self.max_threads:
                    return
                self._workers += 1
                strand, work = self._queue.popleft()
            self._start(strand, work)

    def _parks(self) -> None:
        with self._lock:
            self._workers -= 1
        self._start_queued()

    def _goes_on(self) -> None:
        with self._lock:
            self._workers += 1

    def _start(self, strand: Strand, work: Callable[[Strand], None]) -> None:
        context = contextvars.copy_context()
        self._crew.run(lambda: context.run(self._work, strand, work))

    def _work(self, strand: Strand, work: Callable[[Strand], None]) -> None:
        self.occupy(strand)
        try:
            work(strand)
        except SuspendExecution:
            pass
        except BaseException as error:
            self.fail(error)
        finally:
            self.leave(None)
            if strand.is_worker:
                self._parks()
            self._crew.ending()
            strand.end()

    # ------------------------------------------------------------ outcomes

    def fail(self, error: BaseException) -> None:
        """End the execution with an error that no operation may keep."""
        with self._lock:
            first, self.error = self.error is None, self.error or error
        if first:
            try:
                _native.handler_raise(self.native, error_text(error), 0)
            except RuntimeError:
                logger.debug("the handler had its outcome before %r", error)

    def retry(self, error: BaseException) -> None:
        """Remember what the invocation is raised with, so that Lambda repeats it."""
        with self._lock:
            self.error = self.error or error


class Crew:
    """The threads of one invocation, each used again; none outlives it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._jobs: deque[Callable[[], None]] = deque()
        self._idle = 0
        self._ending = 0
        self._threads: list[threading.Thread] = []
        self._closing = False

    def run(self, job: Callable[[], None]) -> None:
        with self._changed:
            self._jobs.append(job)
            if self._idle + self._ending >= len(self._jobs):
                self._changed.notify()
                return
            thread = threading.Thread(
                target=self._work, name=f"durable-{len(self._threads)}", daemon=True
            )
            self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._jobs and not self._closing:
                    self._idle += 1
                    self._changed.wait()
                    self._idle -= 1
                if not self._jobs:
                    return
                job = self._jobs.popleft()
            job()
            with self._changed:
                self._ending -= 1

    def ending(self) -> None:
        """The calling thread's job is as good as done: it takes the next one."""
        with self._changed:
            self._ending += 1

    def close(self) -> None:
        """Every job has been done, and every thread has ended."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
