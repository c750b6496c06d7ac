"""The official testing package, with durable_core where it imports the official SDK:
its emulator drives our handlers, through a service client in Python."""
from __future__ import annotations

import os
import subprocess
import sys
import textwrap

PROGRAM = """
    import importlib, sys
    from both import OFFICIAL
    for name in ("", ".config", ".context", ".execution", ".types", ".retries", ".waits",
                 ".serdes", ".preview", ".exceptions", ".plugin", ".lambda_service",
                 ".logger", ".concurrency", ".concurrency.models", ".state"):
        sys.modules[OFFICIAL + name] = importlib.import_module("durable_core" + name)

    from aws_durable_execution_sdk_python_testing import DurableFunctionTestRunner
    from aws_durable_execution_sdk_python import (
        durable_execution, durable_step, DurableContext)
    from aws_durable_execution_sdk_python.config import Duration
    assert DurableContext.__module__ == "durable_core.context"

    @durable_step
    def charge(step, n):
        if step.attempt < 3:
            raise ValueError("no")
        return {"n": n}

    @durable_execution
    def handler(event, context):
        charged = context.step(charge(event["n"]))
        context.wait(Duration.from_days(2), name="pause")
        doubled = context.map(
            [1, 2, 3], lambda c, x, i, xs: c.step(lambda s: x * 2, name="double"), "m")
        answer = context.invoke("other", {"x": 1}, name="inv")
        return [charged, doubled.get_results(), answer,
                context.create_callback("cb").result()]

    with DurableFunctionTestRunner(handler, poll_interval=0.05) as runner:
        runner.register_function("other", lambda event, context: {"echo": event})
        arn = runner.run_async('{"n": 5}', execution_timeout=60)
        runner.send_callback_success(runner.wait_for_callback(arn, "cb"), b"done")
        result = runner.wait_for_result(arn)
        assert result.get_step("charge").attempt == 3
        print(result.status.value, result.result)
"""


def test_its_emulator_runs_our_handlers():
    here = os.path.dirname(os.path.abspath(__file__))
    path = os.pathsep.join([os.environ["PYTHONPATH"], here])
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PROGRAM)], text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": path, "AWS_DEFAULT_REGION": "us-east-1"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.stdout == (
        'SUCCEEDED [{"n": 5}, [2, 4, 6], {"echo": {"x": 1}}, "done"]\n'), done.stderr
