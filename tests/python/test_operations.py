"""Every operation, live and replayed, on the embedded service."""

from __future__ import annotations

import datetime
import decimal
import json
import logging
import math
import pathlib
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import kit
import pytest

from durable_core import (
    CallbackError,
    CallbackSubmitterError,
    ChildContextError,
    CompletionDecision,
    CompletionOutcome,
    CompletionStatus,
    DurableContext,
    ExecutionError,
    InvocationError,
    InvokeError,
    SerDesError,
    StepContext,
    StepError,
    ValidationError,
    WaitForConditionError,
    WithRetryConfig,
    _native,
    _service,
    complete_batch,
    continue_batch,
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
    Duration,
    InvokeConfig,
    MapConfig,
    NestingType,
    ParallelConfig,
    StepConfig,
    StepSemantics,
    WaitForCallbackConfig,
)
from durable_core.exceptions import SuspendExecution
from durable_core.execution import Handler
from durable_core.filesystem_serdes import FileSystemSerDes
from durable_core.retries import (
    RetryDecision,
    RetryPresets,
    RetryStrategyConfig,
    create_retry_strategy,
)
from durable_core.serdes import SerDes, SerDesContext
from durable_core.types import WaitForCallbackContext, WaitForConditionCheckContext
from durable_core.waits import (
    WaitForConditionConfig,
    WaitForConditionDecision,
    WaitStrategyConfig,
    create_wait_strategy,
)


@pytest.fixture
def service() -> Iterator[kit.Service]:
    with kit.service() as made:
        yield made


PLAIN_EVENT = {"list": [1, 2.5, None, True], "text": "\u00e9"}


def test_plain_json_is_one_setting_away(service: kit.Service) -> None:
    def work(event: Any, context: DurableContext) -> Any:
        step = context.step(lambda _: event, "step")
        batch = context.map([1, 2], lambda c, item, *_: item * 2, "map")
        again = context.map([3], lambda c, item, *_: {"of": item}, "again")
        context.wait(Duration(1))
        return [step, batch.get_results(), again.get_results()]

    done = service.run(Handler(work, None, [], is_plain=True), PLAIN_EVENT)
    assert done.result == [PLAIN_EVENT, [2, 4], [{"of": 3}]]
    assert done.text is not None and " " not in done.text
    payloads = {
        one.get("Name"): one["StepSucceededDetails"]["Result"]["Payload"]
        for one in done.events
        if one["EventType"] == "StepSucceeded"
    }
    assert payloads["step"] == '{"list":[1,2.5,null,true],"text":"\\u00e9"}'


def test_what_plain_json_has_not_is_refused(service: kit.Service) -> None:
    def work(event: Any, context: DurableContext) -> Any:
        with pytest.raises(SerDesError, match=r"\$\.when"):
            context.step(lambda _: {"when": datetime.date(2026, 1, 2)}, "step")
        return "refused"

    assert service.run(Handler(work, None, [], is_plain=True)).result == "refused"


def test_step(service: kit.Service) -> None:
    ran = []

    @durable_step
    def charge(context: StepContext, total: int) -> dict[str, int]:
        ran.append(context.attempt)
        return {"charged": total}

    def handler(event: dict[str, int], context: DurableContext) -> object:
        receipt = context.step(charge(event["total"]))
        context.wait(Duration.from_minutes(5))
        return receipt

    done = service.run(handler, {"total": 7})
    assert done.result == {"charged": 7}
    assert ran == [1] and done.invocations == 2
    assert done.kinds() == [
        "StepStarted charge",
        "StepSucceeded charge",
        "WaitStarted",
        "WaitSucceeded",
    ]


# ------------------------------------------------------------------------- steps


def test_step_is_retried_by_its_strategy(service: kit.Service) -> None:
    seen: list[tuple[str, int]] = []

    def flaky(context: StepContext) -> str:
        if context.attempt < 3:
            raise KeyError("again")
        return f"attempt {context.attempt}"

    def strategy(error: Exception, attempts: int) -> RetryDecision:
        seen.append((repr(error), attempts))
        return RetryDecision.retry(Duration.from_seconds(2))

    def handler(_: object, context: DurableContext) -> str:
        return context.step(flaky, name="flaky", config=StepConfig(strategy))

    done = service.run(handler)
    assert done.result == "attempt 3"
    assert seen == [("KeyError('again')", 1), ("KeyError('again')", 2)]
    assert done.kinds().count("StepFailed flaky") == 2


