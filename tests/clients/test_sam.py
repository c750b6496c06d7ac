"""SAM CLI against dex-local-runner, by DURABLE_EXECUTIONS_EXTERNAL_EMULATOR_PORT.

`sam local invoke` and `sam local start-lambda` run functions in containers and
begin nothing without Docker.  What they do with the service is done here by the
code of SAM itself: DurableFunctionsEmulatorContainer starts the executions.  In
place of SAM's container is another process that serves Invoke, of a function
which is called "function", as there.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent
                       / "serve"))
from support import BOOTSTRAP, PATIENCE_S, PROGRAM, ServeTest  # noqa: E402

SAM = pathlib.Path(os.environ["DURABLE_SAM"])
MISSING = "00000000-0000-0000-0000-000000000000"
NOTICE = "Using external durable functions emulator: localhost:"
STORE = ["--store-type", "sqlite", "--store-path",
         ".durable-executions-local/durable-executions.db"]
# As SAM does it, from `sam local invoke NAME -e EVENT`.
START = """
import json, sys
from samcli.local.docker.durable_functions_emulator_container import (
    DurableFunctionsEmulatorContainer)
name, event, endpoint, config = sys.argv[1:]
emulator = DurableFunctionsEmulatorContainer()
assert emulator.start_or_attach()
print(emulator.start_durable_execution(
    name or None, event, endpoint, json.loads(config))["ExecutionArn"])
"""


def has_containers():
    return any(shutil.which(name) and subprocess.run(
        [name, "info"], capture_output=True).returncode == 0
               for name in ("docker", "finch"))


class SamTest(ServeTest):
    functions = None
    program = [BOOTSTRAP]  # of the functions

    def setUp(self):
        super().setUp()
        self.containers = []
        self.dex("--host", "0.0.0.0", *STORE)

    def tearDown(self):
        for container in self.containers:
            container.kill()
            container.wait()
            container.stderr.close()
        super().tearDown()

    def run_in_sam(self, program, *arguments):
        return subprocess.run(
            [SAM / program, *arguments], cwd=self.directory,
            capture_output=True, text=True, timeout=PATIENCE_S,
            stdin=subprocess.DEVNULL, env={
                **os.environ, "HOME": str(self.directory),
                "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "us-east-1",
                "DURABLE_EXECUTIONS_EXTERNAL_EMULATOR_PORT": str(self.port)})

    def sam(self, *arguments):
        answer = self.run_in_sam("sam", "local", *arguments)
        self.assertEqual(answer.returncode, 0, answer)
        self.assertEqual(answer.stderr.strip(), NOTICE + str(self.port))
        return answer.stdout

    def refused(self, *arguments):
        answer = self.run_in_sam("sam", "local", *arguments)
        self.assertNotEqual(answer.returncode, 0, answer)
        self.assertEqual(answer.stdout, "")
        return answer.stderr.replace(NOTICE + str(self.port), "").lstrip()

    def container(self, handler):
        """Something that answers Invoke as SAM's containers do; its URL."""
        config = self.directory / f"{handler}.json"
        config.write_text(json.dumps({"functions": [{
            "name": "function", "durable": False, "concurrency": 1,
            "env": {"_HANDLER": handler}, "command": [
                "env", f"AWS_ENDPOINT_URL_LAMBDA=http://127.0.0.1:{self.port}",
                *self.program]}]}))
        process = subprocess.Popen(
            [PROGRAM, "serve", "--port", "0", "--db", ":memory:", "--config",
             config], text=True, stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL, cwd=self.directory)
        self.containers.append(process)
        return process.stderr.readline().split()[-1]

    def begin(self, handler, name="", timeout=300):
        answer = self.run_in_sam(
            "python", "-c", START, name, "{}", self.container(handler),
            json.dumps({"ExecutionTimeout": timeout,
                        "RetentionPeriodInDays": 7}))
        self.assertEqual(answer.returncode, 0, answer)
        return answer.stdout.strip()

    def ended(self, arn):
        self.until(lambda: self.execution(arn).json["Status"] != "RUNNING")
        return self.sam("execution", "get", arn)

    def begin_with_callback(self, handler, name):
        arn = self.begin(handler, name)
        return arn, self.callback_id(arn)

    def restart(self):
        """As between any two commands of SAM's."""
        self.assertEqual(self.end(), 0)
        self.dex("--host", "0.0.0.0", *STORE)


