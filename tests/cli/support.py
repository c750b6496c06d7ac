"""Running `durable` in a directory of its own."""

import ctypes
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

PROGRAM = os.environ["DURABLE_CLI"]
FIXTURES = pathlib.Path(os.environ["DURABLE_FIXTURES"])
PATIENCE_S = 60  # how long a test waits for what has to come


def obey_permissions():
    """In a child: root is bound by the permissions of files, too."""
    drop_from_bounding_set, may_override = 24, 1
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(drop_from_bounding_set, may_override, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")


class CliTest(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="durable-cli-"))
        self.db = self.directory / "test.db"
        self.marks = self.directory / "marks"
        self.running = []

    def tearDown(self):
        for process in self.running:
            if process.poll() is None:
                process.kill()
            process.communicate()
        for path in self.directory.rglob("*"):
            if path.is_dir():
                path.chmod(0o755)
        shutil.rmtree(self.directory)

    def environment(self, **more):
        environment = dict(os.environ, TASKS_FILE=str(self.marks))
        for key in ("COLUMNS", "DURABLE_KILL_AT", "LC_ALL", "LC_CTYPE"):
            environment.pop(key, None)
        environment.update(more)
        return environment

    def durable(self, *arguments, preexec=None, **more):
        """Run to the end."""
        return subprocess.run(
            [PROGRAM, *map(str, arguments)], cwd=self.directory, text=True,
            capture_output=True, env=self.environment(**more),
            preexec_fn=preexec,
            stdin=subprocess.DEVNULL, timeout=PATIENCE_S, encoding="utf-8")

    def start(self, *arguments, **more):
        process = subprocess.Popen(
            [PROGRAM, *map(str, arguments)], cwd=self.directory, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL, env=self.environment(**more))
        self.running.append(process)
        return process

    def on_terminal(self, *arguments, **more):
        """Run to the end with stderr on a terminal; answers what it showed."""
        near, far = os.openpty()
        process = subprocess.Popen(
            [PROGRAM, *map(str, arguments)], cwd=self.directory, stderr=far,
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
            env=self.environment(**more))
        self.running.append(process)
        os.close(far)
        shown = b""
        try:
            while chunk := os.read(near, 4096):
                shown += chunk
        except OSError:  # the other end is closed
            pass
        os.close(near)
        return process.wait(timeout=PATIENCE_S), shown.decode()

    def task(self, handler, name, *options):
        """The arguments of a run of a handler of tasks.so."""
        return ["run", FIXTURES / "tasks.so", "--handler", handler, "--db",
                self.db, "--name", name, *options]

    def wait_for(self, process):
        stdout, stderr = process.communicate(timeout=PATIENCE_S)
        return subprocess.CompletedProcess([], process.returncode, stdout,
                                           stderr)

    def until(self, condition, process=None):
        end = time.monotonic() + PATIENCE_S
        while not condition():
            if process is not None and process.poll() is not None:
                self.fail(f"ended early: {self.wait_for(process)}")
            if time.monotonic() > end:
                self.fail("it never came")
            time.sleep(0.01)

    def until_waiting(self, name, process=None, callbacks=1):
        """Until the execution waits for its callback."""
        self.until(lambda: self.db.exists()
                   and self.kinds(name).count("CallbackStarted") >= callbacks,
                   process)

    def events(self, name):
        answer = self.durable("history", name, "--db", self.db, "--json")
        return json.loads(answer.stdout) if answer.returncode == 0 else []

    def kinds(self, name):
        return [event["EventType"] for event in self.events(name)]

    def ran(self):
        """How many bodies have run."""
        return len(self.marks.read_text().splitlines()) \
            if self.marks.exists() else 0

    # ---- assertions

    def assertExit(self, code, answer):
        self.assertEqual(answer.returncode, code,
                         f"stdout {answer.stdout!r} stderr {answer.stderr!r}")

    def assertRefused(self, answer, *words):
        """Exit code 2, one line on stderr with all of the words, and nothing
        on stdout."""
        self.assertExit(2, answer)
        self.assertEqual(answer.stdout, "")
        self.assertTrue(answer.stderr.startswith("durable: "), answer.stderr)
        for word in words:
            self.assertIn(word, answer.stderr)