def test_step_that_fails_raises_the_same_live_and_replayed(
    service: kit.Service,
) -> None:
    def broken(_: StepContext) -> None:
        raise ZeroDivisionError("by zero")

    def handler(_: object, context: DurableContext) -> list[object]:
        try:
            context.step(broken, config=StepConfig(RetryPresets.none()))
        except StepError as error:
            caught = [error.message, error.error_type, type(error.__cause__).__name__]
        context.wait(Duration.from_seconds(1))
        return caught

    done = service.run(handler)
    assert done.result == ["by zero", "ZeroDivisionError", "DurableOperationError"]
    assert done.invocations == 2


def test_default_retry_of_a_step(service: kit.Service) -> None:
    def broken(context: StepContext) -> None:
        raise ValueError(context.attempt)

    done = service.run(lambda _, context: context.step(broken, name="broken"))
    assert done.status == "FAILED" and done.error
    assert done.error["ErrorType"].endswith(".StepError")
    assert done.error["ErrorMessage"] == "6"


def test_at_most_once_is_interrupted(service: kit.Service) -> None:
    """The invocation dies inside the step: the next one does not run it again."""
    ran: list[int] = []

    def fatal(context: StepContext) -> None:
        ran.append(context.attempt)
        raise KeyboardInterrupt

    def handler(_: object, context: DurableContext) -> object:
        semantics = StepSemantics.AT_MOST_ONCE_PER_RETRY
        try:
            context.step(
                fatal,
                config=StepConfig(RetryPresets.none(), step_semantics=semantics),
            )
        except StepError as error:
            return error.error_type
        return "no error"

    done = service.run(handler)
    assert ran == [1]
    assert done.result.endswith("StepInterruptedError")
    assert [type(one) for one in service.raised] == [KeyboardInterrupt]


def test_step_sub_type_and_names(service: kit.Service) -> None:
    @durable_step
    def named(_: StepContext) -> None: ...

    def handler(_: object, context: DurableContext) -> None:
        context.step(named())
        context.step(named(), name="mine", config=StepConfig(sub_type="Tool"))
        context.step(lambda _: None)

    done = service.run(handler)
    started = [one for one in done.events if one["EventType"] == "StepStarted"]
    assert [one.get("Name") for one in started] == ["named", "mine", None]
    assert [one["SubType"] for one in started] == ["Step", "Tool", "Step"]


def test_bad_names_take_no_id(service: kit.Service) -> None:
    def handler(_: object, context: DurableContext) -> str:
        with pytest.raises(ValidationError, match="256"):
            context.step(lambda _: 1, name="x" * 257)
        with pytest.raises(ValidationError, match="at least 1 second"):
            context.wait(Duration())
        return context.step(lambda _: "first")

    done = service.run(handler)
    assert done.result == "first" and len(done.kinds()) == 2


def test_large_and_odd_values(service: kit.Service) -> None:
    odd = {
        "text": "\ud800 \0 é 🎉",
        "int": 2**200,
        "float": [math.inf, -0.0, 1e300],
        "bytes": b"\0\xff",
        "tuple": (1, (2,)),
        "when": datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC),
        "day": datetime.date(2026, 3, 1),
        "money": decimal.Decimal("1.10"),
        "id": uuid.UUID(int=5),
        "none": None,
    }

    def handler(_: object, context: DurableContext) -> bool:
        same = context.step(lambda _: odd) == odd
        context.wait(Duration.from_seconds(1))
        return same

    assert service.run(handler).result is True


def test_unstorable_result_names_its_place(service: kit.Service) -> None:
    def handler(_: object, context: DurableContext) -> str:
        try:
            context.step(lambda _: {"items": [1, object()]})
        except SerDesError as error:
            return str(error.message)
        return ""

    said = service.run(handler).result
    assert said.startswith("$.items[1]: ") and "object" in said


def test_suspension_cannot_be_swallowed(service: kit.Service) -> None:
    reached: list[str] = []

    def handler(_: object, context: DurableContext) -> str:
        try:
            context.wait(Duration.from_hours(1))
        except BaseException:
            reached.append("swallowed")
            with pytest.raises(SuspendExecution):
                context.step(lambda _: reached.append("ran"))
            return "no"
        return "yes"

    done = service.run(handler)
    assert done.result == "yes" and reached == ["swallowed"]


