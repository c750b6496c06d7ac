"""The other commands against a service, by --endpoint."""

import json
import subprocess
import unittest

from support import PATIENCE_S, PROGRAM, ServeTest, c_function


class Remote(ServeTest):
    functions = [c_function(name) for name in ("echo", "fail", "gate")]

    def durable(self, *arguments, endpoint=None):
        return subprocess.run(
            [PROGRAM, *arguments, "--endpoint",
             endpoint or f"http://127.0.0.1:{self.port}/"],
            cwd=self.directory, capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=PATIENCE_S)

    def output(self, *arguments):
        answer = self.durable(*arguments)
        self.assertEqual(answer.returncode, 0, answer)
        return answer.stdout

    def refused(self, *arguments, **more):
        answer = self.durable(*arguments, **more)
        self.assertEqual((answer.returncode, answer.stdout), (2, ""), answer)
        return answer.stderr

    def test_invoke(self):
        self.assertEqual(json.loads(self.output(
            "invoke", "echo", "--input", '{"a": 1}', "--name", "one")),
            {"a": 1})
        found = json.loads(self.output("get", "one", "--json"))
        self.assertEqual((found["status"], found["result"]),
                         ("SUCCEEDED", {"a": 1}))

    def test_invoke_that_fails(self):
        answer = self.durable("invoke", "fail")
        self.assertEqual((answer.returncode, answer.stdout), (1, ""))
        self.assertIn("Broken", answer.stderr)

    def test_invoke_refused(self):
        self.assertIn("404", self.refused("invoke", "none"))
        self.assertIn("JSON", self.refused("invoke", "echo", "--input", "{"))
        self.assertIn("no URL", self.refused("invoke", "echo",
                                             endpoint="localhost"))
        for command in (["invoke", "a b"], ["logs", "a b"],
                        ["list", "--function", "a b"]):
            self.assertEqual(
                self.refused(*command), "durable: the function's name \"a b\" "
                "has a character at position 2 that is none of A-Z a-z 0-9 _ "
                "-\n")
        self.assertIn("cannot be asked", self.refused(
            "invoke", "echo", endpoint="http://127.0.0.1:1"))

    def test_list_and_history(self):
        self.output("invoke", "echo", "--name", "one")
        self.durable("invoke", "fail", "--name", "two")
        listing = json.loads(self.output("list", "--json"))
        self.assertEqual([one["name"] for one in listing], ["one", "two"])
        kinds = [event["EventType"] for event in
                 json.loads(self.output("history", "one", "--json"))]
        self.assertEqual(kinds, ["ExecutionStarted", "InvocationCompleted",
                                 "ExecutionSucceeded"])
        self.assertIn("SUCCEEDED", self.output("history", "one"))

    def test_callback(self):
        arn = self.output("invoke", "gate", "--event", "--name", "g").strip()
        self.callback_id(arn)
        self.output("callback", "heartbeat", "--of", "g")
        self.output("callback", "succeed", "--of", "g", "--result", "yes")
        self.until(lambda: self.execution(arn).json["Status"] == "SUCCEEDED")
        self.assertIn("waits for no callback",
                      self.refused("callback", "succeed", "--of", "g"))

    def test_stop(self):
        self.output("invoke", "gate", "--event", "--name", "g")
        self.assertEqual(self.output("stop", "g", "--message", "enough"),
                         "g STOPPED\n")
        found = json.loads(self.output("get", "g", "--json"))
        self.assertEqual(found["error"]["ErrorMessage"], "enough")

    def test_refusals(self):
        self.assertIn("no execution called", self.refused("get", "none"))
        self.assertIn("exclude", self.refused("list", "--db", "x.db"))
        for command in (["invoke", "a b"], ["logs", "a b"],
                        ["list", "--function", "a b"]):
            self.assertEqual(
                self.refused(*command), "durable: the function's name \"a b\" "
                "has a character at position 2 that is none of A-Z a-z 0-9 _ "
                "-\n")
        self.assertIn("cannot be asked", self.refused(
            "list", endpoint="http://127.0.0.1:1"))


if __name__ == "__main__":
    unittest.main()
