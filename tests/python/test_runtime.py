"""``python -m durable_core.runtime`` on real sockets, by ``durable run``."""

from __future__ import annotations

import http.server
import json
import os
import pathlib
import subprocess
import sys
import threading
from typing import Any

import pytest

CLI = os.environ.get("DURABLE_CLI", "build/bin/durable")

ORDER = """
import os
from durable_core import durable_execution, durable_step
from durable_core.config import Duration

@durable_step
def charge(context, total):
    context.logger.warning("charging %d", total)
    return {"charged": total}

@durable_execution
def handler(event, context):
    receipt = context.step(charge(event["total"]))
    context.wait(Duration.from_seconds(1))
    if event.get("fail"):
        raise ValueError("as told")
    return [receipt, os.environ["AWS_LAMBDA_FUNCTION_NAME"],
            context.lambda_context.get_remaining_time_in_millis() > 0]
"""


def durable_run(folder: pathlib.Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """With this Python as ``python3``."""
    (folder / "bin").mkdir()
    (folder / "bin/python3").symlink_to(sys.executable)
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    return subprocess.run(
        [CLI, "run", "--skip-time", *arguments],
        cwd=folder,
        env=dict(os.environ, PATH=path),
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_durable_run(tmp_path: pathlib.Path) -> None:
    (tmp_path / "order.py").write_text(ORDER)
    done = durable_run(tmp_path, "order.py", "--input", '{"total": 9}')
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [{"charged": 9}, "order", True]
    assert done.stderr.count("charging 9") == 1


def test_handlers_of_another_name(tmp_path: pathlib.Path) -> None:
    (tmp_path / "shop.py").write_text(ORDER.replace("def handler", "def order"))
    done = durable_run(tmp_path, "shop.py", "--input", '{"total": 9}')
    assert done.returncode == 1
    assert "has no function or handler handler" in done.stderr
    assert "its durable handlers: order" in done.stderr
    assert "Traceback" not in done.stderr


def test_failure_under_durable_run(tmp_path: pathlib.Path) -> None:
    (tmp_path / "order.py").write_text(ORDER)
    done = durable_run(tmp_path, "order.py", "-i", '{"total": 9, "fail": true}')
    assert done.returncode == 1
    assert "ValueError" in done.stderr and "as told" in done.stderr


class RuntimeApi:
    """A Runtime API with some invocations, then gone."""

    def __init__(self, events: list[Any]) -> None:
        self.posted: list[tuple[str, Any]] = []
        api = self

        class Server(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if not events:
                    self.close_connection = True
                    return
                body = json.dumps(events.pop(0)).encode()
                self.send_response(200)
                self.send_header("Lambda-Runtime-Aws-Request-Id", "r1")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                said = self.rfile.read(length)
                api.posted.append((self.path.partition("/runtime/")[2], json.loads(said)))
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def run(self, folder: pathlib.Path, handler: str, **more: str) -> int:
        environment = dict(
            os.environ,
            AWS_LAMBDA_RUNTIME_API=f"127.0.0.1:{self.server.server_port}",
            LAMBDA_TASK_ROOT=str(folder),
            **more,
        )
        command = [sys.executable, "-m", "durable_core.runtime", handler]
        try:
            done = subprocess.run(
                command, env=environment, capture_output=True, timeout=60
            )
        finally:
            self.server.shutdown()
            self.thread.join()
            self.server.server_close()
        return done.returncode


PLAIN = """
def handler(event, context):
    if event == "exit":
        raise SystemExit(3)
    if event == "fail":
        raise KeyError("gone")
    return {"got": event, "id": context.aws_request_id}
"""


def test_functions_that_are_not_durable(tmp_path: pathlib.Path) -> None:
    (tmp_path / "plain.py").write_text(PLAIN)
    api = RuntimeApi([1, "fail", "exit"])
    assert api.run(tmp_path, "plain.handler") == 3
    (_, first), (failed, second), (_, third) = api.posted
    assert first == {"got": 1, "id": "r1"}
    assert failed == "invocation/r1/error"
    assert (second["errorType"], second["errorMessage"]) == ("KeyError", "'gone'")
    assert "plain.py" in second["stackTrace"][-1]
    assert third["errorType"] == "SystemExit"


@pytest.mark.parametrize(
    ("handler", "kind"),
    [
        ("missing.handler", "Runtime.ImportModuleError"),
        ("plain.missing", "Runtime.HandlerNotFound"),
        ("handler", "Runtime.MalformedHandlerName"),
        ("syntax.handler", "Runtime.UserCodeSyntaxError"),
        ("raises.handler", "ZeroDivisionError"),
    ],
)
def test_handlers_that_cannot_be_loaded(
    tmp_path: pathlib.Path, handler: str, kind: str
) -> None:
    (tmp_path / "plain.py").write_text(PLAIN)
    (tmp_path / "syntax.py").write_text("def handler(:")
    (tmp_path / "raises.py").write_text("1 / 0")
    api = RuntimeApi([])
    assert api.run(tmp_path, handler) == 1
    assert [(path, said["errorType"]) for path, said in api.posted] == [
        ("init/error", kind)
    ]


def test_payload_of_something_else(tmp_path: pathlib.Path) -> None:
    (tmp_path / "order.py").write_text(ORDER)
    api = RuntimeApi([{"total": 1}])
    assert api.run(tmp_path, "order.handler") == 1
    assert api.posted[0][1]["errorType"] == "ExecutionError"
    assert "Unexpected payload" in api.posted[0][1]["errorMessage"]


def test_several_invocations_at_once(tmp_path: pathlib.Path) -> None:
    (tmp_path / "plain.py").write_text(PLAIN)
    api = RuntimeApi(list(range(6)))
    assert api.run(tmp_path, "plain.handler", AWS_LAMBDA_MAX_CONCURRENCY="3") == 1
    assert {said["got"] for _, said in api.posted} <= set(range(6))
    assert len(api.posted) >= 4


INTERRUPTED = """
import os, signal, threading
from durable_core import durable_execution
from durable_core.execution import (DurableExecutionInvocationInput,
    DurableExecutionInvocationInputWithClient as WithClient)
from durable_core.lambda_service import CheckpointOutput

class Client:
    def checkpoint(self, arn, token, updates, client_token):
        return CheckpointOutput.from_dict({"CheckpointToken": "t"})

@durable_execution
def handler(event, context):
    go_on = threading.Event()
    work = context.start.step(lambda _: go_on.wait(60))
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        return work.result()
    finally:
        go_on.set()

arn = "arn:aws:lambda:us-east-1:123456789012:function:f:1/durable-execution/n/i"
execution = {"Id": "e", "Type": "EXECUTION", "Status": "STARTED", "StartTimestamp": 1,
             "ExecutionDetails": {"InputPayload": "{}"}}
event = DurableExecutionInvocationInput.from_json_dict({
    "DurableExecutionArn": arn, "CheckpointToken": "t",
    "InitialExecutionState": {"Operations": [execution], "NextMarker": ""}})
try:
    handler(WithClient.from_durable_execution_invocation_input(event, Client()), None)
except KeyboardInterrupt:
    print("heard")
"""


def test_control_c_is_heard_while_a_call_blocks() -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=40
    )
    assert done.stdout == "heard\n", done.stderr


@pytest.mark.parametrize("given", ["x", "0", "-1", "1.5"])
def test_a_concurrency_that_is_none(given: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "durable_core.runtime", "os.getcwd"],
        env=dict(os.environ, AWS_LAMBDA_MAX_CONCURRENCY=given),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "AWS_LAMBDA_MAX_CONCURRENCY must be a number, 1 or more" in done.stderr
    assert "Traceback" not in done.stderr
