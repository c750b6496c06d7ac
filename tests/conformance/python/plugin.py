"""Suite "plugin": what plugins are told, as a JSON line for each call of a hook.

Every line has the execution's ARN, since logs are looked up by it.
"""

import json

from conformance_common import (
    NO_RETRY, RETRY_ONCE, RETRY_TWICE, fail, fail_once, give, greet,
    one_by_one, requirement)
from durable_core import ParallelBranch
from durable_core.config import Duration, ParallelConfig, StepConfig
from durable_core.plugin import DurableInstrumentationPlugin, OperationType


class Lines(DurableInstrumentationPlugin):
    """Writes a line for each call of a hook."""

    name = "CONFPLUGIN"

    def __init__(self, arn):
        self.arn = arn

    def put(self, hook, **members):
        print(json.dumps({"plugin": self.name, "hook": hook,
                          "durableExecutionArn": self.arn, **members}) + "\n",
              end="", flush=True)  # one write, whatever other threads print


class Factory:
    def __init__(self, plugin):
        self.plugin = plugin

    def create_plugin(self, info):
        return self.plugin(info.execution_arn)


def watched(identifier, *plugins):
    return requirement(identifier,
                       plugins=[Factory(plugin) for plugin in plugins])


def is_step(info):
    return info.operation_type is OperationType.STEP


def is_wait(info):
    return info.operation_type is OperationType.WAIT


def message(error):
    return None if error is None else error.message


# ---- plugins of many handlers

class Invocations(Lines):
    def on_invocation_start(self, info):
        self.put("invocation-start", first=info.is_first_invocation)

    def on_invocation_end(self, info):
        self.put("invocation-end", first=info.is_first_invocation,
                 terminal=info.status.value in ("SUCCEEDED", "FAILED"),
                 status=info.status.value)


class Steps(Lines):
    def on_operation_start(self, info):
        if is_step(info):
            self.put("operation-start", op=info.operation_id,
                     replay=info.is_replayed)

    def on_operation_end(self, info):
        if is_step(info):
            self.put("operation-end", op=info.operation_id,
                     status=info.status.value,
                     result="NONE" if info.result is None else info.result,
                     error=message(info.error) or "NONE")


class Attempts(Lines):
    def on_user_function_start(self, info):
        if is_step(info):
            self.put("attempt-start", op=info.operation_id, n=info.attempt)

    def on_user_function_end(self, info):
        if is_step(info):
            self.put("attempt-end", op=info.operation_id, n=info.attempt,
                     outcome=info.outcome.value)


class Waits(Lines):
    def on_operation_start(self, info):
        if is_wait(info):
            self.put("operation-start", op=info.operation_id, type="WAIT",
                     name=info.name, replay=info.is_replayed,
                     pending=info.end_time is None)

    def on_operation_end(self, info):
        if is_wait(info):
            self.put("operation-end", op=info.operation_id, type="WAIT",
                     name=info.name, status=info.status.value)


# ---- handlers

def two_seconds(event, context):
    context.wait(Duration(2))


def flaky(context):
    return context.step(fail_once("Operation succeeded"),
                        config=StepConfig(retry_strategy=RETRY_TWICE))


@watched("10-1", Invocations)
def loud_greeting(event, context):
    def body(step):
        step.logger.info("Greeting step running for: %s", event)
        return f"Hello, {event}!"

    return context.step(body)


@watched("10-2", Steps)
def step_hooks(event, context):
    return context.step(greet(event))


@watched("10-3", Attempts)
def attempt_hooks(event, context):
    return flaky(context)


class Faulty(Invocations, Steps, Attempts):
    """Every hook writes its line, then throws."""

    name = "CONFPLUGIN-FAULTY"

    def put(self, hook, **members):
        super().put(hook)
        raise ValueError("as told")


@watched("10-4", Faulty)
def faulty_plugin(event, context):
    return context.step(greet(event))


class PluginA(Invocations):
    name = "CONFPLUGIN-A"


class PluginB(Invocations):
    name = "CONFPLUGIN-B"


@watched("10-5", PluginA, PluginB)
def two_plugins(event, context):
    return context.step(greet(event))


watched("10-6", Invocations)(two_seconds)


@watched("10-7", Invocations)
def failing(event, context):
    context.step(fail, config=StepConfig(retry_strategy=NO_RETRY))


class Changes(Lines):
    def on_operation_change(self, info):
        for key, operation in info.updated_operations.items():
            if is_step(operation):
                self.put("operation-change", op=operation.operation_id,
                         status=operation.status.value,
                         in_full_map=key in info.operations)


@watched("10-8", Changes)
def changes(event, context):
    return context.step(greet(event))


class Updates(Lines):
    def on_invocation_start(self, info):
        for operation in info.updated_operations.values():
            if is_wait(operation):
                self.put("updated-on-invoke", op=operation.operation_id,
                         status=operation.status.value,
                         first=info.is_first_invocation)


watched("10-9", Updates)(two_seconds)
watched("10-10", Waits)(two_seconds)


class Ends(Lines):
    def on_operation_end(self, info):
        self.put("operation-end", op=info.operation_id,
                 parent=info.parent_id or "NONE", status=info.status.value)


@watched("10-11", Ends)
def in_child(event, context):
    return context.run_in_child_context(
        lambda child: child.step(greet(event)))


