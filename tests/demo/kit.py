"""The comparison of ledger and journal finds what it is there to find."""

import pathlib
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "tools"))

from demo_kit import Failed, Shop, is_settled_step  # noqa: E402


class Ledger(unittest.TestCase):
    def shop(self, *lines):
        directory = self.enterContext(tempfile.TemporaryDirectory())
        shop = Shop("build", directory)
        shop.ledger_path.write_text("".join(line + "\n" for line in lines))
        return shop

    def test_runs_of_several_processes(self):
        self.shop("reserve op 1 100 arn", "reserve op 1 101 arn",
                  "charge c 1 100 arn", "charge c 2 101 arn",
                  "reserve op 1 100 other-arn").check_ledger()

    def test_at_most_once_twice(self):
        shop = self.shop("charge c 1 100 arn", "charge c 1 101 arn")
        with self.assertRaisesRegex(Failed, "at most once"):
            shop.check_ledger()

    def test_twice_in_one_process(self):
        shop = self.shop("reserve op 1 100 arn", "reserve op 1 100 arn")
        with self.assertRaisesRegex(Failed, "one process"):
            shop.check_ledger()

    def test_again_after_success(self):
        shop = self.shop("reserve op 1 100 arn", "reserve op 2 101 arn")
        shop.settled_at[("arn", "op")] = 1
        with self.assertRaisesRegex(Failed, "line 2"):
            shop.check_ledger()

    def test_settled_steps(self):
        def event(kind, **details):
            return {"EventType": kind, kind + "Details": details}
        self.assertTrue(is_settled_step(event(
            "StepSucceeded", RetryDetails={"NextAttemptDelaySeconds": 0})))
        self.assertFalse(is_settled_step(event(
            "StepFailed", RetryDetails={"NextAttemptDelaySeconds": 2})))
        self.assertFalse(is_settled_step(event("StepStarted")))
        self.assertFalse(is_settled_step(event("ContextSucceeded")))


if __name__ == "__main__":
    unittest.main()
