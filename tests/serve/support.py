"""Running `durable serve` in a directory of its own, and asking it."""

import concurrent.futures
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse

PROGRAM = os.environ["DURABLE_CLI"]
DEX = str(pathlib.Path(PROGRAM).parent / "dex-local-runner")
BOOTSTRAP = os.environ["DURABLE_BOOTSTRAP"]
RAW = [sys.executable, "-B",
       str(pathlib.Path(__file__).resolve().parent / "fixtures" / "raw.py")]
PATIENCE_S = 60  # how long a test waits for what has to come
API = "/2025-12-01/"


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {k.lower(): v for k, v in response.getheaders()}
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def arn(self):
        return self.headers["x-amz-durable-execution-arn"]


class ServeTest(unittest.TestCase):
    program = [PROGRAM]
    functions = []  # what the configuration has
    options = []

    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="durable-serve-"))
        self.logs = self.directory / "logs"
        self.process = None
        self.listener = None
        self.port = None
        if self.functions is not None:
            self.serve(*self.options, functions=self.functions)

    def tearDown(self):
        if self.process is not None and self.process.poll() is None:
            self.end(signal.SIGKILL)
        elif self.process is not None:
            self.process.stderr.close()
        shutil.rmtree(self.directory)

    def serve(self, *options, functions=(), logs=True):
        config = self.directory / "functions.json"
        config.write_text(json.dumps({"functions": list(functions)}))
        kept = ["--log-dir", self.logs] if logs else []
        self.process = subprocess.Popen(
            [*self.program, "serve", "--port", str(self.port or 0), "--db",
             "test.db", "--config", config, *kept, *options],
            cwd=self.directory, text=True, stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL)
        line = self.process.stderr.readline()
        self.assertIn("serving on http://", line)
        self.port = int(line.rsplit(":", 1)[1])
        if not logs:  # what functions print comes there, so read it
            self.said = []
            self.listener = threading.Thread(
                target=lambda: self.said.extend(self.process.stderr))
            self.listener.start()

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        code = self.process.wait(timeout=PATIENCE_S)
        if self.listener is not None:
            self.listener.join()
            self.listener = None
        self.process.stderr.close()
        return code

    def dex(self, *options, env=None):
        """The same program as SAM starts it."""
        self.process = subprocess.Popen(
            [DEX, "start-server", "--port", str(self.port or 0), *options],
            cwd=self.directory, text=True, stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})})
        lines = []
        while not lines or "serving on" not in lines[-1]:
            lines.append(self.process.stderr.readline())
            self.assertTrue(lines[-1], lines)
        self.port = int(lines[-1].rsplit(":", 1)[1])
        return lines

    def start(self, **more):
        """POST /start-durable-execution, with all that it asks for."""
        return self.ask("POST", "/start-durable-execution", json.dumps({
            "AccountId": "123456789012", "FunctionName": "function",
            "FunctionQualifier": "$LATEST", "ExecutionName": None,
            "ExecutionTimeoutSeconds": 300, "ExecutionRetentionPeriodDays": 7,
            **more}))

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port),
                                        timeout=PATIENCE_S)

    def ask(self, method, target, body=None, connection=None, **headers):
        mine = connection or http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            mine.request(method, target, body, headers)
            return Answer(mine.getresponse())
        finally:
            if connection is None:
                mine.close()

    def invoke(self, function, payload=None, kind=None, name=None, **headers):
        if kind:
            headers["X-Amz-Invocation-Type"] = kind
        if name:
            headers["X-Amz-Durable-Execution-Name"] = name
        return self.ask("POST", f"/2015-03-31/functions/{function}/invocations",
                        json.dumps({} if payload is None else payload),
                        **headers)

    def execution(self, arn, verb="", body=None, method="GET"):
        arn = urllib.parse.quote(arn, safe="")
        return self.ask(method, f"{API}durable-executions/{arn}{verb}", body)

    def events(self, arn):
        return self.execution(
            arn, "/history?IncludeExecutionData=true").json["Events"]

    def kinds(self, arn):
        return [event["EventType"] for event in self.events(arn)]

    def completions(self, arn):
        return [event["InvocationCompletedDetails"]
                for event in self.events(arn)
                if event["EventType"] == "InvocationCompleted"]

    def until(self, condition):
        end = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > end:
                self.fail("it never came")
            time.sleep(0.01)

    def callback_id(self, arn):
        self.until(lambda: "CallbackStarted" in self.kinds(arn))
        for event in self.events(arn):
            if event["EventType"] == "CallbackStarted":
                return event["CallbackStartedDetails"]["CallbackId"]

    def at_once(self, count, job):
        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            return list(pool.map(job, range(count)))

    def log(self, function):
        path = self.logs / f"{function}.jsonl"
        return [json.loads(line) for line in
                path.read_text().splitlines()] if path.exists() else []


def c_function(name, **more):
    more["env"] = {"_HANDLER": name, **more.get("env", {})}
    return {"name": name, "command": [BOOTSTRAP], **more}


def raw_function(name="raw", **more):
    return {"name": name, "command": RAW, **more}