def test_payloads_are_filed_under_the_operation(
    service: kit.Service, tmp_path: pathlib.Path
) -> None:
    """Also those that are written before the operation has begun."""
    filed: SerDes[Any] = FileSystemSerDes(str(tmp_path))

    def echo(event: Any, _: DurableContext) -> Any:
        return filed.deserialize(json.dumps(event), SerDesContext())

    service.register("echo", Handler(echo, None, []))
    strategy = create_wait_strategy(
        WaitStrategyConfig(should_continue_polling=lambda state: state["n"] < 2)
    )

    def handler(_: object, context: DurableContext) -> Any:
        ids = [_native.durable_engine_next_id(context._run.native, context._id)]
        invoke: InvokeConfig[Any, Any] = InvokeConfig(serdes_payload=filed)
        first = context.invoke("echo", {"n": 1}, config=invoke)
        second = context.invoke("echo", {"n": 2}, config=invoke)
        wait = WaitForConditionConfig(strategy, {"n": 0}, serdes=filed)
        third = context.wait_for_condition(
            lambda state, _: {"n": state["n"] + 1}, wait, name="third"
        )
        return [first, second, third, ids[0]]

    done = service.run(handler)
    *values, first_id = done.result
    assert values == [{"n": 1}, {"n": 2}, {"n": 2}]
    names = {path.stem for path in tmp_path.rglob("*") if path.is_file()}
    assert first_id in names and len(names) == 3


# --------------------------------------------------------------------- callbacks


def test_callback(service: kit.Service) -> None:
    ids: list[str] = []

    def handler(_: object, context: DurableContext) -> object:
        callback = context.create_callback("approval")
        ids.append(callback.callback_id)
        return callback.result()

    service.register("handler", Handler(handler, None, []))
    arn = service.start("handler")
    assert service.settle(arn).status == "RUNNING"
    service.complete(ids[0], '{"raw": 1}')
    assert service.wait(arn).result == '{"raw": 1}'
    assert ids[0] == ids[-1] and len(ids) == 2


def test_callback_that_is_rejected_or_late(service: kit.Service) -> None:
    ids: list[str] = []

    def handler(late: bool, context: DurableContext) -> object:
        config = CallbackConfig(timeout=Duration.from_seconds(9 if late else 0))
        callback = context.create_callback(config=config)
        ids.append(callback.callback_id)
        try:
            return callback.result()
        except CallbackError as error:
            return [type(error).__name__, error.message, error.data]

    service.register("handler", Handler(handler, None, []))
    arn = service.start("handler", False)
    service.settle(arn)
    service.reject(ids[0], {"ErrorType": "No", "ErrorMessage": "no", "ErrorData": "d"})
    assert service.wait(arn).result == ["CallbackExternalError", "no", "d"]
    arn = service.start("handler", True)
    service.settle(arn)
    _service.service_advance(service.native, 10_000)
    assert service.wait(arn).result[0] == "CallbackTimeoutError"


def test_wait_for_callback(service: kit.Service) -> None:
    ids: list[str] = []

    @durable_wait_for_callback
    def submit(callback_id: str, _: WaitForCallbackContext, to: str) -> None:
        ids.append(f"{to} {callback_id}")

    def handler(_: object, context: DurableContext) -> object:
        return context.wait_for_callback(submit("mail"))

    service.register("handler", Handler(handler, None, []))
    arn = service.start("handler")
    service.settle(arn)
    assert len(ids) == 1
    service.complete(ids[0].removeprefix("mail "), "fine")
    done = service.wait(arn)
    assert done.result == "fine" and len(ids) == 1
    assert done.kinds() == [
        "ContextStarted submit",
        "CallbackStarted submit create callback id",
        "StepStarted submit submitter",
        "StepSucceeded submit submitter",
        "CallbackSucceeded submit create callback id",
        "ContextSucceeded submit",
    ]


def test_submitter_that_fails(service: kit.Service) -> None:
    def submit(_: str, __: WaitForCallbackContext) -> None:
        raise OSError("down")

    def handler(_: object, context: DurableContext) -> object:
        config = WaitForCallbackConfig(retry_strategy=RetryPresets.none())
        try:
            context.wait_for_callback(submit, "ask", config)
        except CallbackSubmitterError as error:
            cause = error.__cause__
            context.wait(Duration.from_seconds(1))
            return [error.message, type(cause).__name__]
        return None

    assert service.run(handler).result[0] == "down"


