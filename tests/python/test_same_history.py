"""Programs that differ in nothing but the import: the same result, the same history.

Each program is a function of a package; both run on the embedded service, the
official one with a boto3-like client that calls the service.
"""

from __future__ import annotations

import datetime
import decimal
import itertools
import json
import re
import urllib.parse
import uuid
from collections.abc import Callable
from typing import Any

import kit
import pytest
from both import OFFICIAL, OWN, Package

from durable_core import _service

Driver = Callable[[kit.Service, str], None]
PROGRAMS: dict[str, tuple[Callable[[Any], Callable[..., Any]], Driver | None]] = {}


def program(make: Callable[[Any], Callable[..., Any]]) -> Callable[[Any], Any]:
    PROGRAMS[make.__name__] = make, None
    return make


def driven(drive: Driver) -> Callable[[Any], Any]:
    def register(make: Callable[[Any], Callable[..., Any]]) -> Any:
        PROGRAMS[make.__name__] = make, drive
        return make

    return register


# -------------------------------------------------------------- both on one service


class Client:
    """boto3's Lambda client, as far as an SDK uses it, on the embedded service."""

    def __init__(self, service: kit.Service) -> None:
        self.service = service

    def checkpoint_durable_execution(
        self, DurableExecutionArn: str, **body: Any
    ) -> dict[str, Any]:
        target = _path(DurableExecutionArn) + "/checkpoint"
        return _dated(self.service.request("POST", target, _stamped(body)))

    def get_durable_execution_state(
        self, DurableExecutionArn: str, **query: Any
    ) -> dict[str, Any]:
        target = _path(DurableExecutionArn) + "/state?" + urllib.parse.urlencode(query)
        return _dated(self.service.request("GET", target))


def _path(arn: str) -> str:
    return "/2025-12-01/durable-executions/" + urllib.parse.quote(arn, safe="")


