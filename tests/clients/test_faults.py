"""boto3 under the faults of `durable serve --test-faults`."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent
                       / "serve"))
from support import ServeTest, raw_function  # noqa: E402


class Faults(ServeTest):
    functions = [raw_function("boto", command=[
        sys.executable, "-B", str(pathlib.Path(__file__).resolve().parent
                                  / "handler.py")])]
    options = ["--test-faults"]

    def test_sent_again(self):
        """The client resends by itself, with the same ClientToken."""
        for kind in ("429", "500", "reset_after_apply"):
            with self.subTest(kind=kind):
                self.assertEqual(self.ask("PUT", "/faults", json.dumps(
                    [{"call": 1, "kind": kind, "times": 2}])).status, 200)
                answer = self.invoke("boto", {"steps": 7})
                found = answer.json
                self.assertEqual(found["replayed"], found["first"])
                self.assertEqual(len(found["state"]), 1 + 7)
                kinds = self.kinds(answer.arn)
                self.assertEqual(kinds.count("StepSucceeded"), 7)
                self.assertEqual(kinds.count("InvocationCompleted"), 1)
                self.assertEqual(self.ask("GET", "/faults").json, [])

    def test_not_sent_again(self):
        """The client gives up, and the service invokes anew."""
        self.assertEqual(self.ask("PUT", "/faults", json.dumps(
            [{"call": 1, "kind": "stale_token"}])).status, 200)
        first, second = self.completions(
            self.invoke("boto", {"steps": 1}).arn)
        self.assertEqual(first["Error"]["Payload"]["ErrorType"],
                         "InvalidParameterValueException")
        self.assertIn("Invalid checkpoint token",
                      first["Error"]["Payload"]["ErrorMessage"])
        self.assertNotIn("Payload", second.get("Error", {}))


if __name__ == "__main__":
    unittest.main()
