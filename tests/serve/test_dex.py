"""dex-local-runner start-server: what SAM CLI starts, and what it then asks."""

import json
import os
import signal
import sqlite3
import subprocess
import unittest
import urllib.parse

from support import API, DEX, ServeTest, c_function

MISSING = "00000000-0000-0000-0000-000000000000"
STORE = ".durable-executions-local/durable-executions.db"
# The command of SAM's container, but for the host, the port and the store's
# directory, which is of the container there.
SAM = ["--log-level", "DEBUG", "--lambda-endpoint", "http://127.0.0.1:1",
       "--store-type", "sqlite", "--store-path", STORE]


class Dex(ServeTest):
    functions = None

    def gate(self):
        """The function of every template of SAM's is called function."""
        answer = self.ask("PUT", "/functions/function", json.dumps(
            {"command": c_function("gate")["command"],
             "env": {"_HANDLER": "gate"}}))
        self.assertEqual(answer.status, 200, answer.body)

    def started(self, **more):
        answer = self.start(**more)
        self.assertEqual(answer.status, 201, answer.body)
        return answer.json["ExecutionArn"]

    def answer(self, callback, verb, body="1"):
        one = urllib.parse.quote(callback, safe="")
        return self.ask("POST",
                        f"{API}durable-execution-callbacks/{one}/{verb}", body)

    def test_health(self):
        self.dex(*SAM)
        answer = self.ask("GET", "/health")
        self.assertEqual((answer.status, answer.json),
                         (200, {"status": "healthy"}))

    def test_error_types(self):
        """Where there is one, botocore shows it and not the status."""
        self.dex(*SAM)
        gone = urllib.parse.quote(MISSING, safe="")
        for method, path, status in (
                ("GET", f"durable-executions/{gone}", 404),
                ("GET", f"durable-executions/{gone}/history", 404),
                ("POST", f"durable-executions/{gone}/stop", 404),
                ("POST", "durable-execution-callbacks/x/succeed", 404),
                ("GET", "durable-executions?MaxItems=-1", 400)):
            with self.subTest(path=path):
                answer = self.ask(method, API + path)
                self.assertEqual(answer.status, status)
                self.assertNotIn("x-amzn-errortype", answer.headers)
        answer = self.ask("GET", f"{API}durable-executions/{gone}")
        self.assertEqual(answer.json["Message"],
                         f"Execution {MISSING} not found")
        for method, path in (
                ("POST", f"durable-executions/{gone}/checkpoint"),
                ("GET", f"durable-executions/{gone}/state?CheckpointToken=x")):
            with self.subTest(path=path):
                answer = self.ask(method, API + path,
                                  '{"CheckpointToken": "x"}')
                self.assertEqual(answer.status, 404)
                self.assertEqual(answer.headers["x-amzn-errortype"],
                                 "ResourceNotFoundException")

    def test_names_may_repeat(self):
        self.dex(*SAM)
        self.gate()
        arns = {self.started(ExecutionName="n", Input=text, InvocationId="i")
                for text in ("1", "1", "2")}
        self.assertEqual(len(arns), 3)
        for arn in arns:
            self.assertEqual(self.execution(arn).json["DurableExecutionName"],
                             "n")
        self.end(signal.SIGKILL)
        self.dex(*SAM)
        self.gate()
        arns.add(self.started(ExecutionName="n", Input="1", InvocationId="i"))
        self.assertEqual(len(arns), 4)
        for arn in arns:
            self.assertEqual(self.answer(self.callback_id(arn),
                                         "succeed").status, 200)
            self.until(lambda: self.execution(arn).json["Status"]
                       == "SUCCEEDED")

    def test_names_are_unique_to_invoke(self):
        self.dex(*SAM)
        self.gate()
        first = self.invoke("function", {}, "Event", "n")
        self.assertEqual(self.invoke("function", {}, "Event", "n").arn,
                         first.arn)
        self.assertEqual(self.invoke("function", 1, "Event", "n").status, 409)

    def test_a_fresh_server_on_the_same_file(self):
        """SAM stops its container after every command."""
        self.dex(*SAM)
        self.gate()
        arn = self.started(ExecutionName="n")
        callback = self.callback_id(arn)
        self.assertEqual(self.end(), 0)
        self.dex(*SAM)
        self.gate()
        self.assertEqual(self.answer(callback, "heartbeat").status, 200)
        self.assertEqual(self.answer(callback, "succeed").status, 200)
        self.until(lambda: self.execution(arn).json["Status"] == "SUCCEEDED")
        self.end()
        self.dex(*SAM)
        stopped = self.execution(arn, "/stop", method="POST")
        self.assertEqual(stopped.status, 200)
        self.assertEqual(stopped.json["StopTimestamp"],
                         self.execution(arn).json["EndTimestamp"])
        for verb, text in (
                ("succeed", "success: Callback operation [{}] is not in "
                 "STARTED state"),
                ("fail", "failure: Callback operation [{}] is not in STARTED "
                 "state"),
                ("heartbeat", "heartbeat: Callback {} is not active")):
            with self.subTest(verb=verb):
                answer = self.answer(callback, verb, "{}")
                self.assertEqual(answer.status, 404)
                self.assertEqual(answer.json["Message"], "Failed to process "
                                 "callback " + text.format(callback))

    def test_null_timeout_and_retention(self):
        self.dex(*SAM, "--execution-timeout", "1000")
        self.gate()
        arn = self.started(ExecutionTimeoutSeconds=None,
                           ExecutionRetentionPeriodDays=None)
        first = self.events(arn)[0]["ExecutionStartedDetails"]
        # what was described by PUT has a year of its own
        self.assertEqual(first["ExecutionTimeout"], 31536000)
        arn = self.started(FunctionName="undescribed",
                           ExecutionTimeoutSeconds=None,
                           ExecutionRetentionPeriodDays=None)
        first = self.events(arn)[0]["ExecutionStartedDetails"]
        self.assertEqual(first["ExecutionTimeout"], 1000)

    def test_log_level(self):
        self.dex(*SAM)
        self.ask("GET", "/health?a=b")
        self.assertEqual(self.process.stderr.readline(),
                         "dex-local-runner: GET /health 200\n")

    def test_quiet(self):
        self.dex("--log-level", "INFO")
        self.ask("GET", "/health")
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(timeout=60), 0)
        self.assertEqual(self.process.stderr.read(), "")

    # ---- settings

    def test_environment(self):
        self.dex(env={"AWS_DEX_STORE_TYPE": "sqlite",
                      "AWS_DEX_STORE_PATH": "here.db",
                      "AWS_DEX_LOG_LEVEL": "DEBUG", "AWS_DEX_HOST": "",
                      "AWS_DEX_PORT": "no number, and a flag is given",
                      "AWS_DEX_LAMBDA_ENDPOINT": "http://127.0.0.1:1",
                      "DURABLE_EXECUTION_TIME_SCALE": "0"})
        self.ask("GET", "/health")
        self.assertIn("GET /health", self.process.stderr.readline())
        self.assertTrue((self.directory / "here.db").exists())

    def test_stores(self):
        for options, path in (
                ([], None),
                (["--store-type", "memory", "--store-path", "m.db"], None),
                (["--store-type", "sqlite"], "durable-executions.db"),
                (["--store-type", "sqlite", "--store-path", "new/s.db"],
                 "new/s.db"),
                (["--store-type", "filesystem"],
                 ".durable_executions/executions.db"),
                (["--store-type", "filesystem", "--store-path", "new/d.db"],
                 "new/d.db/executions.db")):
            with self.subTest(options=options):
                before = set(self.directory.rglob("*.db"))
                self.dex(*options)
                made = {str(found.relative_to(self.directory)) for found in
                        set(self.directory.rglob("*.db")) - before
                        if found.is_file()}
                self.assertEqual(made, {path} if path else set())
                self.end()

    def test_store_of_the_python_emulator(self):
        path = self.directory / "durable-executions.db"
        with sqlite3.connect(path) as other:
            other.execute("CREATE TABLE executions(durable_execution_arn TEXT)")
            other.execute("INSERT INTO executions VALUES('theirs')")
        before = path.read_bytes()
        lines = self.dex("--store-type", "sqlite")
        self.assertIn("database of another program", lines[0])
        self.gate()
        arn = self.started()
        self.end()
        self.assertEqual(path.read_bytes(), before)
        self.dex("--store-type", "sqlite")
        self.assertEqual(self.execution(arn).json["Status"], "RUNNING")

    def test_skip_time(self):
        self.dex("--no-skip-time", "--skip-time")
        self.ask("PUT", "/functions/function", json.dumps(
            {"command": c_function("steps")["command"],
             "env": {"_HANDLER": "steps"}}))
        arn = self.started()
        self.until(lambda: self.execution(arn).json["Status"] == "SUCCEEDED")

    def refused(self, *arguments, env=None):
        answer = subprocess.run(
            [DEX, *arguments], cwd=self.directory, capture_output=True,
            text=True, timeout=60, env={**os.environ, **(env or {})})
        self.assertEqual((answer.returncode, answer.stdout), (2, ""), answer)
        return answer.stderr

    def test_refusals(self):
        start = "start-server"
        (self.directory / "file").write_text("no database at all\n" * 100)
        for arguments, text in (
                ([], "Usage: dex-local-runner"),
                (["invoke"], 'no command "invoke"'),
                ([start, "--nonsense"], "--nonsense"),
                ([start, "extra"], "one argument too many"),
                ([start, "--port", "65536"], "--port 65536"),
                ([start, "--port", "http"], "--port http"),
                ([start, "--port"], "--port"),
                ([start, "--log-level", "debug"], "--log-level debug"),
                ([start, "--store-type", "redis"], "--store-type redis"),
                ([start, "--invocation-timeout", "0"], "--invocation-timeout"),
                ([start, "--execution-timeout", "x"], "--execution-timeout x"),
                ([start, "--lambda-endpoint", "x"], "--lambda-endpoint x"),
                ([start, "--store-type", "filesystem", "--store-path", "file"],
                 "--store-path file: is no directory"),
                ([start, "--store-type", "sqlite", "--store-path", "file/x"],
                 "file/x"),
                ([start, "--store-type", "sqlite", "--store-path", "a/b/c"],
                 "--store-path a/b/c"),
                ([start, "--store-type", "sqlite", "--store-path", "file"],
                 "not a SQLite database")):
            with self.subTest(arguments=arguments):
                self.assertIn(text, self.refused(*arguments))
        for name, value in (("AWS_DEX_PORT", "x"), ("AWS_DEX_LOG_LEVEL", "x"),
                            ("AWS_DEX_STORE_TYPE", "x"),
                            ("DURABLE_EXECUTION_TIME_SCALE", "-1")):
            with self.subTest(name=name):
                self.assertIn(f"{name} {value}: expected",
                              self.refused(start, env={name: value}))

    def test_help(self):
        for arguments in (["--help"], ["start-server", "--help"]):
            answer = subprocess.run([DEX, *arguments], capture_output=True,
                                    text=True, timeout=60)
            self.assertEqual((answer.returncode, answer.stderr), (0, ""))
            self.assertIn("Usage: dex-local-runner start-server",
                          answer.stdout)


if __name__ == "__main__":
    unittest.main()
