"""What the demo and the kill tests share: one order, run by `durable`, and the
comparison of two independent records of it.

The ledger is written by the bodies themselves, a line for each time that one
runs.  The journal is what the service has on disk.  A body whose success is in
the journal must not be in the ledger once more after that.
"""

import collections
import json
import os
import pathlib
import subprocess
import threading
import time

Ran = collections.namedtuple("Ran", "body operation attempt process execution")

AT_MOST_ONCE = {"charge"}
CONFIRMATION = '{"by":"ada"}'


def order(items):
    """An order of that many items, the second of which fails once."""
    wares = ["tea", "pot", "cup", "jam", "rye", "oat", "fig", "nut"]
    return {
        "order": "A-17",
        "items": [
            {
                "sku": f"{wares[i % len(wares)]}-{i + 1}",
                "count": i % 3 + 1,
                "price": 250 + 100 * i,
                "flaky": i == 1,
            }
            for i in range(items)
        ],
    }


class Failed(Exception):
    """The workflow did something that it must not do."""


class Shop:
    """One database, one ledger and one execution in a directory of its own."""

    def __init__(self, build, directory, items=6, options=(), name="order-1"):
        self.build = pathlib.Path(build).resolve()
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.options = list(options)
        self.database = self.directory / "orders.db"
        self.ledger_path = self.directory / "ledger"
        self.input_path = self.directory / "order.json"
        self.input_path.write_text(json.dumps(order(items)))
        self.expected_confirmation = json.loads(CONFIRMATION)
        self.settled_at = {}  # (execution, operation): lines in the ledger then

    # ---- commands

    def program(self):
        return str(self.build / "bin" / "durable")

    def run_command(self):
        examples = self.build / "examples"
        return [
            self.program(), "run", str(examples / "order.so"),
            "--with", str(examples / "notify.so"),
            "--db", str(self.database), "--name", self.name,
            "--input", f"@{self.input_path}", *self.options,
        ]

    def environment(self, **more):
        environment = dict(os.environ, ORDER_LEDGER=str(self.ledger_path))
        environment.pop("DURABLE_KILL_AT", None)
        environment.update(more)
        return environment

    def start(self, **more):
        """The process that serves the order."""
        return subprocess.Popen(
            self.run_command(), env=self.environment(**more),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def ask(self, *arguments):
        """Another process on the same database."""
        return subprocess.run(
            [self.program(), *arguments, "--db", str(self.database)],
            env=self.environment(), capture_output=True, text=True)

    def confirm(self):
        return self.ask("callback", "succeed", "--of", self.name, "confirm",
                        "--result", CONFIRMATION)

    # ---- the two records

    def ledger(self):
        if not self.ledger_path.exists():
            return []
        lines = self.ledger_path.read_text().splitlines()
        return [Ran(body, operation, int(attempt), int(process), execution)
                for body, operation, attempt, process, execution
                in map(str.split, lines)]

    def executions(self):
        if not self.database.exists():
            return []
        listing = self.ask("list", "--json")
        return json.loads(listing.stdout) if listing.returncode == 0 else []

    def events(self, execution=None):
        if not self.database.exists():
            return []
        history = self.ask("history", execution or self.name, "--json")
        return json.loads(history.stdout) if history.returncode == 0 else []

    # ---- the comparison

    def take_stock(self):
        """Remember which steps are settled on disk; after each kill."""
        ran = len(self.ledger())
        for execution in self.executions():
            for event in self.events(execution["arn"]):
                if is_settled_step(event):
                    self.settled_at.setdefault(
                            (execution["arn"], event["Id"]), ran)

    def check_ledger(self):
        """Raise Failed when a body ran where it must not."""
        ledger = self.ledger()
        for index, ran in enumerate(ledger):
            if index >= self.settled_at.get(
                    (ran.execution, ran.operation), len(ledger)):
                raise Failed(f"{ran.body} ran again after its success was on "
                             f"disk (line {index + 1} of the ledger)")
        for ran, count in collections.Counter(ledger).items():
            if count > 1:
                raise Failed(f"{ran.body} ran {count} times for attempt "
                             f"{ran.attempt} in one process")
        tries = collections.Counter(
            (ran.body, ran.execution, ran.operation, ran.attempt)
            for ran in ledger if ran.body in AT_MOST_ONCE)
        for (body, _, _, attempt), count in tries.items():
            if count > 1:
                raise Failed(f"{body} is at most once, and ran {count} times "
                             f"for attempt {attempt}")


def is_settled_step(event):
    details = event.get(event["EventType"] + "Details", {})
    retry = details.get("RetryDetails", {})
    return (event["EventType"] in ("StepSucceeded", "StepFailed")
            and not retry.get("NextAttemptDelaySeconds"))


class Customer(threading.Thread):
    """Confirms the order once it was asked to, by `durable callback` in a
    process of its own."""

    def __init__(self, shop):
        super().__init__(daemon=True)
        self.shop = shop
        self.answer = None  # of the command that succeeded
        self.stopped = threading.Event()

    def run(self):
        while not self.stopped.wait(0.005):
            if not any(ran.body == "ask" for ran in self.shop.ledger()):
                continue
            answer = self.shop.confirm()
            if answer.returncode == 0:
                self.answer = answer
                return
            self.stopped.wait(0.05)

    def stop(self):
        self.stopped.set()
        self.join()


def wait_until(process, reached):
    """Poll until reached(), or until the process has ended."""
    while process.poll() is None and not reached():
        time.sleep(0.001)


def check_outcome(shop, process, stdout, stderr):
    if process.returncode != 0:
        raise Failed(f"{shop.name} ended with exit code {process.returncode}: "
                     f"{stderr.strip()}")
    result = json.loads(stdout)
    if result.get("confirmed") != shop.expected_confirmation:
        raise Failed(f"{shop.name} lost what the customer said: {stdout}")
    return result
