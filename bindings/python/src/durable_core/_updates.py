"""What a checkpoint sends: updates, and their options."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any, Protocol

from durable_core._wire import (
    ErrorObject,
    OperationAction,
    OperationType,
    ReplayChildren,
    TimeoutSeconds,
    _Dict,
    _dict_of,
    _given,
    _part,
)


@dataclass(frozen=True)
class StepOptions:
    """Of a RETRY: when the next attempt is due."""

    next_attempt_delay_seconds: int = 0

    @classmethod
    def from_dict(cls, data: _Dict) -> StepOptions:
        return cls(data.get("NextAttemptDelaySeconds", 0))

    def to_dict(self) -> _Dict:
        return {"NextAttemptDelaySeconds": self.next_attempt_delay_seconds}


@dataclass(frozen=True)
class WaitOptions:
    """``wait_seconds``: 1 to 31,622,400."""

    wait_seconds: int = 1

    @classmethod
    def from_dict(cls, data: _Dict) -> WaitOptions:
        return cls(data.get("WaitSeconds", 1))

    def to_dict(self) -> _Dict:
        return {"WaitSeconds": self.wait_seconds}


@dataclass(frozen=True)
class CallbackOptions:
    """In seconds; 0: none."""

    timeout_seconds: TimeoutSeconds = 0
    heartbeat_timeout_seconds: int = 0

    @classmethod
    def from_dict(cls, data: _Dict) -> CallbackOptions:
        return cls(
            data.get("TimeoutSeconds", 0), data.get("HeartbeatTimeoutSeconds", 0)
        )

    def to_dict(self) -> _Dict:
        return {
            "TimeoutSeconds": self.timeout_seconds,
            "HeartbeatTimeoutSeconds": self.heartbeat_timeout_seconds,
        }


@dataclass(frozen=True)
class ChainedInvokeOptions:
    """``function_name``: a name, a partial or a whole ARN."""

    function_name: str
    tenant_id: str | None = None
    x_amzn_trace_id: str | None = None

    @classmethod
    def from_dict(cls, data: _Dict) -> ChainedInvokeOptions:
        return cls(
            data["FunctionName"], data.get("TenantId"), data.get("XAmznTraceId")
        )

    def to_dict(self) -> _Dict:
        return _given(
            FunctionName=self.function_name,
            TenantId=self.tenant_id,
            XAmznTraceId=self.x_amzn_trace_id,
        )


@dataclass(frozen=True)
class ContextOptions:
    replay_children: ReplayChildren = False

    @classmethod
    def from_dict(cls, data: _Dict) -> ContextOptions:
        return cls(data.get("ReplayChildren", False))

    def to_dict(self) -> _Dict:
        return {"ReplayChildren": self.replay_children}


# ------------------------------------------------------------------- updates


class _Identifier(Protocol):
    """What an update needs of an operation's identity."""

    @property
    def operation_id(self) -> str: ...

    @property
    def parent_id(self) -> str | None: ...

    @property
    def name(self) -> str | None: ...

    @property
    def sub_type(self) -> str | None: ...


