"""Functions as programs: the Runtime API, restarts, timeouts, logs, config."""

import base64
import json
import os
import subprocess
import unittest

from support import PROGRAM, ServeTest, c_function, raw_function


class Workflows(ServeTest):
    """The custom runtime of this library behind the service."""
    functions = [c_function(name)
                 for name in ("echo", "fail", "steps", "gate", "call")]
    options = ["--skip-time"]

    def test_result(self):
        answer = self.invoke("echo", {"a": [1, None, "\u00e9"]})
        self.assertEqual(answer.json, {"a": [1, None, "\u00e9"]})

    def test_failure(self):
        answer = self.invoke("fail")
        self.assertEqual(answer.headers["x-amz-function-error"], "Unhandled")
        self.assertEqual(answer.json["errorType"], "Broken")

    def test_retries_and_waits(self):
        answer = self.invoke("steps")
        self.assertEqual(answer.json, "done")
        self.assertEqual(
            [kind for kind in self.kinds(answer.arn)
             if not kind.startswith("Invocation")],
            ["ExecutionStarted", "StepStarted", "StepFailed", "StepStarted",
             "StepSucceeded", "WaitStarted", "WaitSucceeded",
             "ExecutionSucceeded"])
        self.assertEqual([line["message"] for line in self.log("steps")
                          if line["message"].startswith("attempt")],
                         ["attempt 1", "attempt 2"])

    def test_chained(self):
        self.assertEqual(self.invoke("call", {"x": 1}).json, {"x": 1})

    def test_many_at_once(self):
        answers = self.at_once(32, lambda i: self.invoke("steps", {"i": i}))
        self.assertEqual([answer.json for answer in answers], ["done"] * 32)
        self.assertEqual(len({answer.arn for answer in answers}), 32)


