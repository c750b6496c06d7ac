"""Runs, outcomes, exit codes, and going on after an end that came early."""

import json
import signal
import unittest

from support import FIXTURES, CliTest


class Outcomes(CliTest):
    def test_result(self):
        answer = self.durable(*self.task("echo", "x", "--input", '{"a": [1]}'))
        self.assertExit(0, answer)
        self.assertEqual(json.loads(answer.stdout), {"a": [1]})
        self.assertEqual(answer.stderr, "")

    def test_default_input(self):
        answer = self.durable(*self.task("echo", "x"))
        self.assertExit(0, answer)
        self.assertEqual(json.loads(answer.stdout), {})

    def test_input_file(self):
        (self.directory / "in.json").write_text('["from a file"]')
        answer = self.durable(*self.task("echo", "x", "--input", "@in.json"))
        self.assertEqual(json.loads(answer.stdout), ["from a file"])

    def test_long_integers_survive(self):
        number = "123456789012345678901234567890"
        answer = self.durable(*self.task("echo", "x", "--input", number))
        self.assertEqual(answer.stdout, number + "\n")
        answer = self.durable(*self.task("echo", "y", "--input", number,
                                         "--json"))
        self.assertEqual(json.loads(answer.stdout)["result"], int(number))

    def test_largest_input(self):
        text = '"' + "x" * (6291456 - 2) + '"'
        (self.directory / "in.json").write_text(text)
        answer = self.durable(*self.task("fail", "x", "--input", "@in.json"))
        self.assertExit(1, answer)

    def test_first_handler_is_the_default(self):
        answer = self.durable("run", FIXTURES / "tasks.so", "--db", self.db,
                              "--input", "7", "--json")
        self.assertExit(0, answer)
        outcome = json.loads(answer.stdout)
        self.assertEqual(outcome["function"], "echo")
        self.assertRegex(outcome["name"], r"^echo-[0-9a-f]{8}$")

    def test_default_database(self):
        self.assertExit(0, self.durable("run", FIXTURES / "tasks.so"))
        self.assertTrue((self.directory / "durable.db").exists())
        self.assertIn("echo-", self.durable("list").stdout)

    def test_memory_leaves_no_file(self):
        answer = self.durable("run", FIXTURES / "tasks.so", "--db", ":memory:",
                              "--input", "1")
        self.assertEqual(answer.stdout, "1\n")
        self.assertEqual(list(self.directory.iterdir()), [])

    def test_failure(self):
        answer = self.durable(*self.task("fail", "x"))
        self.assertExit(1, answer)
        self.assertEqual(answer.stdout, "")
        self.assertIn("FAILED: Broken: as it was", answer.stderr)
        self.assertNotIn("\x1b", answer.stderr)

    def test_failure_as_json(self):
        answer = self.durable(*self.task("fail", "x", "--json"))
        self.assertExit(1, answer)
        outcome = json.loads(answer.stdout)
        self.assertEqual(outcome["status"], "FAILED")
        self.assertEqual(outcome["error"]["ErrorType"], "Broken")
        self.assertNotIn("result", outcome)

    def test_timeout(self):
        answer = self.durable(*self.task("patient", "x", "--timeout", "60",
                                         "--skip-time"))
        self.assertExit(1, answer)
        self.assertIn("TIMED_OUT", answer.stderr)

    def test_skip_time(self):
        answer = self.durable(*self.task("patient", "x", "--skip-time"))
        self.assertExit(0, answer)
        self.assertEqual(json.loads(answer.stdout), "rested")
        execution = json.loads(
            self.durable("get", "x", "--db", self.db, "--json").stdout)
        self.assertNotEqual(execution["started"][:10], execution["ended"][:10])

    def test_chained_invoke(self):
        answer = self.durable(*self.task(
            "call", "x", "--with", FIXTURES / "other.so", "--input",
            '"twice"'))
        self.assertExit(0, answer)
        self.assertEqual(json.loads(answer.stdout), ["twice", "twice"])

    def test_chained_invoke_in_the_same_object(self):
        answer = self.durable(*self.task("call", "x", "--input", '"echo"'))
        self.assertExit(0, answer)
        self.assertEqual(json.loads(answer.stdout), "echo")

    def test_chained_invoke_of_nobody(self):
        answer = self.durable(*self.task("call", "x", "--input", '"nobody"'))
        self.assertExit(1, answer)
        self.assertIn("nobody", answer.stderr)

    def test_verbose(self):
        answer = self.durable(*self.task("wide", "x", "--verbose",
                                         "--skip-time"))
        self.assertExit(0, answer)
        self.assertIn("many", answer.stderr)
        self.assertIn("Flaky: once", answer.stderr)
        self.assertNotIn("\x1b", answer.stderr)
        self.assertNotIn("\r", answer.stderr)


