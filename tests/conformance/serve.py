"""`durable serve` in a directory of its own, with one function and its targets."""

import http.client
import json
import pathlib
import shutil
import signal
import subprocess
import tempfile
import urllib.parse

PATIENCE_S = 60
API = "/2025-12-01/"

# What the handlers of the suite "invoke" invoke; the same program serves them.
TARGETS = ({"name": "TargetEcho"}, {"name": "TargetError"},
           {"name": "TargetEchoTenant", "tenant_isolation": True})

# One pipe for stdout and stderr: lines come in the order they were written in.
JOINED = ["/bin/sh", "-c", 'exec "$0" "$@" 2>&1']


class Refused(Exception):
    """The service answered something else than success."""


class Serve:
    """A context manager.  |function| is the id of a requirement."""

    def __init__(self, program, column, requirement):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="conformance-"))
        self.function = requirement.id
        targets = TARGETS if requirement.suite == "invoke" else ()
        config = self.directory / "functions.json"
        config.write_text(json.dumps({"functions": [
            self.described(column, function)
            for function in ({"name": requirement.id}, *targets)]}))
        self.process = subprocess.Popen(
            [program, "serve", "--port", "0", "--db", ":memory:",
             "--config", config, "--log-dir", self.directory / "logs",
             "--collapse"]
            + (["--test-faults"] if requirement.faults else [])
            + ([] if requirement.in_real_time else ["--skip-time"]),
            cwd=self.directory, text=True, stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE)
        line = self.process.stderr.readline()
        if "serving on http://" not in line:
            self.__exit__()
            raise Refused(f"durable serve: {line.strip()}")
        self.port = int(line.rsplit(":", 1)[1])

    def described(self, column, function):
        return {**function, "command": JOINED + column.command,
                "execution_timeout_s": 7200,
                "env": {"CONFORMANCE_DIR": str(self.directory),
                        "_HANDLER": column.handler.format(function["name"]),
                        **column.env}}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
        self.process.stderr.close()
        shutil.rmtree(self.directory)

    def end(self):
        """Stops it; what the function printed is in its log then."""
        if self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def ask(self, method, target, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                timeout=PATIENCE_S)
        try:
            connection.request(method, target, body, headers or {})
            response = connection.getresponse()
            content = response.read()
            if response.status >= 300:
                raise Refused(f"{method} {target}: {response.status} "
                              f"{content.decode(errors='replace')[:500]}")
            return response, content
        finally:
            connection.close()

    def go_on_with(self, column):
        """The next invocation runs the handler of another column."""
        self.ask("PUT", f"/functions/{self.function}", json.dumps(
            self.described(column, {"name": self.function})))

    def put_faults(self, faults):
        self.ask("PUT", "/faults", json.dumps(faults))

    def invoke(self, payload, kind):
        """Starts an execution and answers its ARN; RequestResponse waits."""
        response, _ = self.ask(
            "POST", f"/2015-03-31/functions/{self.function}/invocations"
            "?Qualifier=%24LATEST", json.dumps(payload),
            {"X-Amz-Invocation-Type": kind})
        arn = response.headers["X-Amz-Durable-Execution-Arn"]
        if not arn:
            raise Refused("Invoke answered no X-Amz-Durable-Execution-Arn")
        return arn

    def execution(self, arn, query=""):
        arn = urllib.parse.quote(arn, safe="")
        return json.loads(self.ask("GET",
                                   f"{API}durable-executions/{arn}{query}")[1])

    def events(self, arn):
        found, marker = [], ""
        while True:
            page = self.execution(
                arn, "/history?IncludeExecutionData=true&MaxItems=1000" + marker)
            found += page["Events"]
            if not page.get("NextMarker"):
                return found
            marker = "&Marker=" + urllib.parse.quote(page["NextMarker"], safe="")

    def callback(self, identifier, verb, body=None):
        identifier = urllib.parse.quote(identifier, safe="")
        self.ask("POST",
                 f"{API}durable-execution-callbacks/{identifier}/{verb}", body)

    def lines(self):
        """What the function printed: [{"timestamp", "message", ...}]."""
        path = self.directory / "logs" / f"{self.function}.jsonl"
        return [json.loads(line) for line in
                path.read_text(encoding="utf-8").splitlines()] \
            if path.exists() else []