def _stamped(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _stamped(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_stamped(one) for one in value]
    return value.timestamp() if isinstance(value, datetime.datetime) else value


def _dated(value: Any) -> Any:
    if isinstance(value, list):
        return [_dated(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: datetime.datetime.fromtimestamp(member, datetime.UTC)
        if key.endswith("Timestamp") and isinstance(member, int | float)
        else _dated(member)
        for key, member in value.items()
    }


def register(service: kit.Service, name: str, handlers: list[Any]) -> None:
    """The handlers take turns, one for each invocation, as a managed runtime calls."""
    legs = itertools.cycle(handlers)

    def function(
        _name: str,
        request_id: str,
        _arn: str | None,
        _tenant: str | None,
        event: bytes,
        deadline_ms: int,
    ) -> tuple[int, bytes]:
        context = kit.LambdaContext(request_id, deadline_ms)
        try:
            output = next(legs)(json.loads(event), context)
        except Exception as error:
            said = {"ErrorType": type(error).__name__, "ErrorMessage": str(error)}
            return _service.DURABLE_SERVICE_RAISED, json.dumps(said).encode()
        return _service.DURABLE_SERVICE_RETURNED, json.dumps(output).encode()

    _service.service_register(service.native, name, function, 0, 0, 0, 0)


CHANGING = ("EventTimestamp", "EndTimestamp", "ScheduledEndTimestamp", "CallbackId",
            "RequestId", "StartTimestamp", "DurableExecutionArn", "EventId",
            "NextAttemptTimestamp", "CurrentRetryTimestamp")


# What the core adds to the summary of a batch that is too large to be stored.
ITEMS = re.compile(r'"itemStatuses": "[SF-]*", ')


def stable(value: Any) -> Any:
    """Without what is different from run to run."""
    if isinstance(value, dict):
        return {
            key: stable(member) for key, member in value.items() if key not in CHANGING
        }
    return ITEMS.sub("", value) if isinstance(value, str) else value


def history(name: str, *packages: str) -> tuple[Any, ...]:
    """Of the program under the first package, or under all in turns."""
    make, drive = PROGRAMS[name]
    with kit.service() as service:

        def handlers(func: Callable[[Any], Any]) -> list[Any]:
            client = Client(service)
            found = [Package(one) for one in packages]
            return [
                one.execution.durable_execution(func(one), boto3_client=client)
                for one in found
            ]

        register(service, "program", handlers(make))
        for other, func in OTHERS.items():
            register(service, other, handlers(lambda _, func=func: func))
        arn = service.start("program", {"total": 7})
        if drive is not None:
            drive(service, arn)
        done = service.wait(arn)
    events = [
        stable(one)
        for one in done.events
        if not one["EventType"].startswith(("Invocation", "ExecutionStarted"))
    ]
    events[-1].pop("Id")  # the execution's own, made up by the service
    events[-1].pop("Name")
    return done.status, done.text, done.error, events


def double(event: Any, context: Any) -> Any:
    return context.step(lambda _: event * 2, name="double")


def reject(event: Any, _: Any) -> Any:
    raise ValueError(f"not {event}")


OTHERS = {"double": double, "reject": reject}


# ------------------------------------------------------------------------- programs


@program
def steps(sdk: Any) -> Callable[..., Any]:
    odd = {
        "text": "\u00e9 \ud800 \" \\ \n \0",
        "list": [1, 2.5, True, None, [1e100]],
        "tuple": (1, b"\0\xff"),
        "when": datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC),
        "money": decimal.Decimal("1.10"),
        "id": uuid.UUID(int=7),
    }

    @sdk.context.durable_step
    def named(_: Any, total: int) -> Any:
        return {"total": total, **odd}

    def handler(event: Any, context: Any) -> Any:
        context.step(named(event["total"]))
        context.step(lambda _: None, name="none")
        context.step(lambda _: [1, "two"], name="plain")
        context.step(
            lambda _: {"json": [1, 2]},
            name="json",
            config=sdk.config.StepConfig(serdes=sdk.serdes.JsonSerDes()),
        )
        context.step(lambda _: 1, config=sdk.config.StepConfig(sub_type="Tool"))
        return {"fine": [1, 2, 3]}

    return handler


@program
def retries(sdk: Any) -> Callable[..., Any]:
    def strategy(error: Exception, attempts: int) -> Any:
        if attempts < 3:
            return sdk.retries.RetryDecision.retry(sdk.config.Duration.from_seconds(2))
        return sdk.retries.RetryDecision.no_retry()

    def flaky(context: Any) -> Any:
        if context.attempt < 3:
            raise KeyError(context.attempt)
        return context.attempt

    def broken(context: Any) -> Any:
        raise RuntimeError("broken")

    def handler(_: Any, context: Any) -> Any:
        config = sdk.config.StepConfig(retry_strategy=strategy)
        first = context.step(flaky, name="flaky", config=config)
        once = sdk.config.StepConfig(
            strategy, step_semantics=sdk.config.StepSemantics.AT_MOST_ONCE_PER_RETRY
        )
        second = context.step(flaky, name="once", config=once)
        try:
            context.step(broken, name="broken", config=config)
        except sdk.exceptions.StepError as error:
            cause = error.__cause__
            return [first, second, str(error), error.error_type, type(cause).__name__]

    return handler


@program
def failing_handler(sdk: Any) -> Callable[..., Any]:
    def broken(_: Any) -> Any:
        raise LookupError("nothing there")

    def handler(_: Any, context: Any) -> Any:
        config = sdk.config.StepConfig(sdk.retries.RetryPresets.none())
        context.run_in_child_context(
            lambda child: child.step(broken, "broken", config), name="child"
        )

    return handler


@program
def waits(sdk: Any) -> Callable[..., Any]:
    def handler(_: Any, context: Any) -> Any:
        context.wait(sdk.config.Duration.from_minutes(3), name="pause")
        context.wait(sdk.config.Duration.from_seconds(1))

    return handler


@program
def children(sdk: Any) -> Callable[..., Any]:
    def inner(child: Any) -> Any:
        child.step(lambda _: "inside", name="inside")
        child.wait(sdk.config.Duration.from_seconds(5))
        return child.run_in_child_context(lambda deeper: (1, 2), name="deeper")

    def broken(child: Any) -> Any:
        raise ValueError("in the child")

    def large(child: Any) -> Any:
        return child.step(lambda _: "x" * 200_000, name="half") * 2

    def handler(_: Any, context: Any) -> Any:
        child = sdk.config.ChildConfig
        first = context.run_in_child_context(inner, name="outer")
        try:
            context.run_in_child_context(broken, config=child(sub_type="Mine"))
        except sdk.exceptions.ChildContextError as error:
            second = [str(error), error.error_type]
        third = context.run_in_child_context(
            large, "large", child(summary_generator=lambda text: f"{len(text)}")
        )
        virtual = context.run_in_child_context(
            lambda c: c.step(lambda _: 1, name="in virtual"), "v", child(is_virtual=True)
        )
        context.wait(sdk.config.Duration.from_seconds(1))
        return [first == (1, 2), second, len(third), virtual]

    return handler


@program
def invokes(sdk: Any) -> Callable[..., Any]:
    def handler(event: Any, context: Any) -> Any:
        doubled = context.invoke("double", event["total"], name="ask")
        try:
            context.invoke("reject", {"a": [1, 2]}, name="again")
        except sdk.exceptions.InvokeError as error:
            return [doubled, str(error), error.error_type]

    return handler


@program
def conditions(sdk: Any) -> Callable[..., Any]:
    def strategy(state: Any, attempts: int) -> Any:
        if state["seen"] >= 3:
            return sdk.waits.WaitForConditionDecision.stop_polling()
        return sdk.waits.WaitForConditionDecision.continue_waiting(
            sdk.config.Duration.from_seconds(4)
        )

    def check(state: Any, context: Any) -> Any:
        return {"seen": context.attempt, "before": state}

    def broken(state: Any, context: Any) -> Any:
        raise OSError("unreachable")

    def handler(_: Any, context: Any) -> Any:
        config = sdk.waits.WaitForConditionConfig(strategy, {"seen": 0})
        last = context.wait_for_condition(check, config, name="ready")
        try:
            context.wait_for_condition(broken, config)
        except sdk.exceptions.WaitForConditionError as error:
            return [last["seen"], str(error), error.error_type]

    return handler


def answer(result: str | None) -> Driver:
    def drive(service: kit.Service, arn: str) -> None:
        events = service.settle(arn).events
        started = [one for one in events if one["EventType"] == "CallbackStarted"]
        callback_id = started[-1]["CallbackStartedDetails"]["CallbackId"]
        if result is None:
            error = {"ErrorType": "Declined", "ErrorMessage": "no", "ErrorData": "d"}
            service.reject(callback_id, error)
        else:
            service.complete(callback_id, result)

    return drive


@driven(answer('{"approved": true}'))
def callback(sdk: Any) -> Callable[..., Any]:
    def handler(_: Any, context: Any) -> Any:
        config = sdk.config.CallbackConfig(
            timeout=sdk.config.Duration.from_hours(1), sub_type="Approval"
        )
        return context.create_callback("approval", config).result()

    return handler


@driven(answer('{"approved": true}'))
def wait_for_callback(sdk: Any) -> Callable[..., Any]:
    @sdk.context.durable_wait_for_callback
    def submit(callback_id: str, _: Any, to: str) -> Any:
        assert callback_id and to == "mail"

    return lambda _, context: context.wait_for_callback(submit("mail"))


@driven(answer('{"approved": true}'))
def wait_for_callback_with_serdes(sdk: Any) -> Callable[..., Any]:
    config = sdk.config.WaitForCallbackConfig(serdes=sdk.serdes.JsonSerDes())
    return lambda _, context: context.wait_for_callback(lambda *_: 5, "ask", config)


@driven(answer(None))
def rejected_callback(sdk: Any) -> Callable[..., Any]:
    def handler(_: Any, context: Any) -> Any:
        try:
            context.wait_for_callback(lambda *_: None, name="ask")
        except sdk.exceptions.CallbackError as error:
            context.wait(sdk.config.Duration.from_seconds(1))
            return [type(error).__name__, str(error), error.data,
                    error.error_type.rpartition(".")[2]]

    return handler


@program
def failing_submitter(sdk: Any) -> Callable[..., Any]:
    def submit(callback_id: str, _: Any) -> Any:
        raise OSError("down")

    def handler(_: Any, context: Any) -> Any:
        config = sdk.config.WaitForCallbackConfig(
            retry_strategy=sdk.retries.RetryPresets.none()
        )
        try:
            context.wait_for_callback(submit, "ask", config)
        except sdk.exceptions.CallbackSubmitterError as error:
            return [str(error), type(error).__name__]

    return handler


@program
def with_retry(sdk: Any) -> Callable[..., Any]:
    def strategy(error: Exception, attempts: int) -> Any:
        if attempts < 3:
            return sdk.retries.RetryDecision.retry(sdk.config.Duration.from_seconds(3))
        return sdk.retries.RetryDecision.no_retry()

    def work(context: Any, attempt: int) -> Any:
        context.step(lambda _: attempt, name=f"try {attempt}")
        if attempt < 3:
            raise ConnectionError(attempt)
        return {"took": attempt}

    def hopeless(context: Any, attempt: int) -> Any:
        raise ConnectionError("hopeless")

    def handler(_: Any, context: Any) -> Any:
        config = sdk.retries.WithRetryConfig(strategy)
        loose = sdk.retries.WithRetryConfig(
            strategy, wrap_with_run_in_child_context=False
        )
        found = [
            sdk.retries.with_retry(context, work, config, name="wrapped"),
            sdk.retries.with_retry(context, work, loose, name="loose"),
        ]
        try:
            sdk.retries.with_retry(context, hopeless, config)
        except sdk.exceptions.ChildContextError as error:
            found.append([str(error), error.error_type])
        try:
            sdk.retries.with_retry(context, hopeless, loose)
        except ConnectionError as error:
            found.append(str(error))
        return found

    return handler


@program
def maps(sdk: Any) -> Callable[..., Any]:
    def work(context: Any, item: int, index: int, items: Any) -> Any:
        got = context.step(lambda _: item * 10, name=f"work {index}")
        context.wait(sdk.config.Duration.from_seconds(2))
        return (got, len(items))

    def odd(context: Any, item: int, index: int, items: Any) -> Any:
        if item % 2:
            raise ValueError(f"odd {item}")
        return item

    def handler(_: Any, context: Any) -> Any:
        one = sdk.config.MapConfig(
            max_concurrency=1, item_namer=lambda item, index: f"item {item}"
        )
        first = context.map([1, 2], work, name="tens", config=one)
        tolerant = sdk.config.MapConfig(
            max_concurrency=1,
            completion_config=sdk.config.CompletionConfig(tolerated_failure_count=1),
        )
        second = context.map([0, 1, 2, 3, 4], odd, name="odds", config=tolerant)
        fast = context.map([1, 2], odd, config=sdk.config.MapConfig(max_concurrency=1))
        empty = context.map([], odd, name="empty")
        flat = context.map(
            [4, 6],
            lambda c, item, i, _: c.step(lambda _: item, name=f"flat {i}"),
            config=sdk.config.MapConfig(
                max_concurrency=1, nesting_type=sdk.config.NestingType.FLAT
            ),
        )
        context.wait(sdk.config.Duration.from_seconds(1))
        return [
            [one.completion_reason.value, one.get_results(), one.failure_count]
            for one in (first, second, fast, empty, flat)
        ]

    return handler


@program
def parallels(sdk: Any) -> Callable[..., Any]:
    @sdk.context.durable_parallel_branch(name="named")
    def named(context: Any, value: int) -> Any:
        return context.step(lambda _: value, name="value")

    def plain(context: Any) -> Any:
        return "plain"

    def handler(_: Any, context: Any) -> Any:
        config = sdk.config.ParallelConfig(max_concurrency=1)
        batch = context.parallel([named(5), plain], name="both", config=config)
        return [batch.get_results(), batch.completion_reason.value]

    return handler


@program
def predicates(sdk: Any) -> Callable[..., Any]:
    def decide(status: Any) -> Any:
        if status.completed_count == 2:
            return sdk.config.complete_batch(sdk.config.CompletionOutcome.FAILED)
        return sdk.config.continue_batch()

    def handler(_: Any, context: Any) -> Any:
        config = sdk.config.MapConfig(
            max_concurrency=1,
            completion_config=sdk.config.CompletionConfig(should_complete=decide),
        )
        batch = context.map([1, 2, 3, 4], lambda c, item, *_: item, config=config)
        return [batch.get_results(), batch.completion_reason.value, batch.status.value]

    return handler


@program
def large_map(sdk: Any) -> Callable[..., Any]:
    def work(context: Any, item: int, *_: Any) -> Any:
        return context.step(lambda _: str(item) * 100_000, name=f"{item}")

    def handler(_: Any, context: Any) -> Any:
        config = sdk.config.MapConfig(
            max_concurrency=1, summary_generator=lambda batch: f"{batch.total_count}"
        )
        batch = context.map([1, 2, 3], work, name="large", config=config)
        context.wait(sdk.config.Duration.from_seconds(1))
        return [len(one) for one in batch.get_results()]

    return handler


@program
def serdes_failures(sdk: Any) -> Callable[..., Any]:
    class Broken(sdk.serdes.SerDes):  # type: ignore[misc]
        def serialize(self, value: Any, _: Any) -> str:
            raise sdk.exceptions.SerDesError("cannot be written")

        def deserialize(self, data: str, _: Any) -> Any:
            return data

    def handler(_: Any, context: Any) -> Any:
        config = sdk.config.StepConfig(serdes=Broken())
        found = []
        try:
            context.step(lambda _: 1, name="broken", config=config)
        except sdk.exceptions.SerDesError as error:
            found.append(str(error))
        try:
            context.run_in_child_context(
                lambda _: 1, "child", sdk.config.ChildConfig(serdes=Broken())
            )
        except sdk.exceptions.SerDesError as error:
            found.append(str(error))
        return found

    return handler


@program
def completions(sdk: Any) -> Callable[..., Any]:
    def odd(context: Any, item: int, *_: Any) -> Any:
        if item % 2:
            raise ValueError(f"odd {item}")
        return item

    def handler(_: Any, context: Any) -> Any:
        found: list[Any] = []
        for name, rule in (
            ("enough", {"min_successful": 2}),
            ("half", {"tolerated_failure_percentage": 50.0}),
            ("few", {"tolerated_failure_percentage": 10.0}),
        ):
            config = sdk.config.MapConfig(
                max_concurrency=1, completion_config=sdk.config.CompletionConfig(**rule)
            )
            batch = context.map([0, 1, 2, 3], odd, name, config)
            found.append([batch.completion_reason.value, batch.get_results(),
                          [one.message for one in batch.get_errors()], batch.to_dict()])
            try:
                batch.throw_if_error()
            except sdk.exceptions.ChildContextError as error:
                found.append([str(error), error.error_type])
        return found

    return handler


@program
def branches(sdk: Any) -> Callable[..., Any]:
    @sdk.context.durable_with_child_context
    def prepared(child: Any, value: int) -> Any:
        return child.step(lambda _: value, name="prepared")

    def handler(_: Any, context: Any) -> Any:
        config = sdk.config.ParallelConfig(
            max_concurrency=1, nesting_type=sdk.config.NestingType.FLAT
        )
        named = [sdk.config.ParallelBranch(prepared(n), f"branch {n}") for n in (1, 2)]
        return [context.run_in_child_context(prepared(7)),
                context.parallel(named, "flat", config).get_results()]

    return handler


@program
def serdes_of_parts(sdk: Any) -> Callable[..., Any]:
    class Reversed(sdk.serdes.SerDes):  # type: ignore[misc]
        def serialize(self, value: Any, _: Any) -> str:
            return json.dumps(value)[::-1]

        def deserialize(self, data: str, _: Any) -> Any:
            return json.loads(data[::-1])

    def handler(_: Any, context: Any) -> Any:
        turned, plain = Reversed(), sdk.serdes.JsonSerDes()
        config = sdk.config.MapConfig(max_concurrency=1, item_serdes=turned)
        batch = context.map([12, 34], lambda c, item, *_: item, "map", config)
        invoke = sdk.config.InvokeConfig(serdes_payload=plain, serdes_result=plain)
        child = sdk.config.ChildConfig(serdes=turned)
        return [batch.get_results(), context.invoke("double", 21, "ask", invoke),
                context.run_in_child_context(lambda _: {"a": 12}, "child", child)]

    return handler


@program
def strategies(sdk: Any) -> Callable[..., Any]:
    seconds, none = sdk.config.Duration.from_seconds, sdk.config.JitterStrategy.NONE

    def failing(error: type[Exception], times: int) -> Callable[[Any], Any]:
        def body(step: Any) -> Any:
            if step.attempt <= times:
                raise error("not yet")
            return times

        return body

    retry = sdk.retries.create_retry_strategy(
        sdk.retries.RetryStrategyConfig(
            max_attempts=4, initial_delay=seconds(2), max_delay=seconds(5),
            backoff_rate=2.0, jitter_strategy=none, retryable_error_types=[OSError],
        )
    )
    again = sdk.waits.create_wait_strategy(
        sdk.waits.WaitStrategyConfig(
            should_continue_polling=lambda state: state < 4, initial_delay=seconds(2),
            max_delay=seconds(5), backoff_rate=2.0, jitter_strategy=none,
        )
    )
    bodies = failing(OSError, 3), failing(KeyError, 1)

    def handler(_: Any, context: Any) -> Any:
        config = sdk.config.StepConfig(retry)
        found = [context.step(bodies[0], "three times", config)]
        try:
            context.step(bodies[1], "never", config)
        except sdk.exceptions.StepError as error:
            found.append(str(error))
        poll = sdk.waits.WaitForConditionConfig(again, 0)
        return [*found, context.wait_for_condition(lambda state, _: state + 1, poll)]

    return handler


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_same_history(name: str) -> None:
    theirs, ours = history(name, OFFICIAL), history(name, OWN)
    for one, other in zip(theirs[3], ours[3], strict=False):
        assert other == one
    assert ours == theirs


@pytest.mark.parametrize("first", [OFFICIAL, OWN])
@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_taking_turns(name: str, first: str) -> None:
    """What one package has begun the other goes on with, leg by leg."""
    second = OWN if first == OFFICIAL else OFFICIAL
    assert history(name, first, second) == history(name, OWN)