class Processes(ServeTest):
    functions = [raw_function(timeout_s=60, durable=False),
                 raw_function("durable"), c_function("traced"),
                 raw_function("brief", timeout_s=1, durable=False),
                 raw_function("overrun", timeout_s=1),
                 raw_function("one", concurrency=1, durable=False),
                 raw_function("apart", concurrency=2, durable=False,
                              tenant_isolation=True),
                 raw_function("unready", env={"FAIL_INIT": "1"},
                              durable=False),
                 {"name": "absent", "command": ["/no/such/file"],
                  "durable": False}]

    def process_of(self, tenant):
        return self.invoke("apart", {"do": "pid"}, **{
            "X-Amz-Tenant-Id": tenant}).json

    def test_tenants_share_no_process(self):
        first = {tenant: self.process_of(tenant) for tenant in "abc"}
        self.assertEqual(len(set(first.values())), 3)
        # Two may be at work at once, so one of the three had to go.
        self.assertEqual(self.process_of("c"), first["c"])
        again = {tenant: self.process_of(tenant) for tenant in "ab"}
        self.assertEqual(len({*again.values(), first["c"]}), 3)

    def first_failure(self, function, payload):
        arn = self.invoke(function, payload, "Event").arn
        self.until(lambda: self.completions(arn))
        return self.completions(arn)[0]["Error"]["Payload"]

    def test_headers(self):
        found = self.invoke("raw", {"do": "headers"}).json
        self.assertEqual(found["lambda-runtime-invoked-function-arn"],
                         "arn:aws:lambda:us-east-1:123456789012:function:raw"
                         ":$LATEST")
        self.assertTrue(found["lambda-runtime-deadline-ms"].isdigit())
        self.assertRegex(found["lambda-runtime-trace-id"],
                         "^Root=1-[0-9a-f]{8}-[0-9a-f]{24};"
                         "Parent=[0-9a-f]{16};Sampled=0$")
        self.assertIn("lambda-runtime-invocation-id", found)
        self.assertNotIn("lambda-runtime-aws-tenant-id", found)
        found = self.invoke("raw", {"do": "headers"},
                            **{"X-Amz-Tenant-Id": "t1"}).json
        self.assertEqual(found["lambda-runtime-aws-tenant-id"], "t1")

    def test_trace(self):
        trace = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1"
        for function in ("raw", "durable"):
            with self.subTest(function=function):
                found = self.invoke(function, {"do": "headers"},
                                    **{"X-Amzn-Trace-Id": trace})
                self.assertEqual(found.json["lambda-runtime-trace-id"], trace)
        self.assertEqual(self.execution(found.arn).json["TraceHeader"],
                         {"XAmznTraceId": trace})

    def test_trace_of_an_invoke(self):
        trace = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1"
        found = self.invoke("traced", {"do": "headers", "trace": trace}).json
        self.assertEqual(found["lambda-runtime-trace-id"], trace)
        found = self.invoke("traced", {"do": "headers"}).json
        self.assertRegex(found["lambda-runtime-trace-id"], "Sampled=0$")

    def test_headers_about_the_caller(self):
        context = base64.b64encode('{"client": {"é": 1}}'.encode()).decode()
        told = {"X-Amz-Client-Context": context,
                "X-Amz-Cognito-Identity-Id": "me"}
        for function in ("raw", "durable"):
            with self.subTest(function=function):
                found = self.invoke(function, {"do": "headers"}, **told).json
                self.assertEqual(json.loads(found[
                    "lambda-runtime-client-context"].encode("latin-1")),
                    {"client": {"é": 1}})
                self.assertEqual(json.loads(found[
                    "lambda-runtime-cognito-identity"]),
                    {"cognitoIdentityId": "me", "cognitoIdentityPoolId": ""})
                found = self.invoke(function, {"do": "headers"}).json
                self.assertNotIn("lambda-runtime-client-context", found)
                self.assertNotIn("lambda-runtime-cognito-identity", found)

    def test_context_refused(self):
        for text in ("{}", "!", base64.b64encode(b"[1]").decode(),
                     base64.b64encode(b"{").decode(),
                     base64.b64encode(b'{"a":"' + b"x" * 4000 + b'"}').decode()):
            with self.subTest(text=text[:20]):
                answer = self.invoke("raw", **{"X-Amz-Client-Context": text})
                self.assertEqual(answer.status, 400)
                self.assertEqual(answer.headers["x-amzn-errortype"],
                                 "InvalidRequestContentException")
                self.assertIn("base64", answer.json["message"])

    def test_environment(self):
        found = self.invoke("raw", {"do": "environment"}).json
        self.assertEqual(found["AWS_LAMBDA_FUNCTION_NAME"], "raw")
        self.assertEqual(found["AWS_ENDPOINT_URL_LAMBDA"],
                         f"http://127.0.0.1:{self.port}")
        self.assertEqual(found["AWS_REGION"], "us-east-1")
        for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "_HANDLER",
                    "LAMBDA_TASK_ROOT", "AWS_LAMBDA_FUNCTION_VERSION"):
            self.assertIn(key, found)

    def test_misuse_of_the_runtime_api(self):
        self.assertEqual(self.invoke("raw", {"do": "wrong-id"}).json,
                         [400, 403, 404])

    def test_kept_for_the_next(self):
        pids = {self.invoke("one", {"do": "pid"}).json for _ in range(5)}
        self.assertEqual(len(pids), 1)

    def test_concurrency(self):
        self.at_once(4, lambda _: self.invoke("raw", {"do": "sleep",
                                                      "seconds": 0.5}))
        pids = {self.invoke("raw", {"do": "pid"}).json for _ in range(8)}
        self.assertLessEqual(len(pids), 8)
        pids = set(self.at_once(
            6, lambda _: self.invoke("one", {"do": "pid"}).json))
        self.assertEqual(len(pids), 1)

    def test_exit(self):
        answer = self.invoke("raw", {"do": "exit"})
        self.assertEqual(answer.headers["x-amz-function-error"], "Unhandled")
        self.assertEqual(answer.json["errorType"], "Runtime.ExitError")
        self.assertIn("exit status 3", answer.json["errorMessage"])
        self.assertEqual(self.invoke("raw", {"a": 1}).json, {"a": 1})
        self.assertIn("about to exit",
                      [line["message"] for line in self.log("raw")])

    def test_exit_between_invocations(self):
        for _ in range(40):
            answer = self.invoke("one", {"do": "answer and exit"})
            self.assertNotIn("x-amz-function-error", answer.headers,
                             answer.body)

    def test_exit_in_history(self):
        error = self.first_failure("durable", {"do": "exit"})
        self.assertEqual(error["ErrorType"], "Runtime.ExitError")
        self.assertIn("exit status 3", error["ErrorMessage"])

    def test_signal(self):
        answer = self.invoke("raw", {"do": "signal"})
        self.assertIn("signal: Segmentation fault",
                      answer.json["errorMessage"])

    def test_overrun(self):
        pid = self.invoke("brief", {"do": "pid"}).json
        answer = self.invoke("brief", {"do": "hang"})
        self.assertEqual(answer.json["errorType"], "Sandbox.Timedout")
        self.until(lambda: not os.path.exists(f"/proc/{pid}"))
        self.assertNotEqual(self.invoke("brief", {"do": "pid"}).json, pid)

    def test_overrun_in_history(self):
        error = self.first_failure("overrun", {"do": "hang"})
        self.assertEqual(error["ErrorType"], "Sandbox.Timedout")

    def test_garbage(self):
        answer = self.invoke("durable", {"do": "garbage"})
        self.assertEqual(answer.headers["x-amz-function-error"], "Unhandled")
        self.assertEqual(self.invoke("durable", {"a": 1}).json, {"a": 1})

    def test_init_error(self):
        self.assertEqual(self.invoke("unready").json,
                         {"errorMessage": "not today",
                          "errorType": "Init.Failed"})

    def test_no_such_program(self):
        answer = self.invoke("absent")
        self.assertEqual(answer.json["errorType"], "Runtime.InvalidEntrypoint")
        self.assertIn("/no/such/file", answer.json["errorMessage"])

    def test_logs(self):
        answer = self.invoke("durable", {"do": "print", "size": 200000})
        request = self.completions(answer.arn)[0]["RequestId"]
        lines = self.log("durable")
        self.assertEqual({line["message"] for line in lines},
                         {"x" * 200000, "\u00e9 two", "three"})
        for line in lines:
            self.assertEqual(line["requestId"], request)
            self.assertEqual(line["function"], "durable")
            self.assertIsInstance(line["timestamp"], int)

    def test_put(self):
        put = self.ask("PUT", "/functions/late",
                       json.dumps(raw_function("late", durable=False)))
        self.assertEqual((put.status, put.body), (200, b"{}"))
        pid = self.invoke("late", {"do": "pid"}).json
        again = raw_function("late", durable=False, env={"NEW": "1"})
        self.assertEqual(self.ask("PUT", "/functions/late",
                                  json.dumps(again)).status, 200)
        self.until(lambda: not os.path.exists(f"/proc/{pid}"))
        self.assertEqual(self.invoke("late", {"do": "environment"})
                         .json["NEW"], "1")

    def test_replaced_ones_leave_nothing(self):
        held = f"/proc/{self.process.pid}/fd"
        body = json.dumps(raw_function("late", durable=False))
        counts = []
        for _ in range(12):
            self.assertEqual(self.ask("PUT", "/functions/late", body).status,
                             200)
            self.assertEqual(self.invoke("late").status, 200)
            counts.append(len(os.listdir(held)))
        # each process has a listener, two pipes and a descriptor of its own
        self.assertLess(counts[-1] - counts[1], 12, counts)

    def test_put_of_nonsense(self):
        for body in ("", "[]", "{}", '{"command":[]}', '{"command":["a"],'
                     '"endpoint":"http://x"}', '{"command":["a"],"other":1}',
                     '{"command":["a"],"timeout_s":0}',
                     '{"command":["a"],"name":"else"}',
                     '{"command":["a"],"env":{"A":1}}'):
            with self.subTest(body=body):
                answer = self.ask("PUT", "/functions/f", body)
                self.assertEqual(answer.status, 400)
                self.assertEqual(answer.headers["x-amzn-errortype"],
                                 "InvalidParameterValueException")
        self.assertEqual(self.ask("PUT", "/functions/a%20b",
                                  '{"command":["a"]}').status, 400)