class Sam(SamTest):
    # ---- execution

    def test_execution(self):
        arn = self.begin("steps", "s-integration-test")
        summary = self.ended(arn)
        self.assertEqual(re.search(r"ARN:\s+(\S+)", summary)[1], arn)
        for text in ("Execution Summary:", "Name:     s-integration-test",
                     "Status:   SUCCEEDED", "Input:    {}", "done"):
            self.assertIn(text, summary)
        found = json.loads(self.sam("execution", "get", arn, "--format",
                                    "json"))
        self.assertEqual((found["Status"], found["Result"]),
                         ("SUCCEEDED", '"done"'))

    def test_history(self):
        arn = self.begin("steps", "s")
        self.ended(arn)
        self.restart()
        events = json.loads(self.sam("execution", "history", arn, "--format",
                                     "json"))["Events"]
        self.assertEqual([event["EventId"] for event in events],
                         list(range(1, len(events) + 1)))
        self.assertEqual(
            [event["EventType"] for event in events
             if event["EventType"] != "InvocationCompleted"],
            ["ExecutionStarted", "StepStarted", "StepFailed", "StepStarted",
             "StepSucceeded", "WaitStarted", "WaitSucceeded",
             "ExecutionSucceeded"])
        self.assertEqual(events[0]["ExecutionStartedDetails"], {
            "Input": {"Payload": "{}", "Truncated": False},
            "ExecutionTimeout": 300})
        self.assertEqual(events[-1]["ExecutionSucceededDetails"], {
            "Result": {"Payload": '"done"', "Truncated": False}})
        table = self.sam("execution", "history", arn)
        self.assertIn("StepSucceeded", table)

    def test_failure(self):
        summary = self.ended(self.begin("fail"))
        self.assertIn("Status:   FAILED", summary)
        self.assertIn("as told", summary)

    def test_timeout(self):
        arn = self.begin("gate", timeout=5)
        self.assertIn("Status:   TIMED_OUT", self.ended(arn))
        self.assertEqual(self.kinds(arn), [
            "ExecutionStarted", "CallbackStarted", "InvocationCompleted",
            "ExecutionTimedOut"])

    def test_stop(self):
        arn, _ = self.begin_with_callback("gate", "g")
        self.assertIn("Execution stopped", self.sam(
            "execution", "stop", arn, "--error-message", "enough",
            "--error-type", "Mine", "--error-data", "d", "--stack-trace", "a"))
        self.assertEqual(self.execution(arn).json["Error"], {
            "ErrorMessage": "enough", "ErrorType": "Mine", "ErrorData": "d",
            "StackTrace": ["a"]})
        self.assertIn("Status:   STOPPED", self.sam("execution", "get", arn))
        self.restart()
        self.sam("execution", "stop", arn)  # it is over: no error, no change
        self.assertEqual(self.execution(arn).json["Error"]["ErrorMessage"],
                         "enough")

    def test_execution_that_is_not_there(self):
        for command, operation in (
                ("get", "GetDurableExecution"),
                ("history", "GetDurableExecutionHistory"),
                ("stop", "StopDurableExecution")):
            with self.subTest(command=command):
                self.assertEqual(
                    self.refused("execution", command, MISSING),
                    f"Error: An error occurred (404) when calling the "
                    f"{operation} operation: Execution {MISSING} not found\n")

    # ---- callback

    def test_callback_succeeds(self):
        for name, more, result in (("with", ["--result", "test result"],
                                    "test result"), ("without", [], None)):
            with self.subTest(name=name):
                arn, callback = self.begin_with_callback("gate", name)
                self.assertIn("Callback heartbeat sent", self.sam(
                    "callback", "heartbeat", callback))
                said = self.sam("callback", "succeed", callback, *more)
                self.assertIn("Callback success sent", said)
                self.assertIn(callback, said)
                self.assertIn("Status:   SUCCEEDED", self.ended(arn))
                self.assertEqual(json.loads(self.execution(arn).json[
                    "Result"]), result)

    def test_callback_fails(self):
        for name, more, error in (
                ("all", ["--error-message", "m", "--error-type", "T",
                         "--error-data", "d", "--stack-trace", "a"],
                 {"ErrorMessage": "m", "ErrorType": "T", "ErrorData": "d",
                  "StackTrace": ["a"]}),
                ("minimal", [], {}),
                ("message", ["--error-message", "m"], {"ErrorMessage": "m"})):
            with self.subTest(name=name):
                arn, callback = self.begin_with_callback("gate", name)
                self.assertIn("Callback failure sent", self.sam(
                    "callback", "fail", callback, *more))
                self.assertIn("Status:   FAILED", self.ended(arn))
                failed = [event for event in self.events(arn)
                          if event["EventType"] == "CallbackFailed"]
                self.assertEqual(failed[0]["CallbackFailedDetails"]["Error"]
                                 .get("Payload", {}), error)

    def test_callback_of_what_is_over(self):
        """The name is the same each time, as in SAM's own tests."""
        for verb, operation, kind, end in (
                ("succeed", "Success", "success", "is not in STARTED state"),
                ("fail", "Failure", "failure", "is not in STARTED state"),
                ("heartbeat", "Heartbeat", "heartbeat", "is not active")):
            with self.subTest(verb=verb):
                arn, callback = self.begin_with_callback("gate",
                                                         "callback-test")
                self.sam("callback", "succeed", callback, "--result",
                         "test result")
                self.ended(arn)
                self.restart()
                self.assertRegex(
                    self.refused("callback", verb, callback),
                    rf"^Error: An error occurred \(404\) when calling the "
                    rf"SendDurableExecutionCallback{operation} operation: "
                    rf"Failed to process callback {kind}: Callback .+ {end}")

    # ---- without Docker

    @unittest.skipIf(has_containers(),
                     "with a container runtime there is nothing to show")
    def test_what_needs_docker(self):
        """docs/contract.md quotes it."""
        (self.directory / "template.yaml").write_text(json.dumps({
            "Transform": "AWS::Serverless-2016-10-31", "Resources": {"F": {
                "Type": "AWS::Serverless::Function", "Properties": {
                    "CodeUri": ".", "Handler": "h.h", "Runtime": "python3.13",
                    "DurableConfig": {"ExecutionTimeout": 300,
                                      "RetentionPeriodInDays": 7}}}}}))
        answer = self.run_in_sam("sam", "local", "invoke", "F", "--no-event")
        self.assertEqual(answer.returncode, 1)
        said = answer.stderr.splitlines()[-1]
        quoted = (pathlib.Path(__file__).resolve().parents[2] / "docs"
                  / "contract.md").read_text()
        self.assertIn("container runtime", said)
        self.assertIn(said, quoted)


