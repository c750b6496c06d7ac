"""Help, versions, and everything that is refused before a database is used."""

import unittest

from support import FIXTURES, CliTest

COMMANDS = ["run", "list", "get", "history", "callback", "stop"]


class Usage(CliTest):
    def test_help(self):
        answer = self.durable("--help")
        self.assertExit(0, answer)
        for command in COMMANDS:
            self.assertIn(f"\n  {command} ", answer.stdout)
        self.assertIn("130", answer.stdout)

    def test_help_of_each_command(self):
        for command in COMMANDS:
            with self.subTest(command=command):
                answer = self.durable(command, "--help")
                self.assertExit(0, answer)
                self.assertIn(f"durable {command}", answer.stdout)
                self.assertIn("--db=PATH", answer.stdout)
                self.assertEqual(answer.stderr, "")

    def test_version(self):
        answer = self.durable("--version")
        self.assertExit(0, answer)
        self.assertRegex(answer.stdout, r"^durable \d+\.\d+\.\d+\n$")

    def test_no_command(self):
        answer = self.durable()
        self.assertExit(2, answer)
        self.assertIn("Usage: durable", answer.stderr)

    def test_unknown_command(self):
        self.assertRefused(self.durable("rnu"), '"rnu"', "run, serve, invoke, list")

    def test_unknown_option(self):
        for command in COMMANDS:
            with self.subTest(command=command):
                self.assertRefused(self.durable(command, "--nmae", "x"),
                                   "--nmae", f"durable {command} --help")

    def test_option_without_its_value(self):
        self.assertRefused(self.durable("list", "--db"), "--db")

    def test_missing_operand(self):
        for command in ["run", "get", "history", "callback", "stop"]:
            with self.subTest(command=command):
                self.assertRefused(self.durable(command), "missing")

    def test_too_many_operands(self):
        self.assertRefused(self.durable("list", "surplus"), "surplus")
        self.assertRefused(self.durable("get", "a", "surplus"), "surplus")


class Objects(CliTest):
    def run_file(self, file):
        return self.durable("run", file, "--db", self.db)

    def tearDown(self):
        self.assertFalse(self.db.exists(), "a refused run left a database")
        super().tearDown()

    def test_missing_file(self):
        self.assertRefused(self.run_file("absent.so"), "absent.so",
                           "No such file")

    def test_not_an_object(self):
        (self.directory / "text.so").write_text("not one")
        self.assertRefused(self.run_file("text.so"), "text.so",
                           "not a shared object")

    def test_directory(self):
        self.assertRefused(self.run_file("/tmp"), "directory")

    def test_no_handler(self):
        self.assertRefused(self.run_file(FIXTURES / "nohandler.so"),
                           "no handler", "durable_handler_table")

    def test_empty_table(self):
        self.assertRefused(self.run_file(FIXTURES / "empty.so"), "no handler")

    def test_unknown_handler(self):
        self.assertRefused(self.durable(*self.task("absent", "x")),
                           '"absent"', "echo, fail, gate")

    def test_missing_other(self):
        self.assertRefused(
            self.durable(*self.task("echo", "x", "--with", "absent.so")),
            "absent.so")


class Inputs(CliTest):
    def tearDown(self):
        self.assertFalse(self.db.exists(), "a refused run left a database")
        super().tearDown()

    def echo(self, text, *options):
        return self.durable(*self.task("echo", "x", "--input", text, *options))

    def test_json_that_ends_early(self):
        self.assertRefused(self.echo('{"a": 1'), "--input", "not JSON", "7")

    def test_json_that_goes_on(self):
        self.assertRefused(self.echo('{"a": 1} 2'), "not JSON", "char 9")

    def test_place_of_an_error(self):
        self.assertRefused(self.echo('{"a":\n  tru}'), "line 2 column 3")

    def test_file_with_an_error(self):
        (self.directory / "in.json").write_text("[1,]")
        self.assertRefused(self.echo("@in.json"), "@in.json", "not JSON")

    def test_missing_input_file(self):
        self.assertRefused(self.echo("@absent.json"), "absent.json",
                           "No such file")

    def test_empty_input(self):
        self.assertRefused(self.echo(""), "not JSON")

    def test_not_unicode(self):
        (self.directory / "in.json").write_bytes(b'"\xff"')
        self.assertRefused(self.echo("@in.json"), "not JSON")

    def test_above_the_limit(self):
        (self.directory / "in.json").write_text('"' + "x" * 6291455 + '"')
        self.assertRefused(self.echo("@in.json"), "--input", "6291456")

    def test_name_with_a_wrong_character(self):
        self.assertRefused(self.durable(*self.task("echo", "a b")),
                           '"a b"', "position 2")

    def test_name_too_long(self):
        self.assertRefused(self.durable(*self.task("echo", "n" * 65)),
                           "65 characters", "64")
        self.assertRefused(self.durable(*self.task("echo", "n" * 257)), "257")

    def test_name_empty(self):
        self.assertRefused(self.durable(*self.task("echo", "")), "empty")

    def test_time_scale(self):
        self.assertRefused(
            self.durable(*self.task("echo", "x", "--time-scale", "-1")),
            "--time-scale -1", "1e-06 to 1000000")
        for value in ("0", "nan", "abc", "1x", ""):
            self.assertRefused(
                self.durable(*self.task("echo", "x", "--time-scale", value)),
                f"--time-scale {value}: expected a number")
        self.assertRefused(
            self.durable(*self.task("echo", "x", "--time-scale", "2",
                                    "--skip-time")), "exclude")

    def test_timeout(self):
        for value in ("0", "-1", "1.5", "abc", "", "31622401", "9" * 30):
            self.assertRefused(
                self.durable(*self.task("echo", "x", "--timeout", value)),
                f"--timeout {value}: expected a whole number from 1 to 31622400")

    def test_kill_point(self):
        self.assertRefused(
            self.durable(*self.task("echo", "x"), DURABLE_KILL_AT="later"),
            "DURABLE_KILL_AT=later", "before:N")


if __name__ == "__main__":
    unittest.main()
