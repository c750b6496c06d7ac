"""list, get and history."""

import json
import unittest

from support import FIXTURES, CliTest


class Look(CliTest):
    def setUp(self):
        super().setUp()
        self.durable(*self.task("echo", "one", "--input", '{"n":1}'))
        self.durable(*self.task("fail", "two"))
        self.durable(*self.task("wide", "three", "--skip-time"))

    def look(self, *arguments, **more):
        answer = self.durable(*arguments, "--db", self.db, **more)
        self.assertExit(0, answer)
        return answer.stdout

    def names(self, *arguments):
        listing = json.loads(self.look("list", "--json", *arguments))
        return [execution["name"] for execution in listing]

    def test_list(self):
        lines = self.look("list").splitlines()
        self.assertEqual([line.split()[0] for line in lines],
                         ["NAME", "one", "two", "three"])
        self.assertEqual(lines[2].split()[1:3], ["fail", "FAILED"])

    def test_list_filters(self):
        self.assertEqual(self.names(), ["one", "two", "three"])
        self.assertEqual(self.names("--status", "SUCCEEDED"), ["one", "three"])
        self.assertEqual(self.names("--function", "fail"), ["two"])
        self.assertEqual(
            self.names("--function", "fail", "--status", "RUNNING"), [])

    def test_list_of_an_unknown_status(self):
        self.assertRefused(
            self.durable("list", "--status", "DONE", "--db", self.db),
            '"DONE"', "RUNNING")

    def test_get(self):
        text = self.look("get", "one")
        self.assertIn("SUCCEEDED", text)
        self.assertIn('{"n":1}', text)

    def test_get_by_arn(self):
        by_name = json.loads(self.look("get", "two", "--json"))
        by_arn = json.loads(self.look("get", by_name["arn"], "--json"))
        self.assertEqual(by_name, by_arn)
        self.assertEqual(by_name["status"], "FAILED")
        self.assertEqual(by_name["error"]["ErrorType"], "Broken")

    def test_escapes_do_not_reach_the_terminal(self):
        self.assertNotIn("\x1b", self.look("get", "two"))
        self.assertNotIn("\x1b", self.look("history", "two"))

    def test_history(self):
        text = self.look("history", "three", LC_ALL="C")
        self.assertIn("SUCCEEDED", text.splitlines()[0])
        self.assertIn("many", text)
        self.assertIn("step x2", text)
        self.assertIn("#", text)
        self.assertIn(".", text)

    def test_history_with_bars(self):
        text = self.look("history", "three", LC_ALL="C.UTF-8")
        self.assertIn("█", text)
        self.assertIn("░", text)

    def test_history_fits(self):
        for columns, limit in ((None, 80), ("64", 64), ("132", 132)):
            more = {"COLUMNS": columns} if columns else {}
            text = self.look("history", "three", LC_ALL="C.UTF-8", **more)
            lines = text.split("\n\n", 1)[1].splitlines()
            self.assertLessEqual(max(map(len, lines)), limit)

    def test_history_columns_are_aligned(self):
        table = self.look("history", "three").split("\n\n")[1].splitlines()
        column = table[0].index("what")
        for line in table[1:]:
            self.assertEqual(line[column - 1], " ", line)
            self.assertNotEqual(line[column], " ", line)

    def test_history_counts(self):
        self.assertIn("  0 operations, 3 events, 1 invocation\n",
                      self.look("history", "two"))

    def test_json_has_no_tabs(self):
        text = self.look("get", "one", "--json")
        self.assertNotIn("\t", text)
        self.assertIn('\n  "name": "one"', text)

    def test_history_json(self):
        kinds = self.kinds("three")
        self.assertEqual(kinds[0], "ExecutionStarted")
        self.assertEqual(kinds[-1], "ExecutionSucceeded")

    def test_history_events(self):
        lines = self.look("history", "three", "--events").splitlines()
        self.assertEqual([line.split()[3] for line in lines],
                         self.kinds("three"))

    def test_unknown_execution(self):
        for command in ("get", "history", "stop"):
            with self.subTest(command=command):
                self.assertRefused(
                    self.durable(command, "four", "--db", self.db), '"four"',
                    f"durable list --db {self.db}")
                self.assertRefused(
                    self.durable(command, "arn:aws:lambda:eu-west-1:1:function"
                                 ":f:1/durable-execution/n/i", "--db",
                                 self.db), "not found")

    def test_looking_changes_nothing(self):
        before = self.look("list", "--json")
        for command in ("get", "history"):
            self.look(command, "three")
        self.assertEqual(self.look("list", "--json"), before)

    def test_long_history_is_read_to_its_end(self):
        (self.directory / "in.json").write_text("{}")
        events = json.loads(self.look("history", "three", "--json"))
        self.assertEqual([event["EventId"] for event in events],
                         list(range(1, len(events) + 1)))
        self.assertTrue(FIXTURES.exists())


if __name__ == "__main__":
    unittest.main()