class OfficialSdk(SamTest):
    """The histories that SAM's tests expect of functions of these kinds."""
    program = [sys.executable, "-B", str(pathlib.Path(__file__).resolve()
                                         .parent / "sam_functions.py")]

    def history(self, arn):
        self.ended(arn)
        return json.loads(self.sam("execution", "history", arn, "--format",
                                   "json"))["Events"]

    def kinds_of(self, events):
        self.assertEqual([event["EventId"] for event in events],
                         list(range(1, len(events) + 1)))
        return [" ".join(filter(None, (event["EventType"],
                                       event.get("SubType"))))
                for event in events]

    def test_hello(self):
        events = self.history(self.begin("hello", "hello-integration-test"))
        self.assertEqual(self.kinds_of(events), [
            "ExecutionStarted", "InvocationCompleted", "ExecutionSucceeded"])
        started, completed, succeeded = events
        self.assertEqual((started["Name"], started["ExecutionStartedDetails"]),
                         ("hello-integration-test", {
                             "Input": {"Payload": "{}", "Truncated": False},
                             "ExecutionTimeout": 300}))
        self.assertNotIn("Name", completed)
        self.assertEqual((succeeded["Name"],
                          succeeded["ExecutionSucceededDetails"]),
                         ("hello-integration-test", {"Result": {
                             "Payload": '{"hello": "world"}',
                             "Truncated": False}}))

    def test_step(self):
        events = self.history(self.begin("step"))
        self.assertEqual(self.kinds_of(events), [
            "ExecutionStarted", "StepStarted Step", "StepSucceeded Step",
            "InvocationCompleted", "ExecutionSucceeded"])
        self.assertEqual((events[1]["Name"], events[1]["StepStartedDetails"]),
                         ("a step", {}))
        self.assertEqual(events[2]["StepSucceededDetails"], {
            "Result": {"Payload": '"stepped"', "Truncated": False},
            "RetryDetails": {"CurrentAttempt": 1,
                             "NextAttemptDelaySeconds": 0}})

    def test_wait(self):
        events = self.history(self.begin("wait"))
        self.assertEqual(self.kinds_of(events), [
            "ExecutionStarted", "WaitStarted Wait", "InvocationCompleted",
            "WaitSucceeded Wait", "InvocationCompleted", "ExecutionSucceeded"])

    def test_timeout(self):
        events = self.history(self.begin("long_wait", timeout=10))
        self.assertEqual(self.kinds_of(events), [
            "ExecutionStarted", "WaitStarted Wait", "InvocationCompleted",
            "ExecutionTimedOut"])

    def test_map(self):
        events = self.history(self.begin("batch"))
        kinds = self.kinds_of(events)
        self.assertEqual(len(kinds), 25)
        self.assertEqual(kinds[:2], ["ExecutionStarted", "ContextStarted Map"])
        self.assertEqual(kinds[-3:], ["ContextSucceeded Map",
                                      "InvocationCompleted",
                                      "ExecutionSucceeded"])
        for kind in ("ContextStarted MapIteration", "StepStarted Step",
                     "StepSucceeded Step", "ContextSucceeded MapIteration"):
            self.assertEqual(kinds.count(kind), 5)
        self.assertEqual(json.loads(events[-1]["ExecutionSucceededDetails"][
            "Result"]["Payload"]), [2, 4, 6, 8, 10])

    def test_callback(self):
        for verb, last in (("succeed", "Succeeded"), ("fail", "Failed")):
            with self.subTest(verb=verb):
                arn, callback = self.begin_with_callback("approval", verb)
                self.until(lambda: "InvocationCompleted" in self.kinds(arn))
                self.sam("callback", "heartbeat", callback)
                self.sam("callback", verb, callback)
                self.assertEqual(self.kinds_of(self.history(arn)), [
                    "ExecutionStarted", "ContextStarted WaitForCallback",
                    "CallbackStarted Callback", "StepStarted Step",
                    "StepSucceeded Step", "InvocationCompleted",
                    f"Callback{last} Callback",
                    f"Context{last} WaitForCallback", "InvocationCompleted",
                    f"Execution{last}"])


if __name__ == "__main__":
    unittest.main()
