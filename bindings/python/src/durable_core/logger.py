"""The logger of a context: names the operation in each line, and is silent while
its context replays what earlier invocations have logged.

https://docs.aws.amazon.com/lambda/latest/dg/durable-functions.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from durable_core.types import LoggerInterface

if TYPE_CHECKING:
    from durable_core.state import ExecutionState


def _never() -> bool:
    return False


class _Identified(Protocol):
    """What names an operation: ids and a name."""

    @property
    def operation_id(self) -> str: ...

    @property
    def parent_id(self) -> str | None: ...

    @property
    def name(self) -> str | None: ...


@dataclass(frozen=True)
class LogInfo:
    """Whose lines they are; ``attempt`` is 1 for the first."""

    execution_state: ExecutionState
    parent_id: str | None = None
    operation_id: str | None = None
    name: str | None = None
    attempt: int | None = None

    @classmethod
    def from_operation_identifier(
        cls,
        execution_state: ExecutionState,
        op_id: _Identified,
        attempt: int | None = None,
    ) -> LogInfo:
        return cls(
            execution_state, op_id.parent_id, op_id.operation_id, op_id.name, attempt
        )

    def with_parent_id(self, parent_id: str) -> LogInfo:
        """The same below another parent."""
        return LogInfo(
            self.execution_state,
            parent_id,
            self.operation_id,
            self.name,
            self.attempt,
        )

    def _members(self) -> dict[str, object]:
        """As members of a line.  ``name`` is logging's own: ``operationName``."""
        known = {
            "parentId": self.parent_id or None,
            "operationName": self.name or None,
            "attempt": self.attempt,
            "operationId": self.operation_id or None,
        }
        members: dict[str, object] = {
            "executionArn": self.execution_state.durable_execution_arn
        }
        members.update((key, value) for key, value in known.items() if value is not None)
        return members


class Logger(LoggerInterface):
    """Adds ``default_extra`` to each line of ``logger``, unless ``is_replaying()``.

    What a call gives as ``extra`` wins over ``default_extra``.
    """

    def __init__(
        self,
        logger: LoggerInterface,
        default_extra: Mapping[str, object],
        is_replaying: Callable[[], bool] = _never,
    ) -> None:
        self._logger = logger
        self._default_extra = default_extra
        self._is_replaying = is_replaying

    @classmethod
    def from_log_info(
        cls,
        logger: LoggerInterface,
        info: LogInfo,
        is_replaying: Callable[[], bool] = _never,
    ) -> Logger:
        return cls(logger, info._members(), is_replaying)

    def with_log_info(self, info: LogInfo) -> Logger:
        """The same logger for another operation."""
        return Logger.from_log_info(self._logger, info, self._is_replaying)

    def with_is_replaying(self, is_replaying: Callable[[], bool]) -> Logger:
        """The same logger for another context."""
        return Logger(self._logger, self._default_extra, is_replaying)

    def get_logger(self) -> LoggerInterface:
        """The logger underneath."""
        return self._logger

    def debug(
        self, msg: object, *args: object, extra: Mapping[str, object] | None = None
    ) -> None:
        self._log(self._logger.debug, msg, args, extra)

    def info(
        self, msg: object, *args: object, extra: Mapping[str, object] | None = None
    ) -> None:
        self._log(self._logger.info, msg, args, extra)

    def warning(
        self, msg: object, *args: object, extra: Mapping[str, object] | None = None
    ) -> None:
        self._log(self._logger.warning, msg, args, extra)

    def error(
        self, msg: object, *args: object, extra: Mapping[str, object] | None = None
    ) -> None:
        self._log(self._logger.error, msg, args, extra)

    def exception(
        self, msg: object, *args: object, extra: Mapping[str, object] | None = None
    ) -> None:
        """As error, with the exception that is being handled."""
        self._log(self._logger.exception, msg, args, extra)

    def _log(
        self,
        write: Callable[..., None],
        msg: object,
        args: tuple[object, ...],
        extra: Mapping[str, object] | None,
    ) -> None:
        if not self._is_replaying():
            write(msg, *args, extra={**self._default_extra, **(extra or {})})
