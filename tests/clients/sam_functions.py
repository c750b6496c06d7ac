"""Functions in the official Python SDK, of the kinds that SAM's tests invoke."""

import os

from aws_durable_execution_sdk_python import DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import (
    Duration, MapConfig, WaitForCallbackConfig)

import runtime


def hello(event, context: DurableContext):
    return {"hello": "world"}


def step(event, context: DurableContext):
    return context.step(lambda _: "stepped", "a step")


def wait(event, context: DurableContext):
    context.wait(Duration(1), "a wait")
    return "waited"


def long_wait(event, context: DurableContext):
    context.wait(Duration(3600), "a wait")


def batch(event, context: DurableContext):
    return context.map(
        [1, 2, 3, 4, 5], lambda child, item, *_: child.step(
            lambda _: item * 2, "double"), "doubles",
        MapConfig(max_concurrency=2)).get_results()


def approval(event, context: DurableContext):
    return context.wait_for_callback(
        lambda callback_id, _: print(f"Waiting for callback: {callback_id}",
                                     flush=True),
        "approval", WaitForCallbackConfig(timeout=Duration(120),
                                          heartbeat_timeout=Duration(60)))


runtime.run(durable_execution(globals()[os.environ["_HANDLER"]]))
