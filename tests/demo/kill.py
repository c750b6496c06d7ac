"""The order of examples/c, killed with SIGKILL at 50 points and resumed: before
and after each of the first 20 accepted checkpoint requests, and at 10 random
times, one in each tenth of the run.  Each ends with the result of a run that nobody killed, and its bodies
have run as their semantics say.

usage: kill.py --build BUILD [--collapse] [--seed N] [--point before:N]
"""

import argparse
import collections
import pathlib
import random
import signal
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "tools"))

from demo_kit import (Customer, Failed, Shop, check_outcome,  # noqa: E402
                      wait_until)

REQUESTS = 20
RANDOM_TIMES = 10
MOST_OF_A_LENGTH = 5  # kills that may leave one and the same journal length
ITEMS = 24


class Kills:
    def __init__(self, arguments, directory):
        self.build = arguments.build
        self.options = ["--time-scale", "0.05"]
        if arguments.collapse:
            self.options.append("--collapse")
        self.directory = directory
        self.lengths = collections.Counter()

    def shop(self, name):
        return Shop(self.build, self.directory / name, items=ITEMS,
                    options=self.options)

    def serve(self, shop):
        """One process to the end; the customer confirms meanwhile."""
        customer = Customer(shop)
        customer.start()
        process = shop.start()
        stdout, stderr = process.communicate()
        customer.stop()
        result = check_outcome(shop, process, stdout, stderr)
        shop.check_ledger()
        return result

    def reference(self):
        began = time.monotonic()
        self.expected = self.serve(self.shop("reference"))
        self.took = time.monotonic() - began

    def check_killed(self, shop, process, point):
        """SIGKILL has ended it; what is left is a journal that can be read."""
        _, stderr = process.communicate()
        if process.returncode != -signal.SIGKILL:
            raise Failed(f"{point}: not killed, but exit code "
                         f"{process.returncode}: {stderr.strip()}")
        shop.take_stock()
        events = shop.events()
        if [event["EventId"] for event in events] != \
                list(range(1, len(events) + 1)):
            raise Failed(f"{point}: the journal has gaps")
        return len(events)

    def resume(self, shop, point, length):
        result = self.serve(shop)
        if result != self.expected:
            raise Failed(f"{point}: another result: {result} instead of "
                         f"{self.expected}")
        if [event["EventType"] for event in shop.events()].count(
                "ExecutionSucceeded") != 1:
            raise Failed(f"{point}: succeeded other than once")
        self.lengths[length] += 1
        print(f"{point:<16} left {length:3d} events,"
              f" {len(shop.ledger()):2d} bodies ran in all", flush=True)

    def at_request(self, point):
        shop = self.shop(point.replace(":", "-"))
        customer = Customer(shop)
        customer.start()
        process = shop.start(DURABLE_KILL_AT=point)
        process.wait()
        customer.stop()
        self.resume(shop, point, self.check_killed(shop, process, point))

    def at_time(self, index, chance):
        """Draw times from a tenth of the run until one comes before its end."""
        for attempt in range(20):
            part = 0.95 * self.took / RANDOM_TIMES
            seconds = chance.uniform(index * part, (index + 1) * part)
            point = f"random {seconds * 1000:.0f} ms"
            shop = self.shop(f"random-{index}-{attempt}")
            customer = Customer(shop)
            customer.start()
            began = time.monotonic()
            process = shop.start()
            wait_until(process, lambda: time.monotonic() - began >= seconds)
            process.kill()
            process.wait()
            customer.stop()
            if process.returncode == -signal.SIGKILL:
                self.resume(shop, point,
                            self.check_killed(shop, process, point))
                return
            process.communicate()
            self.took *= 0.85  # this run was shorter than the measured one
        raise Failed("no random time came before the end of the run")

    def check_lengths(self):
        length, most = self.lengths.most_common(1)[0]
        print(f"{sum(self.lengths.values())} kills left {len(self.lengths)} "
              f"different journal lengths; at most {most} the same "
              f"({length} events)")
        if most > MOST_OF_A_LENGTH:
            raise Failed(f"{most} kills left a journal of {length} events: at "
                         f"most {MOST_OF_A_LENGTH} may")


def run_all(kills, seed):
    kills.reference()
    print(f"seed {seed}; undisturbed it takes {kills.took:.2f} s", flush=True)
    for number in range(1, REQUESTS + 1):
        kills.at_request(f"before:{number}")
        kills.at_request(f"after:{number}")
    chance = random.Random(seed)
    for index in range(RANDOM_TIMES):
        kills.at_time(index, chance)
    kills.check_lengths()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--collapse", action="store_true")
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--point", help="only this one")
    arguments = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory(prefix="durable-kill-") as directory:
            kills = Kills(arguments, pathlib.Path(directory))
            if arguments.point:
                kills.reference()
                kills.at_request(arguments.point)
            else:
                run_all(kills, arguments.seed)
    except Failed as failure:
        print(f"FAILED {failure}", flush=True)
        return 1
    return 0 if threading.active_count() == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
