"""callback and stop, from another process than the one that runs."""

import json
import unittest

from support import CliTest


class Callback(CliTest):
    def gate(self, name="x"):
        process = self.start(*self.task("gate", name))
        self.until_waiting(name, process)
        return process

    def callback(self, *arguments):
        return self.durable("callback", *arguments, "--db", self.db)

    def identifier(self, name="x"):
        for event in self.events(name):
            if event["EventType"] == "CallbackStarted":
                return event["CallbackStartedDetails"]["CallbackId"]
        self.fail("no callback")

    def assertSeenAtOnce(self, kind, name="x"):
        """The run went on because of the callback: by the service's own clock
        the next invocation began when the callback's event was there."""
        events = self.events(name)
        at = [event["EventType"] for event in events].index(kind)
        done = [event for event in events[at:]
                if event["EventType"] == "InvocationCompleted"]
        began = done[0]["InvocationCompletedDetails"]["StartTimestamp"]
        seen = (began - events[at]["EventTimestamp"]) * 1000
        print(f"{self.id()}: seen after {seen:.0f} ms")
        self.assertGreaterEqual(began, events[at]["EventTimestamp"])

    def test_succeed_by_id(self):
        process = self.gate()
        answer = self.callback("succeed", self.identifier(), "--result", "yes")
        self.assertExit(0, answer)
        answer = self.wait_for(process)
        self.assertExit(0, answer)
        self.assertEqual(json.loads(answer.stdout), "yes")
        self.assertSeenAtOnce("CallbackSucceeded")

    def test_succeed_by_name(self):
        process = self.gate()
        self.assertExit(0, self.callback("succeed", "--of", "x", "approval"))
        self.assertExit(0, self.wait_for(process))

    def test_succeed_with_a_file(self):
        (self.directory / "result").write_text('{"by":"ada"}')
        process = self.gate()
        self.assertExit(0, self.callback("succeed", "--of", "x", "--result",
                                         "@result"))
        answer = self.wait_for(process)
        self.assertEqual(json.loads(json.loads(answer.stdout)), {"by": "ada"})

    def test_fail(self):
        process = self.gate()
        answer = self.callback("fail", "--of", "x", "--type", "Rejected",
                               "--message", "too dear")
        self.assertExit(0, answer)
        answer = self.wait_for(process)
        self.assertExit(1, answer)
        self.assertIn("too dear", answer.stderr)
        self.assertSeenAtOnce("CallbackFailed")

    def test_heartbeat(self):
        process = self.gate()
        self.assertExit(0, self.callback("heartbeat", "--of", "x"))
        self.assertIsNone(process.poll())
        self.assertExit(0, self.callback("succeed", "--of", "x"))
        self.assertExit(0, self.wait_for(process))

    def test_answered_while_nobody_runs(self):
        process = self.gate()
        process.kill()
        self.wait_for(process)
        self.assertExit(0, self.callback("succeed", "--of", "x", "--result",
                                         "late"))
        answer = self.durable(*self.task("gate", "x"))
        self.assertExit(0, answer)
        self.assertEqual(json.loads(answer.stdout), "late")
        self.assertEqual(self.ran(), 2)

    def test_two_of_them(self):
        process = self.start(*self.task("gates", "x"))
        self.until_waiting("x", process, callbacks=2)
        self.assertRefused(self.callback("succeed", "--of", "x"), "2")
        self.assertRefused(self.callback("succeed", "--of", "x", "middle"),
                           '"middle"')
        for name in ("right", "left"):
            self.assertExit(0, self.callback("succeed", "--of", "x", name,
                                             "--result", name))
        answer = self.wait_for(process)
        self.assertEqual(json.loads(answer.stdout), ["left", "right"])

    def test_get_names_it(self):
        process = self.gate()
        text = self.durable("get", "x", "--db", self.db).stdout
        self.assertIn(f"approval {self.identifier()}", text)
        process.kill()

    def test_answered_already(self):
        process = self.gate()
        identifier = self.identifier()
        self.assertExit(0, self.callback("succeed", identifier))
        self.assertExit(0, self.wait_for(process))
        for verb in ("succeed", "fail", "heartbeat"):
            with self.subTest(verb=verb):
                self.assertRefused(self.callback(verb, identifier))
        self.assertRefused(self.callback("succeed", "--of", "x"),
                           "no callback")

    def test_refusals_lose_nothing(self):
        process = self.gate()
        identifier = self.identifier()
        (self.directory / "large").write_text("x" * 262145)
        self.assertRefused(
            self.callback("succeed", identifier, "--result", "@large"),
            "--result", "262144")
        self.assertRefused(self.callback("approve", identifier), '"approve"')
        self.assertRefused(
            self.callback("fail", identifier, "--result", "x"), "--result")
        self.assertRefused(
            self.callback("succeed", identifier, "--type", "x"), "--type")
        self.assertRefused(self.callback("succeed"), "--of")
        answer = self.callback("succeed", "nonsense")
        self.assertExit(2, answer)
        self.assertIn('"nonsense" was taken for a callback\'s id', answer.stderr)
        self.assertIn("--of EXECUTION", answer.stderr)
        self.assertRefused(self.callback("succeed", "i" * 1025), "1025")
        self.assertRefused(
            self.callback("succeed", "--of", "x", "n" * 257), "257", "256")
        self.assertRefused(
            self.callback("succeed", "--of", "x", "caf\u00e9"), "byte 4")
        self.assertRefused(self.callback("succeed", "--of", "y"), '"y"')
        self.assertIsNone(process.poll())
        (self.directory / "most").write_text("x" * 262144)
        self.assertExit(0, self.callback("succeed", identifier, "--result",
                                         "@most"))
        answer = self.wait_for(process)
        self.assertExit(0, answer)
        self.assertEqual(len(json.loads(answer.stdout)), 262144)


class Stop(CliTest):
    def test_stop(self):
        process = self.start(*self.task("gate", "x"))
        self.until_waiting("x", process)
        answer = self.durable("stop", "x", "--db", self.db, "--message",
                              "enough", "--type", "Operator")
        self.assertExit(0, answer)
        self.assertEqual(answer.stdout, "x STOPPED\n")
        answer = self.wait_for(process)
        self.assertExit(1, answer)
        self.assertIn("STOPPED: Operator: enough", answer.stderr)
        table = self.durable("history", "x", "--db", self.db, LC_ALL="C").stdout
        self.assertRegex(table, r"(?m)^s approval")
        self.assertIn("s cut short", table)

    def test_stop_while_nobody_runs(self):
        process = self.start(*self.task("gate", "x"))
        self.until_waiting("x", process)
        process.kill()
        self.wait_for(process)
        self.assertExit(0, self.durable("stop", "x", "--db", self.db))
        answer = self.durable(*self.task("gate", "x", "--json"))
        self.assertExit(1, answer)
        self.assertEqual(json.loads(answer.stdout)["status"], "STOPPED")

    def test_stop_of_one_that_ended(self):
        self.durable(*self.task("echo", "x"))
        answer = self.durable("stop", "x", "--db", self.db)
        self.assertExit(0, answer)
        self.assertEqual(answer.stdout, "x SUCCEEDED\n")


if __name__ == "__main__":
    unittest.main()
