"""The service killed while 200 executions run, and started again each time.

DURABLE_KILL_SEED chooses when it dies; a failure prints the seed.
"""

import concurrent.futures
import http.client
import json
import os
import random
import signal
import threading
import time
import unittest
import urllib.parse

from support import API, BOOTSTRAP, ServeTest, c_function

EXECUTIONS, KILLS = 200, 5
SEED = int(os.environ.get("DURABLE_KILL_SEED", random.randrange(1 << 32)))
# Of one execution, without the runs that a kill repeats.
LINES = 5
OPTIONS = ["--time-scale", "0.3"]


class Line:
    """A body that ran; see fixtures/survive.h."""

    def __init__(self, text):
        self.key, self.step, attempt, generation, self.nonce, self.text = \
            text.split(" ")
        self.attempt, self.generation = int(attempt), int(generation)


def is_alive(pid):
    try:
        return os.readlink(f"/proc/{pid}/exe") == BOOTSTRAP
    except OSError:
        return False


class Kill(ServeTest):
    functions = None

    def setUp(self):
        super().setUp()
        self.ledger = self.directory / "ledger"
        self.ledger.touch()
        self.generation = 0
        self.arns = {}
        self.answered = set()
        self.over = threading.Event()
        self.start()

    def tearDown(self):
        self.over.set()
        super().tearDown()

    def start(self):
        self.generation += 1
        self.serve(*OPTIONS, functions=[c_function(
            "survive", env={"GENERATION": str(self.generation)})])

    def lines(self):
        """The whole lines of the ledger, so far."""
        return [Line(text) for text in
                self.ledger.read_text().split("\n")[:-1]]

    def insist(self, ask):
        """The answer to |ask|, which is repeated while the service is dead."""
        while not self.over.is_set():
            try:
                return ask()
            except (OSError, http.client.HTTPException):
                time.sleep(0.02)

    # ---- the clients

    def start_one(self, index):
        key = f"e{index}"
        answer = self.insist(lambda: self.invoke(
            "survive", {"ledger": str(self.ledger), "key": key}, "Event", key))
        if answer:
            self.assertEqual(answer.status, 202, answer.body)
            self.arns[key] = answer.arn

    def answer_one(self, key, callback):
        callback = urllib.parse.quote(callback, safe="")
        tries = []

        def send():
            tries.append(1)
            return self.ask(
                "POST", f"{API}durable-execution-callbacks/{callback}/succeed",
                f"word of {key}")
        answer = self.insist(send)
        # Refused is only what an earlier try, whose answer was lost, has done.
        if answer and answer.status != 200:
            self.assertGreater(len(tries), 1, answer.body)
            self.assertIn(b"not in STARTED state", answer.body)

    def answer_all(self, started, pool):
        """Completes every callback that the ledger tells of, once all have
        been started: so they all run at once."""
        for job in started:
            job.result()
        jobs = []
        while not self.over.is_set() and len(self.answered) < EXECUTIONS:
            for line in self.lines():
                if line.step == "tell" and line.key not in self.answered:
                    self.answered.add(line.key)
                    jobs.append(pool.submit(self.answer_one, line.key,
                                            line.text))
            time.sleep(0.01)
        for job in jobs:
            job.result()

    # ---- the murderer

    def kill_all(self, chance):
        """At five moments spread over what the executions do."""
        for lines in sorted(chance.sample(range(EXECUTIONS * LINES * 9 // 10),
                                          KILLS)):
            self.until(lambda: len(self.lines()) >= lines)
            time.sleep(chance.uniform(0, 0.05))
            self.end(signal.SIGKILL)
            time.sleep(chance.choice((0, chance.uniform(0, 0.6))))
            self.start()

    # ---- what has to hold

    def check_result(self, key, events):
        outcomes = {}  # (step, attempt) -> the nonce on record
        for event in events:
            if event["EventType"] in ("StepSucceeded", "StepFailed"):
                details = event[event["EventType"] + "Details"]
                told = json.loads(details["Result"]["Payload"]) \
                    if "Result" in details else \
                    details["Error"]["Payload"]["ErrorMessage"]
                place = (event["Name"],
                         details["RetryDetails"]["CurrentAttempt"])
                self.assertNotIn(place, outcomes)
                outcomes[place] = told
        found = self.execution(self.arns[key]).json
        self.assertEqual(found["Status"], "SUCCEEDED", found)
        final = {step: nonce for (step, _), nonce in sorted(outcomes.items())}
        self.assertEqual(json.loads(found["Result"]), {
            "key": key, "draw": final["draw"], "word": f"word of {key}",
            "pay": final["pay"], "ship": final["ship"]})
        for kind, count in (
                ("ExecutionStarted", 1), ("WaitSucceeded", 2),
                ("CallbackSucceeded", 1), ("ExecutionSucceeded", 1)):
            self.assertEqual([event["EventType"] for event in events]
                             .count(kind), count, (key, kind))
        return outcomes

    def check_bodies(self, key, lines, outcomes):
        """No body runs again once its outcome was acknowledged."""
        runs = {}
        for line in lines:
            runs.setdefault((line.step, line.attempt), []).append(line)
        for (step, attempt), ran in runs.items():
            where = (key, step, attempt)
            if step == "pay":  # at most once
                self.assertEqual(len(ran), 1, where)
            nonce = outcomes[step, attempt]
            if nonce not in [line.nonce for line in ran]:
                self.assertEqual(step, "pay", where)  # it was interrupted
                continue
            # A process may outlive its service for a moment and end its body;
            # what is started by a later one has to know the outcome.
            since = next(line.generation for line in ran
                         if line.nonce == nonce)
            self.assertEqual([line.nonce for line in ran
                              if line.generation >= since], [nonce], where)

    def test_200_executions_and_5_kills(self):
        print(f"seed {SEED}", flush=True)
        with concurrent.futures.ThreadPoolExecutor(16) as pool, \
                concurrent.futures.ThreadPoolExecutor(1) as other:
            started = [pool.submit(self.start_one, i)
                       for i in range(EXECUTIONS)]
            answered = other.submit(self.answer_all, started, pool)
            try:
                self.kill_all(random.Random(SEED))
                self.until(answered.done)
                answered.result()
                self.until(lambda: not self.ask(
                    "GET", f"{API}durable-executions?Statuses=RUNNING"
                ).json["DurableExecutions"])
            finally:
                self.over.set()
        self.check()

    def check(self):
        lines = {}
        for line in self.lines():
            lines.setdefault(line.key, []).append(line)
        self.assertEqual(len(self.arns), EXECUTIONS)
        for key, arn in self.arns.items():
            outcomes = self.check_result(key, self.events(arn))
            self.check_bodies(key, lines[key], outcomes)
        pids = {line.nonce.split("-")[0] for line in self.lines()}
        self.assertEqual(self.end(), 0)
        self.until(lambda: not any(map(is_alive, pids)))


if __name__ == "__main__":
    unittest.main()
