"""A program that uses the surface as users do: mypy --strict has to agree with each
assert_type.  Nothing here is run."""
from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, assert_type

from durable_core import (
    BatchResult,
    DurableContext,
    ParallelBranch,
    StepContext,
    WithRetryConfig,
    complete_batch,
    continue_batch,
    durable_execution,
    durable_parallel_branch,
    durable_step,
    durable_wait_for_callback,
    durable_with_child_context,
    with_retry,
)
from durable_core.config import (
    CallbackConfig,
    ChildConfig,
    CompletionConfig,
    CompletionDecision,
    CompletionStatus,
    Duration,
    InvokeConfig,
    MapConfig,
    StepConfig,
    WaitForCallbackConfig,
)
from durable_core.exceptions import StepError
from durable_core.filesystem_serdes import FileSystemSerDes
from durable_core.plugin import (
    DurableInstrumentationPlugin,
    InvocationStartInfo,
    OperationEndInfo,
    UserFunctionStartInfo,
)
from durable_core.retries import RetryDecision, RetryPresets
from durable_core.serdes import JsonSerDes, SerDes, SerDesContext
from durable_core.testing import DurableFunctionTestResult, DurableFunctionTestRunner
from durable_core.testing.operations import StepOperation
from durable_core.types import LambdaContext, WaitForCallbackContext
from durable_core.waits import (
    WaitForConditionConfig,
    WaitStrategyConfig,
    create_wait_strategy,
)


T = TypeVar("T")


@durable_step
def charge(step: StepContext, total: int, *, currency: str = "EUR") -> dict[str, int]:
    step.logger.info("charging %d", total, extra={"currency": currency})
    return {currency: total * step.attempt}


@durable_with_child_context
def invoice(context: DurableContext, number: int) -> str:
    return context.step(lambda step: str(number))


@durable_parallel_branch(name="ship")
def ship(context: DurableContext, by: str) -> str:
    context.wait(Duration(1), name=by)
    return by


@durable_wait_for_callback
def ask(callback_id: str, context: WaitForCallbackContext, who: str) -> None:
    context.logger.info("%s %s", callback_id, who)


def quorum(status: CompletionStatus) -> CompletionDecision:
    return complete_batch() if status.success_count > 1 else continue_batch()


def price(context: DurableContext, item: str, index: int, items: Sequence[str]) -> int:
    return len(item) + index


def sooner(error: Exception, attempts_made: int) -> RetryDecision:
    if isinstance(error, StepError):
        assert_type(error.data, str | None)
    return RetryDecision.retry(Duration(attempts_made))


class Upper(SerDes[str]):
    def serialize(self, value: str, serdes_context: SerDesContext) -> str:
        return value.upper() + serdes_context.operation_id

    def deserialize(self, data: str, serdes_context: SerDesContext) -> str:
        return data


class Watching(DurableInstrumentationPlugin):
    def on_operation_end(self, info: OperationEndInfo) -> None:
        assert_type(info.end_time, datetime.datetime | None)

    def wrap_attempt(self, info: UserFunctionStartInfo, call: Callable[[], T]) -> T:
        return call()


class Factory:
    def create_plugin(self, info: InvocationStartInfo) -> Watching:
        return Watching()


@durable_execution(plugins=[Factory()])
def handler(event: Any, context: DurableContext) -> Any:
    assert_type(context.step(charge(5, currency="CHF")), dict[str, int])
    assert_type(context.step(lambda step: step.attempt, "n", StepConfig(sooner)), int)
    assert_type(context.run_in_child_context(invoice(7), config=ChildConfig()), str)
    assert_type(ship("sea"), ParallelBranch[str])
    assert_type(context.parallel([ship("sea"), ship("air")]), BatchResult[str])
    batch = context.map(
        ["a", "b"], price, "prices",
        MapConfig(completion_config=CompletionConfig(should_complete=quorum),
                  item_namer=lambda item, index: f"{item}{index}"))
    assert_type(batch, BatchResult[int])
    assert_type(batch.get_results(), list[int])
    callback = context.create_callback("cb", CallbackConfig(Duration(5), serdes=Upper()))
    assert_type(callback.callback_id, str)
    context.wait_for_callback(ask("ann"), config=WaitForCallbackConfig(
        serdes=JsonSerDes(), retry_strategy=RetryPresets.fixed(Duration(2))))
    polled = context.wait_for_condition(
        lambda state, check: state + check.attempt,
        WaitForConditionConfig(
            create_wait_strategy(WaitStrategyConfig(lambda state: state < 5)), 0))
    assert_type(polled, int)
    context.invoke("other", {"a": 1}, config=InvokeConfig(tenant_id="t"))
    assert_type(with_retry(context, lambda ctx, attempt: [attempt], WithRetryConfig()),
                list[int])
    assert_type(context.lambda_context, LambdaContext | None)
    context.step(lambda step: "x", config=StepConfig(serdes=FileSystemSerDes("/mnt")))
    return None


def test_handler() -> None:
    with DurableFunctionTestRunner(handler) as runner:
        result = runner.run('{"a": 1}')
        assert_type(result, DurableFunctionTestResult)
        assert_type(result.get_step("charge"), StepOperation)
        assert_type(result.get_step("charge").attempt, int)