# ------------------------------------------------------------------------ invoke


def test_invoke(service: kit.Service) -> None:
    def double(event: int, context: DurableContext) -> int:
        return context.step(lambda _: event * 2)

    def reject(event: int, _: DurableContext) -> int:
        raise ValueError(f"not {event}")

    service.register("double", Handler(double, None, []))
    service.register("reject", Handler(reject, None, []))

    def handler(_: object, context: DurableContext) -> object:
        doubled = context.invoke("double", 21, name="ask")
        try:
            context.invoke("reject", 5)
        except InvokeError as error:
            return [doubled, error.message, error.error_type]
        return None

    assert service.run(handler).result == [42, "not 5", "ValueError"]


# ------------------------------------------------------------- wait_for_condition


def test_wait_for_condition(service: kit.Service) -> None:
    attempts: list[int] = []

    def check(state: int, context: WaitForConditionCheckContext) -> int:
        attempts.append(context.attempt)
        return state + 1

    strategy = create_wait_strategy(
        WaitStrategyConfig(should_continue_polling=lambda state: state < 3)
    )

    def handler(_: object, context: DurableContext) -> int:
        config = WaitForConditionConfig(strategy, initial_state=0)
        return context.wait_for_condition(check, config, name="ready")

    done = service.run(handler)
    assert done.result == 3 and attempts == [1, 2, 3]
    assert done.invocations == 3


def test_condition_that_fails(service: kit.Service) -> None:
    def check(_: int, __: WaitForConditionCheckContext) -> int:
        raise LookupError("gone")

    def handler(_: object, context: DurableContext) -> object:
        config = WaitForConditionConfig(
            lambda *_: WaitForConditionDecision.stop_polling(), initial_state=0
        )
        try:
            context.wait_for_condition(check, config)
        except WaitForConditionError as error:
            return error.error_type
        return None

    assert service.run(handler).result == "LookupError"


def test_condition_whose_initial_state_cannot_be_stored(service: kit.Service) -> None:
    def handler(_: object, context: DurableContext) -> object:
        config = WaitForConditionConfig(
            lambda *_: WaitForConditionDecision.stop_polling(), initial_state=object()
        )
        try:
            context.wait_for_condition(lambda state, _: state, config)
        except SerDesError as error:
            return error.message
        return None

    assert service.run(handler).result.startswith("$: ")


# ---------------------------------------------------------------- child contexts


def test_child_context(service: kit.Service) -> None:
    @durable_with_child_context
    def order(child: DurableContext, item: str) -> list[str]:
        first = child.step(lambda _: f"pick {item}", name="pick")
        child.wait(Duration.from_seconds(5))
        return [first, child.step(lambda _: f"pack {item}", name="pack")]

    def handler(_: object, context: DurableContext) -> list[str]:
        return context.run_in_child_context(order("tea"))

    done = service.run(handler)
    assert done.result == ["pick tea", "pack tea"]
    assert done.kinds()[0] == "ContextStarted order"


def test_child_context_that_fails(service: kit.Service) -> None:
    def broken(child: DurableContext) -> None:
        child.step(_raise_value_error, config=StepConfig(RetryPresets.none()))

    def handler(_: object, context: DurableContext) -> object:
        try:
            context.run_in_child_context(broken, name="broken")
        except ChildContextError as error:
            context.wait(Duration.from_seconds(1))
            cause = error.__cause__
            assert isinstance(cause, StepError)
            return [error.message, error.error_type, cause.message]
        return None

    said = service.run(handler).result
    assert said[0] == said[2] == "bad"
    assert said[1].endswith(".StepError")


def _raise_value_error(_: StepContext) -> None:
    raise ValueError("bad")


def test_large_child_is_made_again(service: kit.Service) -> None:
    ran: list[int] = []

    def large(child: DurableContext) -> str:
        ran.append(1)
        return child.step(lambda _: "x" * 100_000) * 3

    def handler(_: object, context: DurableContext) -> int:
        config: ChildConfig[str] = ChildConfig(summary_generator=lambda text: text[:2])
        length = len(context.run_in_child_context(large, config=config))
        context.wait(Duration.from_seconds(1))
        return length

    done = service.run(handler)
    assert done.result == 300_000 and len(ran) == 2
    ended = [one for one in done.events if one["EventType"] == "ContextSucceeded"]
    assert ended[0]["ContextSucceededDetails"]["Result"]["Payload"] == "xx"


