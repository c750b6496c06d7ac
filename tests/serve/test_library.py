"""Functions out of shared objects, run inside the service."""

import json
import os
import pathlib
import signal
import subprocess
import unittest

from support import PROGRAM, ServeTest, c_function, raw_function

LIBRARIES = pathlib.Path(os.environ["DURABLE_LIBRARIES"])


def of(library, name, **more):
    return {"name": name, "library": str(LIBRARIES / f"{library}.so"), **more}


class Library(ServeTest):
    options = ["--time-scale", "0.01"]
    functions = [of("library", name) for name in ("echo", "fail", "steps")] + [
        of("library", "crowd", concurrency=3),
        of("library", "meet", concurrency=12),
        of("library", "hang", timeout_s=1),
        of("lone", "another-name"), c_function("call"),
        of("lone", "tenant", tenant_isolation=True)]

    def test_results(self):
        self.assertEqual(self.invoke("echo", {"a": 1}).json, {"a": 1})
        self.assertEqual(self.invoke("another-name", 5).json, [5])
        answer = self.invoke("fail")
        self.assertEqual(answer.headers["x-amz-function-error"], "Unhandled")
        self.assertEqual(answer.json["errorType"], "Broken")

    def test_history(self):
        answer = self.invoke("steps")
        self.assertEqual(answer.json, "done")
        self.assertEqual(
            [kind for kind in self.kinds(answer.arn)
             if not kind.startswith("Invocation")],
            ["ExecutionStarted", "StepStarted", "StepFailed", "StepStarted",
             "StepSucceeded", "WaitStarted", "WaitSucceeded",
             "ExecutionSucceeded"])

    def test_chained_from_a_program(self):
        self.assertEqual(self.invoke("call", {"x": 1}).json, {"x": 1})

    def test_many_at_once(self):
        """Each waits for the others: they are in there together."""
        answers = self.at_once(12, lambda _: self.invoke("meet"))
        self.assertEqual([answer.json for answer in answers], [True] * 12)

    def test_concurrency(self):
        answers = self.at_once(24, lambda _: self.invoke("crowd"))
        self.assertLessEqual(max(answer.json for answer in answers), 3)

    def test_200_executions(self):
        answers = self.at_once(50, lambda i: [
            self.invoke("echo", [i, k]).json for k in range(4)])
        self.assertEqual(answers, [[[i, k] for k in range(4)]
                                   for i in range(50)])

    def test_overrun(self):
        arn = self.invoke("hang", kind="Event").arn
        self.until(lambda: self.completions(arn))
        self.assertEqual(
            self.completions(arn)[0]["Error"]["Payload"]["ErrorType"],
            "Sandbox.Timedout")
        self.assertEqual(self.invoke("echo", 1).json, 1)
        self.assertEqual(self.end(), 0)  # though it still hangs

    def test_logs(self):
        answer = self.invoke("steps")
        requests = [one["RequestId"] for one in self.completions(answer.arn)]
        found = [(line, json.loads(line["message"]))
                 for line in self.log("steps")]
        self.assertEqual([(inner["level"], inner["message"])
                          for _, inner in found],
                         [("WARN", "begin"), ("INFO", "in done"),
                          ("INFO", "in done")])
        for line, inner in found:
            self.assertIn(line["requestId"], requests)
            self.assertEqual(line["requestId"], inner["requestId"])
            self.assertEqual(inner["executionArn"], answer.arn)
            self.assertRegex(inner["timestamp"],
                             r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")

    def test_sigkill(self):
        arn = self.invoke("steps", kind="Event").arn
        self.until(lambda: "WaitStarted" in self.kinds(arn))
        self.end(signal.SIGKILL)
        self.serve(*self.options, functions=self.functions)
        self.until(lambda: self.execution(arn).json["Status"] == "SUCCEEDED")

    def test_put(self):
        self.assertEqual(self.ask("PUT", "/functions/late", json.dumps(
            of("lone", "late"))).status, 200)
        self.assertEqual(self.invoke("late", 1).json, [1])
        self.assertEqual(self.ask("PUT", "/functions/late", json.dumps(
            raw_function("late"))).status, 200)
        self.assertEqual(self.invoke("late", 1).json, 1)
        self.assertEqual(self.ask("PUT", "/functions/late", json.dumps(
            of("lone", "late"))).status, 200)
        self.assertEqual(self.invoke("late", 1).json, [1])

    def test_refused(self):
        (self.directory / "text.so").write_text("not one")
        text = str(self.directory / "text.so")
        for more, what in (
                ({"library": "/no/such.so"}, "No such file"),
                ({"library": "/tmp"}, "directory"),
                ({"library": text}, "not a shared object"),
                ({"library": 1}, "no path"), ({"library": ""}, "no path"),
                (of("library", "f"), 'has no handler "f": it has echo, fail, '
                 "steps, crowd, meet, hang"),
                (of("newer", "f"), "another ABI"),
                (of("stub", "f"), "another ABI"),
                (of("unmet", "f"), "durable_not_yet"),
                (of("lone", "f", command=["x"]), "exactly one of"),
                (of("lone", "f", endpoint="http://x"), "exactly one of"),
                (of("lone", "f", env={}), '"env" does not go'),
                (of("lone", "f", durable=False), '"durable" does not go')):
            with self.subTest(more=more):
                answer = self.ask("PUT", "/functions/f", json.dumps(
                    {"name": "f", **more}))
                self.assertEqual((answer.status,
                                  answer.headers["x-amzn-errortype"]),
                                 (400, "InvalidParameterValueException"))
                self.assertIn(what, answer.json["message"])
        self.assertEqual(self.invoke("f").status, 404)


class Refused(ServeTest):
    functions = None

    def test_at_the_start(self):
        config = self.directory / "c.json"
        for function, what in ((of("absent", "f"), "absent.so"),
                               (of("library", "f"), "no handler"),
                               (of("newer", "f"), "another ABI")):
            config.write_text(json.dumps({"functions": [function]}))
            answer = subprocess.run(
                [PROGRAM, "serve", "--port", "0", "--config", config],
                cwd=self.directory, capture_output=True, text=True, timeout=60)
            self.assertEqual((answer.returncode, answer.stdout), (2, ""))
            self.assertIn(what, answer.stderr)


if __name__ == "__main__":
    unittest.main()