@dataclass(frozen=True)
class OperationUpdate:
    """One change of a checkpoint."""

    operation_id: str
    operation_type: OperationType
    action: OperationAction
    parent_id: str | None = None
    name: str | None = None
    sub_type: str | None = None
    payload: str | None = None
    error: ErrorObject | None = None
    context_options: ContextOptions | None = None
    step_options: StepOptions | None = None
    wait_options: WaitOptions | None = None
    callback_options: CallbackOptions | None = None
    chained_invoke_options: ChainedInvokeOptions | None = None

    def to_dict(self) -> _Dict:
        return _given(
            Id=self.operation_id,
            Type=self.operation_type.value,
            Action=self.action.value,
            ParentId=self.parent_id or None,
            Name=self.name or None,
            SubType=self.sub_type or None,
            Payload=self.payload,
            Error=_dict_of(self.error),
            ContextOptions=_dict_of(self.context_options),
            StepOptions=_dict_of(self.step_options),
            WaitOptions=_dict_of(self.wait_options),
            CallbackOptions=_dict_of(self.callback_options),
            ChainedInvokeOptions=_dict_of(self.chained_invoke_options),
        )

    @classmethod
    def from_dict(cls, data: _Dict) -> OperationUpdate:
        return cls(
            operation_id=data["Id"],
            operation_type=OperationType(data["Type"]),
            action=OperationAction(data["Action"]),
            parent_id=data.get("ParentId"),
            name=data.get("Name"),
            sub_type=data.get("SubType") or None,
            payload=data.get("Payload"),
            error=_part(ErrorObject.from_dict, data, "Error"),
            context_options=_part(ContextOptions.from_dict, data, "ContextOptions"),
            step_options=_part(StepOptions.from_dict, data, "StepOptions"),
            wait_options=_part(WaitOptions.from_dict, data, "WaitOptions"),
            callback_options=_part(CallbackOptions.from_dict, data, "CallbackOptions"),
            chained_invoke_options=_part(
                ChainedInvokeOptions.from_dict, data, "ChainedInvokeOptions"
            ),
        )

    @classmethod
    def _of(
        cls,
        identifier: _Identifier,
        operation_type: OperationType,
        action: OperationAction,
        **members: Any,
    ) -> OperationUpdate:
        return cls(
            operation_id=identifier.operation_id,
            operation_type=operation_type,
            action=action,
            parent_id=identifier.parent_id,
            name=identifier.name,
            sub_type=identifier.sub_type,
            **members,
        )

    @classmethod
    def create_callback(
        cls, identifier: _Identifier, callback_options: CallbackOptions
    ) -> OperationUpdate:
        return cls._of(
            identifier,
            OperationType.CALLBACK,
            OperationAction.START,
            callback_options=callback_options,
        )

    @classmethod
    def create_context_start(cls, identifier: _Identifier) -> OperationUpdate:
        return cls._of(identifier, OperationType.CONTEXT, OperationAction.START)

    @classmethod
    def create_context_succeed(
        cls,
        identifier: _Identifier,
        payload: str | None,
        *,
        context_options: ContextOptions | None = None,
    ) -> OperationUpdate:
        return cls._of(
            identifier,
            OperationType.CONTEXT,
            OperationAction.SUCCEED,
            payload=payload,
            context_options=context_options,
        )

    @classmethod
    def create_context_fail(
        cls, identifier: _Identifier, error: ErrorObject
    ) -> OperationUpdate:
        return cls._of(
            identifier, OperationType.CONTEXT, OperationAction.FAIL, error=error
        )

    @classmethod
    def _of_execution(cls, action: OperationAction, **members: Any) -> OperationUpdate:
        now = datetime.datetime.now(tz=datetime.UTC)
        made = int(now.timestamp() * 1000)
        return cls(
            f"execution-result-{made}", OperationType.EXECUTION, action, **members
        )

    @classmethod
    def create_execution_succeed(cls, payload: str) -> OperationUpdate:
        return cls._of_execution(OperationAction.SUCCEED, payload=payload)

    @classmethod
    def create_execution_fail(cls, error: ErrorObject) -> OperationUpdate:
        return cls._of_execution(OperationAction.FAIL, error=error)

    @classmethod
    def create_step_succeed(
        cls, identifier: _Identifier, payload: str | None
    ) -> OperationUpdate:
        return cls._of(
            identifier, OperationType.STEP, OperationAction.SUCCEED, payload=payload
        )

    @classmethod
    def create_step_fail(
        cls, identifier: _Identifier, error: ErrorObject
    ) -> OperationUpdate:
        return cls._of(
            identifier, OperationType.STEP, OperationAction.FAIL, error=error
        )

    @classmethod
    def create_step_start(cls, identifier: _Identifier) -> OperationUpdate:
        return cls._of(identifier, OperationType.STEP, OperationAction.START)

    @classmethod
    def create_step_retry(
        cls,
        identifier: _Identifier,
        error: ErrorObject,
        next_attempt_delay_seconds: int,
    ) -> OperationUpdate:
        return cls._of(
            identifier,
            OperationType.STEP,
            OperationAction.RETRY,
            error=error,
            step_options=StepOptions(next_attempt_delay_seconds),
        )

    @classmethod
    def create_invoke_start(
        cls,
        identifier: _Identifier,
        payload: str | None,
        chained_invoke_options: ChainedInvokeOptions,
    ) -> OperationUpdate:
        return cls._of(
            identifier,
            OperationType.CHAINED_INVOKE,
            OperationAction.START,
            payload=payload,
            chained_invoke_options=chained_invoke_options,
        )

    @classmethod
    def create_wait_for_condition_start(
        cls, identifier: _Identifier
    ) -> OperationUpdate:
        return cls.create_step_start(identifier)

    @classmethod
    def create_wait_for_condition_succeed(
        cls, identifier: _Identifier, payload: str | None
    ) -> OperationUpdate:
        return cls.create_step_succeed(identifier, payload)

    @classmethod
    def create_wait_for_condition_retry(
        cls,
        identifier: _Identifier,
        payload: str | None,
        next_attempt_delay_seconds: int,
    ) -> OperationUpdate:
        return cls._of(
            identifier,
            OperationType.STEP,
            OperationAction.RETRY,
            payload=payload,
            step_options=StepOptions(next_attempt_delay_seconds),
        )

    @classmethod
    def create_wait_for_condition_fail(
        cls, identifier: _Identifier, error: ErrorObject
    ) -> OperationUpdate:
        return cls.create_step_fail(identifier, error)

    @classmethod
    def create_wait_start(
        cls, identifier: _Identifier, wait_options: WaitOptions
    ) -> OperationUpdate:
        return cls._of(
            identifier,
            OperationType.WAIT,
            OperationAction.START,
            wait_options=wait_options,
        )
