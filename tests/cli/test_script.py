"""Scripts under `durable run`: started as functions behind the Runtime API.

The runtime is a stand-in under the name of Python's, a bootstrap in C: what is
tested here is the command, the languages have suites of their own."""

import json
import os
import signal
import unittest

from support import CliTest

RUNTIME = """#!/bin/sh
[ "$1" = -c ] && exit 0
echo "$*" "$_HANDLER" "$LAMBDA_TASK_ROOT" >&2
_HANDLER=${_HANDLER#*.} exec "%s"
"""


class Script(CliTest):
    def setUp(self):
        super().setUp()
        runtime = self.directory / "bin" / "python3"
        runtime.parent.mkdir()
        runtime.write_text(RUNTIME % os.environ["DURABLE_BOOTSTRAP"])
        runtime.chmod(0o755)
        self.folder = self.directory / "flows"
        self.folder.mkdir()
        self.script = self.folder / "order.py"
        self.script.write_text("")

    def environment(self, **more):
        path = f"{self.directory / 'bin'}:{os.environ['PATH']}"
        return super().environment(**{"PATH": path, **more})

    def run_script(self, handler, name, *options, path=None, **more):
        return self.durable("run", path or self.script, "--handler", handler,
                            "--db", self.db, "--name", name, *options, **more)

    def test_to_its_end(self):
        answer = self.run_script("echo", "x", "--input", '{"a":[1]}')
        self.assertExit(0, answer)
        self.assertEqual(json.loads(answer.stdout), {"a": [1]})
        self.assertIn(f"-m durable_core.runtime order.echo {self.folder}\n",
                      answer.stderr)

    def test_its_name_is_the_function(self):
        self.assertExit(2, self.durable("run", self.folder / "none.py"))
        self.script.rename(self.folder / "echo.py")
        # Without --handler it is "handler", which this runtime has not.
        answer = self.durable("run", self.folder / "echo.py", "--db", self.db,
                              "--skip-time", "--name", "x")
        self.assertExit(1, answer)
        self.assertIn("Runtime.ExitError", answer.stderr)
        self.assertIn("no handler handler", answer.stderr)
        listing = json.loads(self.durable("list", "--db", self.db,
                                          "--json").stdout)
        self.assertEqual(listing[0]["function"], "echo")

    def test_steps_and_waits(self):
        answer = self.run_script("steps", "x", "--skip-time")
        self.assertExit(0, answer)
        self.assertEqual(json.loads(answer.stdout), "done")
        self.assertIn("WaitSucceeded", self.kinds("x"))

    def test_a_failure(self):
        answer = self.run_script("fail", "x")
        self.assertExit(1, answer)
        self.assertIn("FAILED: Broken: as told", answer.stderr)

    def test_with_another(self):
        (self.folder / "echo.py").write_text("")
        answer = self.run_script("call", "x", "--input", "[7]", "--with",
                                 self.folder / "echo.py", "--skip-time")
        # "echo" is there, but its handler is called "handler".
        self.assertExit(1, answer)
        self.assertIn("no handler handler", answer.stderr)

    def test_killed_and_resumed(self):
        process = self.start("run", self.script, "--handler", "gate", "--db",
                             self.db, "--name", "x")
        self.until_waiting("x", process)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        self.assertExit(0, self.durable("callback", "succeed", "--of", "x",
                                        "--result", "yes", "--db", self.db))
        answer = self.run_script("gate", "x")
        self.assertExit(0, answer)
        self.assertEqual(json.loads(answer.stdout), "yes")

    def test_interrupted(self):
        process = self.start("run", self.script, "--handler", "gate", "--db",
                             self.db, "--name", "x")
        self.until_waiting("x", process)
        process.send_signal(signal.SIGINT)
        answer = self.wait_for(process)
        self.assertExit(130, answer)
        self.assertIn("--handler gate", answer.stderr)

    def test_timeout(self):
        answer = self.run_script("gate", "x", "--timeout", "1")
        self.assertExit(1, answer)
        self.assertIn("TIMED_OUT", answer.stderr)

    def test_refusals(self):
        self.assertRefused(self.durable("run", "none.py"), "none.py",
                           "No such file")
        self.assertRefused(self.durable("run", self.folder), "directory")
        odd = self.folder / "my flow.py"
        odd.write_text("")
        self.assertRefused(self.durable("run", odd), "my flow.py", "1 to 64")
        odd = self.folder / "a.b.py"
        odd.write_text("")
        self.assertRefused(self.durable("run", odd), "a.b.py")
        self.assertRefused(self.run_script("a b", "x"), "a b")
        self.assertRefused(
            self.run_script("echo", "x", DURABLE_KILL_AT="after:1"),
            "DURABLE_KILL_AT", "shared object")
        self.assertFalse(self.db.exists() and json.loads(self.durable(
            "list", "--db", self.db, "--json").stdout))

    def test_no_runtime(self):
        runtime = self.directory / "bin" / "python3"
        runtime.write_text("#!/bin/sh\nexit 1\n")
        self.assertRefused(self.run_script("echo", "x"), "durable_core",
                           "pip install")


if __name__ == "__main__":
    unittest.main()