class Branches(Lines):
    def on_user_function_start(self, info):
        if info.sub_type == "ParallelBranch":
            self.put("fn-start", op=info.operation_id,
                     parent=info.parent_id or "NONE")

    def on_user_function_end(self, info):
        if info.sub_type == "ParallelBranch":
            self.put("fn-end", op=info.operation_id,
                     parent=info.parent_id or "NONE",
                     outcome=info.outcome.value)


@watched("10-12", Branches)
def two_branches(event, context):
    return context.parallel([lambda _: "task-1", lambda _: "task-2"],
                            name="parallel",
                            config=one_by_one(ParallelConfig)).get_results()


@watched("10-13", Steps)
def good_then_flaky(event, context):
    context.step(give(None))
    return flaky(context)


@watched("10-14", Steps)
def good_then_bad(event, context):
    def boom(step):
        raise RuntimeError("boom")

    context.step(give("task-a"))
    context.step(boom, config=StepConfig(retry_strategy=NO_RETRY))


class AttemptsAndEnds(Attempts):
    def on_operation_end(self, info):
        if is_step(info):
            self.put("operation-end", op=info.operation_id,
                     status=info.status.value)


@watched("10-15", AttemptsAndEnds)
def exhausted(event, context):
    context.step(fail, config=StepConfig(retry_strategy=RETRY_ONCE))


watched("10-16", Invocations)(two_seconds)


class Healthy(Invocations, Steps, Attempts):
    name = "CONFPLUGIN-HEALTHY"


@watched("10-17", Faulty, Healthy)
def faulty_and_healthy(event, context):
    return context.step(greet(event))


@watched("10-18", Waits)
def two_waits(event, context):
    def short(branch):
        branch.wait(Duration(2), name="short")
        return "short-done"

    def long(branch):
        branch.wait(Duration(8), name="long")
        return "long-done"

    return context.parallel([short, long], name="waits", config=ParallelConfig(
        max_concurrency=2)).get_results()


# ---- infos as they are, under other names

def iso(when):
    return None if when is None else when.isoformat()


def operation(info):
    return given(
        id=info.operation_id, name=info.name, type=info.operation_type.value,
        subType=info.sub_type, parentId=info.parent_id,
        status=info.status.value, startTimestamp=iso(info.start_time),
        endTimestamp=iso(info.end_time), error=message(info.error),
        attempt=info.attempt, isReplay=info.is_replayed)


def given(**members):
    return {key: value for key, value in members.items() if value is not None}


class InvocationInfos(Lines):
    def invocation(self, info):
        return given(
            isFirstInvocation=info.is_first_invocation,
            requestId=info.request_id, operationsCount=len(info.operations),
            executionStartTimestamp=iso(info.execution_start_time))

    def on_invocation_start(self, info):
        self.put("invocation-start", **self.invocation(info),
                 updatedOperationsCount=len(info.updated_operations))

    def on_invocation_end(self, info):
        self.put("invocation-end", **self.invocation(info),
                 **given(executionError=message(info.error)),
                 terminal=info.status.value in ("SUCCEEDED", "FAILED"),
                 status=info.status.value)


@watched("10-19", InvocationInfos)
def done_with(event, context):
    context.wait(Duration(2))
    return f"done-{event}"


class StepInfos(Lines):
    def on_operation_start(self, info):
        if is_step(info):
            self.put("operation-start", **operation(info))

    def on_operation_end(self, info):
        if is_step(info):
            self.put("operation-end", **operation(info))


@watched("10-20", StepInfos)
def greet_step(event, context):
    return context.step(give("task-a"), name="greet")


class AttemptInfos(Lines):
    def on_user_function_start(self, info):
        if is_step(info):
            self.put("attempt-start", **operation(info))

    def on_user_function_end(self, info):
        if is_step(info):
            self.put("attempt-end", **operation(info),
                     outcome=info.outcome.value)


@watched("10-21", AttemptInfos)
def flaky_step(event, context):
    return context.step(fail_once("ok"), name="flaky",
                        config=StepConfig(retry_strategy=RETRY_TWICE))


class ChangeInfos(Lines):
    def on_operation_change(self, info):
        for key, one in info.updated_operations.items():
            if is_step(one):
                self.put("operation-change", executionArn=info.execution_arn,
                         updatedOperationsCount=len(info.updated_operations),
                         operationsCount=len(info.operations),
                         inFullMap=key in info.operations, **operation(one))


@watched("10-22", ChangeInfos)
def greet_step_changes(event, context):
    return context.step(give("task-a"), name="greet")


class ContextInfos(Lines):
    def on_operation_start(self, info):
        if info.operation_type is OperationType.CONTEXT:
            self.put("operation-start", **operation(info))

    def on_user_function_start(self, info):
        if info.operation_type is OperationType.CONTEXT:
            self.put("fn-start", **operation(info),
                     isReplayingChildren=info.is_replay_children)


@watched("10-23", ContextInfos)
def contexts(event, context):
    def branch_a(branch):
        branch.step(give("x"), name="inner")
        branch.wait(Duration(2))
        return "a-done"

    return context.parallel(
        [ParallelBranch(branch_a, "branch-a"),
         ParallelBranch(lambda branch: "b-done", "branch-b")],
        name="ctx", config=one_by_one(ParallelConfig)).get_results()