def test_virtual_child(service: kit.Service) -> None:
    def inner(child: DurableContext) -> tuple[int, ...]:
        return (child.step(lambda _: 1, name="one"),)

    def handler(_: object, context: DurableContext) -> object:
        config: ChildConfig[Any] = ChildConfig(is_virtual=True)
        got = context.run_in_child_context(inner, config=config)
        context.wait(Duration.from_seconds(1))
        return [got == (1,), len(context.run_in_child_context(inner))]

    done = service.run(handler)
    assert done.result == [True, 1]
    assert done.kinds()[:2] == ["StepStarted one", "StepSucceeded one"]


# -------------------------------------------------------------------- with_retry


@pytest.mark.parametrize("wrapped", [True, False])
def test_with_retry(service: kit.Service, wrapped: bool) -> None:
    def work(context: DurableContext, attempt: int) -> str:
        context.step(lambda _: attempt, name=f"try-{attempt}")
        if attempt < 3:
            raise ConnectionError(attempt)
        return f"took {attempt}"

    def handler(_: object, context: DurableContext) -> str:
        config = WithRetryConfig[str](
            create_retry_strategy(RetryStrategyConfig(max_attempts=4)),
            wrap_with_run_in_child_context=wrapped,
        )
        return with_retry(context, work, config, name="job")

    done = service.run(handler)
    assert done.result == "took 3"
    waits = [one for one in done.kinds() if one.startswith("WaitStarted")]
    assert waits == ["WaitStarted job-backoff-1", "WaitStarted job-backoff-2"]


@pytest.mark.parametrize("wrapped", [True, False])
def test_with_retry_that_gives_up(service: kit.Service, wrapped: bool) -> None:
    class Mine(Exception):
        pass

    def work(_: DurableContext, attempt: int) -> str:
        raise Mine(attempt)

    def handler(_: object, context: DurableContext) -> object:
        config = WithRetryConfig[str](
            create_retry_strategy(RetryStrategyConfig(max_attempts=2)),
            wrap_with_run_in_child_context=wrapped,
        )
        try:
            return with_retry(context, work, config)
        except Mine as error:
            return ["mine", *error.args]
        except ChildContextError as error:
            return ["child", error.message]

    assert service.run(handler).result == (["child", "2"] if wrapped else ["mine", 2])


# ------------------------------------------------------------------------ groups


def test_map(service: kit.Service) -> None:
    def work(context: DurableContext, item: int, index: int, all_: object) -> int:
        assert all_ == [3, 4, 5] and context.step(lambda _: index) == index
        context.wait(Duration.from_seconds(item))
        return context.step(lambda _: item * item, name="square")

    def handler(_: object, context: DurableContext) -> object:
        batch = context.map([3, 4, 5], work, name="squares")
        return [batch.get_results(), batch.completion_reason.value, batch.total_count]

    done = service.run(handler)
    assert done.result == [[9, 16, 25], "ALL_COMPLETED", 3]


def test_map_with_failures(service: kit.Service) -> None:
    def work(_: DurableContext, item: int, *__: object) -> int:
        if item % 2:
            raise ValueError(item)
        return item

    def handler(_: object, context: DurableContext) -> object:
        config: MapConfig[int] = MapConfig(
            max_concurrency=1,
            completion_config=CompletionConfig(tolerated_failure_count=1),
            item_namer=lambda item, index: f"item {item} at {index}",
        )
        batch = context.map(range(6), work, config=config)
        context.wait(Duration.from_seconds(1))
        with pytest.raises(ChildContextError, match="1"):
            batch.throw_if_error()
        errors = [error.message for error in batch.get_errors() if error]
        return [batch.get_results(), errors, batch.completion_reason.value]

    done = service.run(handler)
    assert done.result == [[0, 2], ["1", "3"], "FAILURE_TOLERANCE_EXCEEDED"]
    assert "ContextFailed item 3 at 3" in done.kinds()


