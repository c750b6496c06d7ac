"""The AWS CLI: `aws lambda` with every durable command."""

import base64
import json
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent
                       / "serve"))
from held import HeldTest  # noqa: E402
from support import PATIENCE_S, c_function  # noqa: E402

AWS = str(pathlib.Path(sys.executable).parent / "aws")
MISSING = "arn:aws:lambda:us-east-1:123456789012:function:echo:$LATEST/" \
    "durable-execution/none/none"


class AwsCli(HeldTest):
    functions = [c_function(name) for name in ("echo", "fail", "steps",
                                               "gate")] + [
        c_function("tenant", env={"_HANDLER": "echo"}, tenant_isolation=True)]
    options = ["--skip-time"]

    def run_aws(self, command, *arguments):
        return subprocess.run(
            [AWS, "lambda", command, "--output", "json", *arguments],
            cwd=self.directory, capture_output=True, text=True,
            timeout=PATIENCE_S, env={
                **os.environ, "HOME": str(self.directory), "AWS_PAGER": "",
                "AWS_ENDPOINT_URL_LAMBDA": f"http://127.0.0.1:{self.port}",
                "AWS_DEFAULT_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "1",
                "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"})

    def aws(self, command, *arguments):
        answer = self.run_aws(command, *arguments)
        self.assertEqual((answer.returncode, answer.stderr), (0, ""), answer)
        return json.loads(answer.stdout) if answer.stdout else None

    def refused(self, command, *arguments):
        answer = self.run_aws(command, *arguments)
        self.assertNotEqual(answer.returncode, 0, answer)
        self.assertEqual(answer.stdout, "")
        return answer.stderr

    def call(self, function, payload="{}", *arguments):
        answer = self.aws("invoke", "--function-name", function, "--payload",
                          payload, *arguments, "out.json")
        return answer, (self.directory / "out.json").read_text()

    def waiting(self):
        answer, _ = self.call("gate", "{}", "--invocation-type", "Event")
        arn = answer["DurableExecutionArn"]
        return arn, self.callback_id(arn)

    def got(self, arn):
        return self.aws("get-durable-execution", "--durable-execution-arn",
                        arn)

    def test_invoke(self):
        answer, result = self.call("echo", '{"a": 1}',
                                   "--durable-execution-name", "first")
        self.assertEqual(answer["StatusCode"], 200)
        self.assertEqual(json.loads(result), {"a": 1})
        self.assertIn("/durable-execution/first/",
                      answer["DurableExecutionArn"])
        answer, _ = self.call("fail")
        self.assertEqual(answer["FunctionError"], "Unhandled")
        answer, _ = self.call("echo", "{}", "--invocation-type", "DryRun")
        self.assertEqual(answer["StatusCode"], 204)
        answer, _ = self.call("tenant", "{}", "--tenant-id", "blue",
                              "--client-context",
                              base64.b64encode(b'{"a": 1}').decode())
        self.assertEqual(answer["StatusCode"], 200)

    def test_invoke_refused(self):
        for function, more, text in (
                ("none", [], "ResourceNotFoundException"),
                ("tenant", [], "InvalidParameterValueException"),
                ("echo", ["--client-context", "!"],
                 "InvalidRequestContentException")):
            with self.subTest(function=function):
                self.assertIn(text, self.refused(
                    "invoke", "--function-name", function, *more, "out.json"))
        self.call("echo", "1", "--durable-execution-name", "n")
        self.assertIn("DurableExecutionAlreadyStartedException", self.refused(
            "invoke", "--function-name", "echo", "--payload", "2",
            "--durable-execution-name", "n", "out.json"))

    def test_get_and_history(self):
        answer, _ = self.call("steps")
        arn = answer["DurableExecutionArn"]
        found = self.got(arn)
        self.assertEqual((found["Status"], found["Result"], found["Version"]),
                         ("SUCCEEDED", '"done"', "$LATEST"))
        command = ["get-durable-execution-history", "--durable-execution-arn",
                   arn, "--include-execution-data"]
        events = self.aws(*command)["Events"]
        self.assertEqual([event["EventType"] for event in events],
                         self.kinds(arn))
        paged = self.aws(*command, "--page-size", "2")["Events"]
        self.assertEqual(paged, events)
        back = self.aws(*command, "--reverse-order", "--page-size", "3")
        self.assertEqual(back["Events"], events[::-1])
        part = self.aws(*command, "--max-items", "3", "--page-size", "2")
        self.assertEqual(part["Events"], events[:3])
        rest = self.aws(*command, "--starting-token", part["NextToken"])
        self.assertEqual(rest["Events"], events[3:])
        bare = self.aws("get-durable-execution-history",
                        "--durable-execution-arn", arn,
                        "--no-include-execution-data")
        self.assertNotIn("Payload", json.dumps(bare))

    def test_list(self):
        arns = [self.call("echo", "{}", "--durable-execution-name", f"n{i}")[0]
                ["DurableExecutionArn"] for i in range(3)]
        self.call("fail")
        first = self.got(arns[0])["StartTimestamp"]

        def listed(*arguments, function="echo"):
            return [one["DurableExecutionArn"] for one in self.aws(
                "list-durable-executions-by-function", "--function-name",
                function, *arguments)["DurableExecutions"]]
        self.assertEqual(listed(), arns)
        self.assertEqual(listed("--page-size", "1"), arns)
        self.assertEqual(listed("--reverse-order"), arns[::-1])
        self.assertEqual(listed("--durable-execution-name", "n1"), [arns[1]])
        self.assertEqual(listed("--statuses", "FAILED", "STOPPED"), [])
        self.assertEqual(listed("--statuses", "SUCCEEDED", "RUNNING"), arns)
        self.assertEqual(len(listed("--statuses", "FAILED", function="fail")),
                         1)
        self.assertEqual(listed("--started-after", "2099-01-01T00:00:00Z"), [])
        self.assertEqual(listed("--started-before", str(first)), [])
        self.assertEqual(listed("--started-after", "2020-01-01"), arns)
        self.assertEqual(listed("--qualifier", "$LATEST"), arns)
        self.assertIn("InvalidParameterValueException", self.refused(
            "list-durable-executions-by-function", "--function-name", "echo",
            "--statuses", "GONE"))

    def test_callback_success(self):
        arn, callback = self.waiting()
        self.assertIsNone(self.aws(
            "send-durable-execution-callback-heartbeat", "--callback-id",
            callback))
        self.assertIsNone(self.aws(
            "send-durable-execution-callback-success", "--callback-id",
            callback, "--result", '"yes"'))
        self.until(lambda: self.got(arn)["Status"] != "RUNNING")
        self.assertEqual(json.loads(json.loads(self.got(arn)["Result"])),
                         "yes")
        self.assertIn("is not in STARTED state", self.refused(
            "send-durable-execution-callback-success", "--callback-id",
            callback))
        self.assertIn("is not active", self.refused(
            "send-durable-execution-callback-heartbeat", "--callback-id",
            callback))

    def test_callback_failure(self):
        arn, callback = self.waiting()
        self.aws("send-durable-execution-callback-failure", "--callback-id",
                 callback, "--error",
                 "ErrorType=No,ErrorMessage=not so,StackTrace=a,b")
        self.until(lambda: self.got(arn)["Status"] != "RUNNING")
        found = self.got(arn)
        self.assertEqual(found["Status"], "FAILED")
        self.assertIn("not so", found["Error"]["ErrorMessage"])

    def test_stop(self):
        arn, _ = self.waiting()
        first = self.aws("stop-durable-execution", "--durable-execution-arn",
                         arn, "--error", "ErrorType=Mine,ErrorMessage=enough")
        self.assertEqual(self.got(arn)["Error"], {"ErrorType": "Mine",
                                                  "ErrorMessage": "enough"})
        self.assertEqual(self.aws("stop-durable-execution",
                                  "--durable-execution-arn", arn), first)

    def test_what_a_function_calls(self):
        event = self.hold()
        of = ["--durable-execution-arn", event["DurableExecutionArn"],
              "--checkpoint-token"]
        made = self.aws("checkpoint-durable-execution", *of,
                        event["CheckpointToken"], "--client-token", "once",
                        "--updates", json.dumps([
                            {"Id": f"s{i}", "Type": "STEP", "Action":
                             "SUCCEED", "Payload": str(i)} for i in range(3)]))
        steps = made["NewExecutionState"]["Operations"]
        self.assertEqual([step["StepDetails"]["Result"] for step in steps],
                         ["0", "1", "2"])
        token = made["CheckpointToken"]
        found = self.aws("get-durable-execution-state", *of, token,
                         "--page-size", "2")["Operations"]
        self.assertEqual(found[0]["Type"], "EXECUTION")
        self.assertEqual(found[1:], steps)
        for command in ("checkpoint-durable-execution",
                        "get-durable-execution-state"):
            with self.subTest(command=command):
                text = self.refused(command, *of, "c3RhbGU=")
                self.assertIn("InvalidParameterValueException", text)
                self.assertIn("Invalid checkpoint token", text)

    def test_not_found(self):
        for command in ("get-durable-execution", "stop-durable-execution",
                        "get-durable-execution-history"):
            with self.subTest(command=command):
                self.assertIn(
                    "(ResourceNotFoundException)",
                    self.refused(command, "--durable-execution-arn", MISSING))


if __name__ == "__main__":
    unittest.main()
