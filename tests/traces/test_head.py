"""The recordings of the newer emulator, answer by answer."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent
                       / "serve"))
import differences  # noqa: E402
import recorded  # noqa: E402
from player import Lambda, Player  # noqa: E402
from strict import Strict  # noqa: E402
from support import ServeTest  # noqa: E402

RECORDINGS = "trace-head-basic", "trace-head-callbacks"


class Replay:
    """What every name of the program has to pass."""
    functions = None

    def setUp(self):
        super().setUp()
        self.endpoint = Lambda()
        self.addCleanup(self.endpoint.close)
        self.begin("--lambda-endpoint", self.endpoint.url)

    def play(self, name):
        check = Strict(self.names_error)
        player = Player(self.port, self.endpoint, check)
        player.play(recorded.read(name))
        for exchange in check.context.chained.values():
            self.invoked(player, exchange)
        self.assertEqual(player.left_over(), [])
        return check

    def invoked(self, player, exchange):
        """The function of a chained invoke, which no recording has, is
        invoked with what the checkpoint says."""
        [update] = exchange.request["Updates"]
        function = update["ChainedInvokeOptions"]["FunctionName"]
        came = player.next_arrival(player.bindings.ids[differences.INVOKED])
        self.assertEqual(came.path,
                         f"/2015-03-31/functions/{function}/invocations")
        [operation] = came.event["InitialExecutionState"]["Operations"]
        self.assertEqual(operation["ExecutionDetails"]["InputPayload"],
                         update["Payload"])
        came.answer.put(json.dumps({"Status": "SUCCEEDED", "Result": "1"}))

    def test_every_answer(self):
        checks = [self.play(name) for name in RECORDINGS]
        applied = set.union(*(check.applied for check in checks))
        self.assertEqual([rule for rule in differences.RULES
                          if rule not in applied], [], "never applied")
        for rule in differences.RULES:
            print(f"differs by {rule}")
        survivors = [s for check in checks for sample in check.samples
                     for s in sample.survivors()]
        self.assertEqual(survivors, [], "would not be noticed")


class Durable(Replay, ServeTest):
    """durable serve"""

    def begin(self, *options):
        self.serve(*options)

    def names_error(self, kind):
        return True


class Dex(Replay, ServeTest):
    """dex-local-runner: SAM compares the texts that boto3 makes of errors, and
    those change with the header."""

    def begin(self, *options):
        self.dex("--log-level", "CRITICAL", *options)

    def names_error(self, kind):
        return kind in ("checkpoint", "state")


if __name__ == "__main__":
    recorded.directory()
    unittest.main()