def test_parallel_ends_early(service: kit.Service) -> None:
    def slow(context: DurableContext) -> str:
        context.wait(Duration.from_hours(1))
        return "slow"

    @durable_parallel_branch(name="quick")
    def quick(context: DurableContext, answer: str) -> str:
        return context.step(lambda _: answer)

    def handler(_: object, context: DurableContext) -> object:
        config = ParallelConfig(
            completion_config=CompletionConfig.first_successful()
        )
        batch = context.parallel([slow, quick("fast")], name="race", config=config)
        return [batch.get_results(), batch.started_count, batch.completion_reason.value]

    done = service.run(handler)
    assert done.result == [["fast"], 1, "MIN_SUCCESSFUL_REACHED"]
    assert done.invocations == 1


def test_completion_predicate(service: kit.Service) -> None:
    def work(_: DurableContext, item: int, *__: object) -> int:
        return item

    def decide(status: CompletionStatus) -> CompletionDecision:
        assert [one.index for one in status.items] == [0, 1, 2, 3]
        if status.success_count == 2:
            return complete_batch(CompletionOutcome.FAILED)
        return continue_batch()

    def handler(_: object, context: DurableContext) -> object:
        config: MapConfig[int] = MapConfig(
            max_concurrency=1, completion_config=CompletionConfig(should_complete=decide)
        )
        batch = context.map(range(4), work, config=config)
        return [batch.get_results(), batch.completion_reason.value, batch.status.value]

    assert service.run(handler).result == [
        [0, 1],
        "CUSTOM_COMPLETION_FAILED",
        "FAILED",
    ]


def test_flat_branches_write_no_context(service: kit.Service) -> None:
    def work(context: DurableContext, item: int, *_: object) -> int:
        return context.step(lambda _: item, name=f"step-{item}")

    def handler(_: object, context: DurableContext) -> object:
        config: MapConfig[int] = MapConfig(
            max_concurrency=1, nesting_type=NestingType.FLAT
        )
        return context.map([1, 2], work, name="flat", config=config).get_results()

    done = service.run(handler)
    assert done.result == [1, 2]
    assert done.kinds().count("ContextStarted flat") == 1
    assert sum("Context" in one for one in done.kinds()) == 2


def test_more_branches_than_threads(service: kit.Service) -> None:
    """300 nested branches on timers need no 300 threads."""
    most: list[int] = []

    def leaf(context: DurableContext, item: int, *_: object) -> int:
        context.wait(Duration.from_seconds(1 + item % 3))
        most.append(threading.active_count())
        return context.step(lambda _: item)

    def middle(context: DurableContext, item: int, *_: object) -> int:
        return sum(context.map(range(10), leaf).get_results()) + item

    def handler(_: object, context: DurableContext) -> int:
        return sum(context.map(range(30), middle).get_results())

    before = threading.active_count()
    done = service.run(handler)
    assert done.result == 30 * 45 + sum(range(30))
    # The runnable ones, the parked maps, and as many that are about to end.
    assert max(most) <= before + 64 + 30 + 64


def test_batch_with_a_serdes_of_ones_own(service: kit.Service) -> None:
    class Reversed(SerDes[Any]):
        def serialize(self, value: Any, _: SerDesContext) -> str:
            return json.dumps(value)[::-1]

        def deserialize(self, data: str, _: SerDesContext) -> Any:
            return json.loads(data[::-1])

    def handler(_: object, context: DurableContext) -> object:
        config: MapConfig[str] = MapConfig(item_serdes=Reversed())
        batch = context.map(["a", "b"], lambda *it: it[1] * 2, config=config)
        context.wait(Duration.from_seconds(1))
        return batch.get_results()

    assert service.run(handler).result == ["aa", "bb"]


# --------------------------------------------------------------- the whole of it


def test_order_of_operations_must_not_change(service: kit.Service) -> None:
    legs: list[int] = []

    def handler(_: object, context: DurableContext) -> None:
        legs.append(1)
        context.step(lambda _: 1, name=f"leg-{len(legs)}")
        context.wait(Duration.from_seconds(1))

    done = service.run(handler)
    assert done.status == "FAILED" and done.error
    assert done.error["ErrorType"].endswith("NonDeterministicExecutionError")
    assert "leg-1" in done.error["ErrorMessage"]


