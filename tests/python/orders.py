"""Functions as they are deployed: the tests run them here and behind a service."""
from __future__ import annotations

import json
import logging

from durable_core import durable_execution, durable_step
from durable_core.config import Duration, StepConfig
from durable_core.retries import RetryStrategyConfig, create_retry_strategy

logging.getLogger().setLevel(logging.INFO)


@durable_step
def charge(step, total):
    if step.attempt < 2:
        raise ConnectionError("busy")
    return {"charged": total}


RETRIES = StepConfig(create_retry_strategy(RetryStrategyConfig(
    initial_delay=Duration(1), max_delay=Duration(1))))


@durable_execution
def order(event, context):
    print(json.dumps({"level": "INFO", "message": "order", "total": event["total"]}),
          flush=True)
    receipt = context.step(charge(event["total"]), config=RETRIES)
    context.wait(Duration(1), name="pause")
    if event.get("approval"):
        receipt["by"] = context.create_callback("approval").result()
    if event.get("fail"):
        raise ValueError("no such order")
    return receipt
