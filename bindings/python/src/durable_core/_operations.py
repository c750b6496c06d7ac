"""Operations as they are on record."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from durable_core._wire import (
    ErrorObject,
    OperationPayload,
    OperationStatus,
    OperationType,
    ReplayChildren,
    _Dict,
    _dict_of,
    _given,
    _part,
)


@dataclass(frozen=True)
class ExecutionDetails:
    """``input_payload``: the JSON text that the execution was started with."""

    input_payload: str | None = None

    @classmethod
    def from_dict(cls, data: _Dict) -> ExecutionDetails:
        return cls(data.get("InputPayload"))


@dataclass(frozen=True)
class ContextDetails:
    """``replay_children``: the result was too large; the children make it again."""

    replay_children: ReplayChildren = False
    result: OperationPayload | None = None
    error: ErrorObject | None = None

    @classmethod
    def from_dict(cls, data: _Dict) -> ContextDetails:
        return cls(
            data.get("ReplayChildren", False),
            data.get("Result"),
            _part(ErrorObject.from_dict, data, "Error"),
        )


@dataclass(frozen=True)
class StepDetails:
    """``attempt``: attempts made, 1 after the first."""

    attempt: int = 0
    next_attempt_timestamp: datetime.datetime | None = None
    result: OperationPayload | None = None
    error: ErrorObject | None = None

    @classmethod
    def from_dict(cls, data: _Dict) -> StepDetails:
        return cls(
            data.get("Attempt", 0),
            data.get("NextAttemptTimestamp"),
            data.get("Result"),
            _part(ErrorObject.from_dict, data, "Error"),
        )


@dataclass(frozen=True)
class WaitDetails:
    scheduled_end_timestamp: datetime.datetime | None = None

    @classmethod
    def from_dict(cls, data: _Dict) -> WaitDetails:
        return cls(data.get("ScheduledEndTimestamp"))


@dataclass(frozen=True)
class CallbackDetails:
    """``result``: the text that the other side sent, as it came."""

    callback_id: str
    result: str | None = None
    error: ErrorObject | None = None

    @classmethod
    def from_dict(cls, data: _Dict) -> CallbackDetails:
        return cls(
            data["CallbackId"],
            data.get("Result"),
            _part(ErrorObject.from_dict, data, "Error"),
        )


@dataclass(frozen=True)
class ChainedInvokeDetails:
    result: str | None = None
    error: ErrorObject | None = None

    @classmethod
    def from_dict(cls, data: _Dict) -> ChainedInvokeDetails:
        return cls(data.get("Result"), _part(ErrorObject.from_dict, data, "Error"))


# ---------------------------------------------------------------- operations


class TimestampConverter:
    """Between times with a zone and Unix milliseconds; None stays None."""

    @staticmethod
    def to_unix_millis(dt: datetime.datetime | None) -> int | None:
        return None if dt is None else int(dt.timestamp() * 1000)

    @staticmethod
    def from_unix_millis(ms: int | None) -> datetime.datetime | None:
        if ms is None:
            return None
        return datetime.datetime.fromtimestamp(ms / 1000, tz=datetime.UTC)


# Where an operation holds times: its own members, and those of its details.
_TIMES = {
    None: ("StartTimestamp", "EndTimestamp"),
    "StepDetails": ("NextAttemptTimestamp",),
    "WaitDetails": ("ScheduledEndTimestamp",),
}


def _with_times(data: _Dict, convert: Callable[[Any], Any]) -> dict[str, Any]:
    """A copy of an operation in which ``convert`` was put to each time."""
    copy = dict(data)
    for holder, names in _TIMES.items():
        part = copy
        if holder is not None:
            if not copy.get(holder):
                continue
            part = copy[holder] = dict(copy[holder])
        for name in names:
            if part.get(name):
                part[name] = convert(part[name])
    return copy


@dataclass(frozen=True)
class Operation:
    """An operation as it is on record."""

    operation_id: str
    operation_type: OperationType
    status: OperationStatus
    parent_id: str | None = None
    name: str | None = None
    start_timestamp: datetime.datetime | None = None
    end_timestamp: datetime.datetime | None = None
    sub_type: str | None = None
    execution_details: ExecutionDetails | None = None
    context_details: ContextDetails | None = None
    step_details: StepDetails | None = None
    wait_details: WaitDetails | None = None
    callback_details: CallbackDetails | None = None
    chained_invoke_details: ChainedInvokeDetails | None = None

    @classmethod
    def from_dict(cls, data: _Dict) -> Operation:
        return cls(
            operation_id=data["Id"],
            operation_type=OperationType(data.get("Type")),
            status=OperationStatus(data.get("Status")),
            parent_id=data.get("ParentId"),
            name=data.get("Name"),
            start_timestamp=data.get("StartTimestamp"),
            end_timestamp=data.get("EndTimestamp"),
            sub_type=data.get("SubType") or None,
            execution_details=_part(
                ExecutionDetails.from_dict, data, "ExecutionDetails"
            ),
            context_details=_part(ContextDetails.from_dict, data, "ContextDetails"),
            step_details=_part(StepDetails.from_dict, data, "StepDetails"),
            wait_details=_part(WaitDetails.from_dict, data, "WaitDetails"),
            callback_details=_part(CallbackDetails.from_dict, data, "CallbackDetails"),
            chained_invoke_details=_part(
                ChainedInvokeDetails.from_dict, data, "ChainedInvokeDetails"
            ),
        )

    def to_dict(self) -> _Dict:
        return _given(
            Id=self.operation_id,
            Type=self.operation_type.value,
            Status=self.status.value,
            ParentId=self.parent_id or None,
            Name=self.name or None,
            StartTimestamp=self.start_timestamp,
            EndTimestamp=self.end_timestamp,
            SubType=self.sub_type or None,
            **self._details(),
        )

    def _details(self) -> _Dict:
        details: _Dict = {}
        if (execution := self.execution_details) is not None:
            details["ExecutionDetails"] = {"InputPayload": execution.input_payload}
        if (context := self.context_details) is not None:
            details["ContextDetails"] = {
                "Result": context.result,
                **_given(
                    Error=_dict_of(context.error),
                    ReplayChildren=context.replay_children or None,
                ),
            }
        if (step := self.step_details) is not None:
            details["StepDetails"] = _given(
                Attempt=step.attempt,
                NextAttemptTimestamp=step.next_attempt_timestamp,
                Result=step.result,
                Error=_dict_of(step.error),
            )
        if (wait := self.wait_details) is not None:
            details["WaitDetails"] = _given(
                ScheduledEndTimestamp=wait.scheduled_end_timestamp
            )
        if (callback := self.callback_details) is not None:
            details["CallbackDetails"] = _given(
                CallbackId=callback.callback_id,
                Result=callback.result,
                Error=_dict_of(callback.error),
            )
        if (invoke := self.chained_invoke_details) is not None:
            details["ChainedInvokeDetails"] = _given(
                Result=invoke.result, Error=_dict_of(invoke.error)
            )
        return details

    def to_json_dict(self) -> _Dict:
        return _with_times(self.to_dict(), TimestampConverter.to_unix_millis)

    @classmethod
    def from_json_dict(cls, data: _Dict) -> Operation:
        """``data`` is left as it is."""
        return cls.from_dict(_with_times(data, TimestampConverter.from_unix_millis))
