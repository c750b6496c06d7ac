"""The order in a script's language and in C: the same history, and killed and
resumed the same.

usage: order.py LANGUAGE --build BUILD [--kills N] [--seed N]

LANGUAGE is a folder of examples/ and the ending of its files.
"""

import argparse
import collections
import json
import pathlib
import random
import signal
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from demo_kit import Customer, Failed, Shop, check_outcome  # noqa: E402

OPTIONS = ["--time-scale", "0.05"]
ITEMS = 8


class ScriptShop(Shop):
    """An order by the scripts of one language."""
    ENDINGS = {"lua": "lua", "python": "py"}
    language = None

    def run_command(self):
        examples = ROOT / "examples" / self.language
        ending = self.ENDINGS[self.language]
        return [
            self.program(), "run", str(examples / f"order.{ending}"),
            "--with", str(examples / f"notify.{ending}"),
            "--db", str(self.database), "--name", self.name,
            "--input", f"@{self.input_path}", *self.options,
        ]


class Patient(Customer):
    """Confirms once it is on record that the customer was asked: the order of the
    two is then the same in every run."""

    def run(self):
        while not self.stopped.wait(0.02):
            if any(event["EventType"] == "StepSucceeded"
                   and event.get("Name") == "confirm submitter"
                   for event in self.shop.events()):
                self.answer = self.shop.confirm()
                return


def serve(shop, seconds=None, customers=Customer):
    """One process to its end, or killed after that many; the customer confirms
    meanwhile.  Answers the result, None when it was killed first."""
    customer = customers(shop)
    customer.start()
    process = shop.start()
    try:
        if seconds is not None:
            end = time.monotonic() + seconds
            while process.poll() is None and time.monotonic() < end:
                time.sleep(0.001)
            process.kill()
        stdout, stderr = process.communicate()
    finally:
        customer.stop()
    if process.returncode == -signal.SIGKILL:
        shop.take_stock()
        return None
    result = check_outcome(shop, process, stdout, stderr)
    shop.check_ledger()
    return result


# ---- the same history

def details(event):
    return next((value for key, value in event.items()
                 if key.endswith("Details")), {})


def shape(event):
    """All of it that is the program's: neither times nor generated ids."""
    kind = event["EventType"]
    execution = kind.startswith(("Execution", "Invocation"))
    found = dict(details(event))
    for key in ("ExecutionArn", "DurableExecutionArn", "CallbackId", "RequestId",
                "StartTimestamp", "EndTimestamp", "ScheduledEndTimestamp"):
        found.pop(key, None)
    return json.dumps([kind, None if execution else event["Id"],
                       event.get("Name"), event.get("ParentId"),
                       event.get("SubType"), found], sort_keys=True)


def of_program(events):
    """Without those that tell of invocations: how many there were is a matter
    of time."""
    return [event for event in events
            if not event["EventType"].startswith("Invocation")]


def strands(events):
    """The events that the program puts into an order: those of each operation,
    and those in each context but a group's, whose branches run side by side."""
    groups = {event["Id"] for event in events
              if event.get("SubType") in ("Map", "Parallel")}
    out = collections.defaultdict(list)
    for event in events:
        out["operation", event["Id"] if not event["EventType"].startswith(
            "Execution") else ""].append(shape(event))
        if event.get("ParentId") not in groups:
            out["context", event.get("ParentId")].append(shape(event))
    return dict(out)


def compare(one, other):
    a, b = of_program(one.events()), of_program(other.events())
    if sorted(map(shape, a)) != sorted(map(shape, b)):
        only = sorted(set(map(shape, a)) ^ set(map(shape, b)))
        raise Failed("the histories differ:\n" + "\n".join(only))
    if strands(a) != strands(b):
        raise Failed("the histories have another order")
    return len(a)


def check_histories(build, directory):
    results = {}
    shops = {}
    for language, kind in (("c", Shop), ("script", ScriptShop)):
        shops[language] = kind(build, directory / language, items=ITEMS,
                               options=OPTIONS)
        began = time.monotonic()
        results[language] = serve(shops[language], customers=Patient)
        took = time.monotonic() - began
    if results["c"] != results["script"]:
        raise Failed(f"results differ: {results}")
    count = compare(shops["c"], shops["script"])
    bodies = {language: sorted((ran.body, ran.operation, ran.attempt)
                               for ran in shop.ledger() if ran.body != "notify")
              for language, shop in shops.items()}
    if bodies["c"] != bodies["script"]:
        raise Failed("other bodies ran")
    print(f"the history of {count} events is that of C")
    return results["script"], took


# ---- kills

def check_kills(build, directory, expected, took, kills, seed):
    """Kills spread over |took|, the seconds of a run that nobody killed."""
    chance = random.Random(seed)
    lengths = []
    for index in range(kills):
        for attempt in range(20):
            shop = ScriptShop(build, directory / f"kill-{index}-{attempt}",
                           items=ITEMS, options=OPTIONS)
            part = took / kills
            if serve(shop, chance.uniform(index * part, (index + 1) * part)) is None:
                break
            took *= 0.85  # it had ended before
        else:
            raise Failed("no kill came before the end")
        lengths.append(len(shop.events()))
        result = None
        while result is None:
            result = serve(shop)
        if result != expected:
            raise Failed(f"after a kill the result is {result}")
    print(f"killed {kills} times, with journals of {lengths} events")
    if len(set(lengths)) < 2:
        raise Failed("all kills came at the same place")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("language", choices=ScriptShop.ENDINGS)
    parser.add_argument("--build", required=True)
    parser.add_argument("--kills", type=int, default=8)
    parser.add_argument("--seed", type=int, default=5)
    arguments = parser.parse_args()
    ScriptShop.language = arguments.language
    try:
        with tempfile.TemporaryDirectory(prefix="durable-order-") as name:
            directory = pathlib.Path(name)
            expected, took = check_histories(arguments.build, directory)
            check_kills(arguments.build, directory, expected, took,
                        arguments.kills, arguments.seed)
    except Failed as failure:
        print(f"FAILED {failure}", flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