class Terminal(CliTest):
    def test_progress(self):
        code, shown = self.on_terminal(*self.task("wide", "x",
                                                  "--time-scale", "0.2"))
        self.assertEqual(code, 0)
        lines = [line.split("\x1b[K")[-1] for line in shown.split("\r\n")]
        for name in ("map-item-0", "map-item-3", "many"):
            with self.subTest(name=name):  # one line for each operation
                self.assertEqual(sum(f" {name} " in line for line in lines), 1)
        self.assertRegex(shown, r"[|/\\-] a-step-with-a-name")  # under way
        self.assertTrue(shown.endswith("\r\n"), "a half line is left")

    def test_callback_is_told(self):
        process_db = str(self.db)
        code, shown = self.on_terminal(*self.task("gate", "x", "--timeout",
                                                  "3600", "--time-scale",
                                                  "0.0001"))
        self.assertEqual(code, 1)
        self.assertIn(f"durable callback succeed --db {process_db} --of x "
                      "approval", shown)


class Again(CliTest):
    def test_finished_name(self):
        first = self.durable(*self.task("wide", "x", "--json", "--skip-time"))
        self.assertExit(0, first)
        events = self.events("x")
        second = self.durable(*self.task("wide", "x", "--json"))
        self.assertExit(0, second)
        self.assertEqual(json.loads(first.stdout), json.loads(second.stdout))
        self.assertEqual(self.events("x"), events)

    def test_finished_name_with_the_same_input(self):
        task = self.task("echo", "x", "--input", "[1]")
        self.assertEqual(self.durable(*task).stdout,
                         self.durable(*task).stdout)

    def test_finished_name_without_input(self):
        self.durable(*self.task("echo", "x", "--input", "[1]"))
        answer = self.durable(*self.task("echo", "x"))
        self.assertExit(0, answer)
        self.assertEqual(json.loads(answer.stdout), [1])

    def test_another_input(self):
        self.durable(*self.task("echo", "x", "--input", "[1]"))
        answer = self.durable(*self.task("echo", "x", "--input", "[2]"))
        self.assertRefused(answer, "another input", "x")
        self.assertEqual(
            json.loads(self.durable(*self.task("echo", "x")).stdout), [1])

    def test_same_name_of_another_function(self):
        self.durable(*self.task("echo", "x", "--input", "[1]"))
        self.assertExit(1, self.durable(*self.task("fail", "x")))
        answer = self.durable("get", "x", "--db", self.db)
        self.assertRefused(answer, "2 executions", "function:echo",
                           "function:fail")

    def interrupt(self, number):
        process = self.start(*self.task("gate", "x", "--input", "[1]"))
        self.until_waiting("x", process)
        process.send_signal(number)
        answer = self.wait_for(process)
        self.assertExit(130, answer)
        self.assertIn(f"--db {self.db} --name x", answer.stderr)
        self.go_on()

    def go_on(self):
        self.assertEqual(self.ran(), 1)
        self.assertNotIn("ExecutionSucceeded", self.kinds("x"))
        process = self.start(*self.task("gate", "x"))
        answer = self.durable("callback", "succeed", "--of", "x", "--db",
                              self.db, "--result", "yes")
        self.assertExit(0, answer)
        answer = self.wait_for(process)
        self.assertExit(0, answer)
        self.assertEqual(json.loads(answer.stdout), "yes")
        self.assertEqual(self.ran(), 2)  # "before" did not run again

    def test_interrupted(self):
        self.interrupt(signal.SIGINT)

    def test_terminated(self):
        self.interrupt(signal.SIGTERM)

    def test_killed(self):
        process = self.start(*self.task("gate", "x", "--input", "[1]"))
        self.until_waiting("x", process)
        process.kill()
        self.wait_for(process)
        self.go_on()

    def test_interrupted_within_a_body(self):
        process = self.start(*self.task("slow", "x"))
        self.until(lambda: self.db.exists()
                   and "StepStarted" in self.kinds("x"), process)
        process.send_signal(signal.SIGINT)
        answer = self.wait_for(process)  # not for the minute of the body
        self.assertExit(130, answer)

    def test_interrupted_twice(self):
        process = self.start(*self.task("slow", "x"))
        self.until(lambda: self.db.exists()
                   and "StepStarted" in self.kinds("x"), process)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        self.assertExit(130, self.wait_for(process))

    def test_kill_points(self):
        for point in ("before:1", "after:1"):
            with self.subTest(point=point):
                name = point.replace(":", "-")
                answer = self.durable(*self.task("wide", name, "--skip-time"),
                                      DURABLE_KILL_AT=point)
                self.assertExit(-signal.SIGKILL, answer)
                operations = [kind for kind in self.kinds(name)
                              if not kind.startswith("Execution")]
                self.assertEqual(operations != [], point == "after:1")
                answer = self.durable(*self.task("wide", name, "--skip-time"))
                self.assertExit(0, answer)


if __name__ == "__main__":
    unittest.main()
