"""The official JS SDK: its handlers behind the service."""

import os
import unittest

from official import HERE, OfficialSdk, Workflows

NODE_MODULES = os.environ["DURABLE_NODE_MODULES"]


class JsSdk(Workflows, OfficialSdk):
    command = [NODE_MODULES + "/.bin/node", str(HERE / "sdk.mjs")]
    environment = {"DURABLE_NODE_MODULES": NODE_MODULES}
    separators = (",", ":")

    def callback_names(self, name):
        return "-", "-"

    def test_combine(self):
        self.start("--skip-time")
        answer = self.call("combine")
        self.assertEqual(answer.json, [["A", "B"], "D",
                                       ["fulfilled", "rejected"]])
        story = self.story(answer.arn)
        for name in "abcdef":
            self.assertIn(f"StepStarted {name}", story)
            self.assertIn(
                f"StepFailed {name} {name} is mute #1" if name in "cf" else
                f'StepSucceeded {name} "{name.upper()}" #1', story)
        self.assertEqual(
            [line.split(" ")[1] for line in story
             if line.startswith("ContextSucceeded")],
            ["all", "any", "settled", "race"])
        # The loser of the race is left as it is.
        self.assertEqual(story[-5:], [
            "InvocationCompleted", "WaitSucceeded short 1 s",
            "ContextSucceeded race (RunInChildContext)",
            "InvocationCompleted", "ExecutionSucceeded"])


if __name__ == "__main__":
    unittest.main()