def test_what_leaves_a_handler(service: kit.Service) -> None:
    def handler(kind: str, _: DurableContext) -> object:
        if kind == "value":
            raise ValueError("v")
        if kind == "execution":
            raise ExecutionError("e")
        if kind == "set":
            return {1, 2}
        return "fine"

    service.register("handler", Handler(handler, None, []))

    def error(kind: str) -> tuple[str, str]:
        done = service.wait(service.start("handler", kind))
        assert done.status == "FAILED" and done.error
        return done.error["ErrorType"].rpartition(".")[2], done.error["ErrorMessage"]

    assert error("value") == ("ValueError", "v")
    assert error("execution") == ("ExecutionError", "e")
    assert error("set") == ("TypeError", "Object of type set is not JSON serializable")
    assert service.wait(service.start("handler", "")).result == "fine"


def test_invocation_error_is_raised_and_repeated(service: kit.Service) -> None:
    legs: list[int] = []

    def handler(_: object, context: DurableContext) -> str:
        legs.append(1)
        kept = context.step(lambda _: "kept")
        if len(legs) < 3:
            raise InvocationError("again")
        return kept

    done = service.run(handler)
    assert done.result == "kept" and len(legs) == 3
    assert [str(one) for one in service.raised] == ["again", "again"]


def test_execution_error_inside_a_branch_fails_the_execution(
    service: kit.Service,
) -> None:
    def work(_: DurableContext, item: int, *__: object) -> int:
        raise ExecutionError(f"at {item}")

    def handler(_: object, context: DurableContext) -> object:
        config: MapConfig[int] = MapConfig(max_concurrency=1)
        return context.map([7], work, config=config).get_results()

    done = service.run(handler)
    assert done.status == "FAILED" and done.error
    assert done.error["ErrorMessage"] == "at 7"


def test_replay_safe_values(service: kit.Service) -> None:
    seen: list[tuple[str, float, int]] = []

    def handler(_: object, context: DurableContext) -> bool:
        seen.append((context.uuid(), context.random(), context.now_ms()))
        context.wait(Duration.from_seconds(60))
        return context.now_ms() >= seen[0][2] + 60_000

    assert service.run(handler).result is True
    assert seen[0] == seen[1] and 0 <= seen[0][1] < 1
    assert uuid.UUID(seen[0][0]).version == 4


def test_logger_is_silent_while_replaying(
    service: kit.Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    def noisy(context: StepContext) -> None:
        context.logger.info("in the step")

    def handler(_: object, context: DurableContext) -> None:
        context.logger.info("begin")
        context.step(noisy, name="noisy")
        context.wait(Duration.from_seconds(1))
        context.logger.info("end")

    service.run(handler)
    lines = [one for one in caplog.records if one.name == "root"]
    assert [one.message for one in lines] == ["begin", "in the step", "end"]
    step: Any = lines[1]
    assert step.operationName == "noisy" and step.attempt == 1
    assert len(step.operationId) == 64 and step.executionArn.startswith("arn:")


def test_operations_of_the_state(service: kit.Service) -> None:
    def handler(_: object, context: DurableContext) -> object:
        context.step(lambda _: 5, name="five")
        found = {one.name: one for one in context.state.operations.values() if one.name}
        five = found["five"]
        assert five.step_details is not None
        return [five.status.value, five.step_details.result]

    assert service.run(handler).result == ["SUCCEEDED", "5"]


def test_contexts_of_an_invocation_that_is_over(service: kit.Service) -> None:
    kept: list[DurableContext] = []

    def handler(_: object, context: DurableContext) -> None:
        kept.append(context)

    service.run(handler)
    with pytest.raises(SuspendExecution):
        kept[0].step(lambda _: 1)


def test_threads_of_the_users_own(service: kit.Service) -> None:
    def handler(_: object, context: DurableContext) -> object:
        with ThreadPoolExecutor(4) as pool:
            ran = pool.map(lambda n: context.step(lambda _: n, name="n"), [1, 2, 3])
            return sorted(ran)

    assert service.run(handler).result == [1, 2, 3]


def test_payload_of_something_else_is_refused() -> None:
    handler = Handler(lambda event, context: None, None, [])
    for event in ({"order": 1}, "text", None):
        with pytest.raises(ExecutionError, match="Unexpected payload"):
            handler(event, kit.LambdaContext("r", 0))  # type: ignore[arg-type]
