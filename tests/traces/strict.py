"""Checking every answer of a replay against the recorded one."""

import copy
import json

import differences
from matching import Comparison, Mismatch, Window, milliseconds
from mutants import mutants
from player import now_ms
from recorded import text_of

# Of the headers of an answer, those that carry no contract.
FREE_HEADERS = {"date", "server", "connection", "content-length",
                "x-amzn-requestid"}


class Expected:
    """A recorded answer, which rules may change."""

    def __init__(self, exchange):
        self.status = exchange.status
        self.headers = {k.lower(): v for k, v in exchange.answered.items()
                        if k.lower() not in FREE_HEADERS}
        self.body = json.loads(exchange.body) if exchange.body else None


class Context:
    """What rules may know besides the answer: what was asked before."""

    def __init__(self, names_error):
        self.names_error = names_error  # is it so for this kind of exchange?
        self.exchange = self.arn = None
        self.starts = {}       # ARN -> the start request
        self.updates = {}      # ARN -> updates of its checkpoints, in order
        self.invocations = {}  # ARN -> its invocations, in order
        self.stops = {}        # ARN -> the first stop request
        self.chained = {}      # ARN -> the checkpoint with a chained invoke

    def look(self, exchange):
        self.exchange, self.arn = exchange, exchange.subject
        if exchange.kind == "start":
            arn = json.loads(exchange.body)["ExecutionArn"]
            self.starts[arn] = exchange.request
        elif exchange.kind == "checkpoint":
            self.updates.setdefault(exchange.subject, []).extend(
                exchange.request["Updates"])
        elif exchange.kind == "stop":
            self.stops.setdefault(exchange.subject, exchange.request)

    def arrived(self, invocation):
        self.arn = invocation.arn
        self.invocations.setdefault(invocation.arn, []).append(invocation)

    def updates_of(self, operation):
        """Its updates in this execution."""
        return [u for u in self.updates[self.arn] if u["Id"] == operation]


class Sample:
    """A comparison that passed, and can be made again."""

    def __init__(self, what, bindings, window, want, got, whole_ms):
        self.what, self.bindings, self.window = what, bindings.copy(), window
        self.want, self.got, self.whole_ms = want, got, whole_ms

    def passes(self):
        try:
            Comparison(self.bindings, self.window, self.whole_ms).compare(
                self.want, self.got)
        except Mismatch:
            return False
        return True

    def survivors(self):
        """Spoiled answers that the comparison would let pass."""
        some_id = next(iter(self.bindings.ids.values()), "x")
        return [f"{self.what}: {how}" for how in
                mutants(self.got, self.whole_ms, some_id) if self.passes()]


class Strict:
    """Every answer is the recorded one, up to ids, times and differences."""

    def __init__(self, names_error):
        self.context = Context(names_error)
        self.applied, self.samples = set(), []

    def exchange(self, player, exchange, answer):
        self.context.look(exchange)
        expected = Expected(exchange)
        self.applied |= differences.apply(exchange.kind, expected,
                                          self.context)
        window = Window((milliseconds(exchange.started),
                         milliseconds(exchange.ended)), answer.window)
        self.compare(player, exchange, window, vars(expected),
                     {"status": answer.status, "body": answer.json,
                      "headers": {k: v for k, v in answer.headers.items()
                                  if k not in FREE_HEADERS}}, False)

    def arrival(self, player, invocation, came):
        self.context.arrived(invocation)
        event = copy.deepcopy(invocation.event)
        self.applied |= differences.apply("arrival", event, self.context)
        window = Window((0, milliseconds(invocation.ended)), (0, now_ms()))
        self.compare(player, invocation, window,
                     {"path": invocation.path, "type": "RequestResponse",
                      "event": event},
                     {"path": came.path, "event": came.event,
                      "type": came.headers["X-Amz-Invocation-Type"]}, True)
        # A token has the id of its invocation, of which histories tell.
        player.bindings.bind(text_of(invocation.token)["inv"],
                             text_of(came.event["CheckpointToken"])["inv"])

    def compare(self, player, what, window, want, got, whole_ms):
        sample = Sample(what, player.bindings, window, want, got, whole_ms)
        comparison = Comparison(player.bindings, window, whole_ms)
        try:
            comparison.compare(want, got)
        except Mismatch as why:
            raise AssertionError(
                f"{what}\n{why}\nexpected {json.dumps(want, default=vars)}\n"
                f"answered {json.dumps(got)}") from None
        comparison.commit()
        self.samples.append(sample)