class Configuration(ServeTest):
    functions = None

    def refused(self, *arguments):
        if "--port" not in arguments:
            arguments = ("--port", "0", *arguments)
        answer = subprocess.run(
            [PROGRAM, "serve", *arguments], cwd=self.directory,
            capture_output=True, text=True, timeout=60)
        self.assertEqual(answer.returncode, 2, answer)
        self.assertEqual(answer.stdout, "")
        return answer.stderr

    def config(self, value):
        path = self.directory / "c.json"
        path.write_text(json.dumps(value))
        return self.refused("--config", path)

    def test_refusals(self):
        self.assertIn('"extra"', self.config({"functions": [], "extra": 1}))
        self.assertIn("not an array", self.config({"functions": 1}))
        self.assertIn("no JSON object".split()[1], self.config([]))
        self.assertIn('"handler"', self.config(
            {"functions": [{"name": "a", "handler": "x"}]}))
        self.assertIn('no "name"', self.config(
            {"functions": [{"command": ["x"]}]}))
        self.assertIn("exactly one", self.config({"functions": [
            {"name": "a"}]}))
        self.assertIn("letters", self.config({"functions": [
            {"name": "a b", "command": ["x"]}]}))
        self.assertIn("NAME=COMMAND", self.refused("--function", "x"))
        self.assertIn("from 0 to 65535", self.refused("--port", "70000"))
        self.assertIn("missing", self.refused("--config", "missing"))
        self.assertIn("expected http", self.refused("--lambda-endpoint", "x"))

    def test_shell_line(self):
        self.serve("--function",
                   "f=" + " ".join(raw_function()["command"]))
        self.assertEqual(self.invoke("f", {"a": 1}).json, {"a": 1})

    def test_port_in_use(self):
        self.serve()
        text = self.refused("--db", "other.db", "--port", str(self.port))
        self.assertIn("cannot listen", text)


if __name__ == "__main__":
    unittest.main()
