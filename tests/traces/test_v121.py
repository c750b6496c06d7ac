"""The recording of the older emulator, whose histories SAM's tests know.

Two histories are equal by SAM's rules when they have the same events, by
EventId, EventType and SubType; and for the functions whose payloads SAM looks
at, the same Name and the same details of executions and steps, as botocore
reads them: keys that the model of the API has not are gone.

The recording has no invocations.  They follow from it: a history tells when
each of them completed, and the execution how the last of them ended.
"""

import json
import pathlib
import sys
import unittest

import botocore.parsers
import botocore.session

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent
                       / "serve"))
import recorded  # noqa: E402
from player import Lambda, Player  # noqa: E402
from support import ServeTest  # noqa: E402

DETAILS = [kind + "Details" for kind in (
    "ExecutionStarted", "ExecutionSucceeded", "ExecutionFailed", "StepStarted",
    "StepSucceeded", "StepFailed")]
WITH_PAYLOADS = {"HelloWorld", "NamedStep", "NamedWait"}
# f.6, "wait_for_condition state": lost, so its function polled for ever.
NEVER_ENDED = {"WFCond"}
# f.6, "retry attempts in history": hidden.
ATTEMPTS_HIDDEN = {"Retry"}


def history_shape():
    model = botocore.session.get_session().get_service_model("lambda")
    return model.operation_model("GetDurableExecutionHistory").output_shape


def events_by_botocore(body, shape):
    parser = botocore.parsers.create_parser("rest-json")
    return parser.parse({"status_code": 200, "headers": {},
                         "body": body.encode()}, shape)["Events"]


def attempts_hidden(events):
    """Without what happened to a step before its last attempt."""
    first, last = {}, {}
    for event in events:
        if event["EventType"].startswith("Step"):
            first.setdefault(event["Id"], event)
            last[event["Id"]] = event
    kept = [dict(e) for e in events if not e["EventType"].startswith("Step")
            or e is first[e["Id"]] or e is last[e["Id"]]]
    for number, event in enumerate(kept, 1):
        event["EventId"] = number
    return kept


def sam_sees(event, payloads):
    """What SAM's tests look at."""
    keys = ["EventId", "EventType", "SubType"]
    return {key: event.get(key) for key in
            keys + (["Name", *DETAILS] if payloads else [])}


class Executions:
    """What the recording has of each execution."""

    def __init__(self, exchanges):
        self.started = {json.loads(e.body)["ExecutionArn"]: e.request
                        for e in exchanges if e.kind == "start"}
        self.last = {}  # ARN -> its last history
        self.end = {}   # ARN -> the last look at it
        for e in exchanges:
            if e.kind == "history":
                self.last[e.subject] = json.loads(e.body)["Events"]
            if e.kind == "get":
                self.end[e.subject] = json.loads(e.body)

    def function(self, arn):
        return self.started[arn]["FunctionName"]

    def replayed(self, exchange):
        arn = exchange.subject
        if exchange.kind == "start":
            arn = json.loads(exchange.body)["ExecutionArn"]
        return arn not in self.started or \
            self.function(arn) not in NEVER_ENDED

    def invocations(self):
        for arn, history in self.last.items():
            if self.function(arn) in NEVER_ENDED:
                continue
            times = [e["EventTimestamp"] for e in history
                     if e["EventType"] == "InvocationCompleted"]
            for time in times:
                answer = {"Status": "PENDING"}
                if time == times[-1]:
                    answer = self.outcome(arn)
                yield recorded.Invocation(arn, json.dumps(answer), time)

    def outcome(self, arn):
        end = self.end[arn]
        if end["Status"] not in ("SUCCEEDED", "FAILED"):
            return {"Status": "PENDING"}
        return {key: end[key] for key in ("Status", "Result", "Error")
                if key in end}


class ByHistory:
    """Histories alone are compared; the ids in other answers are bound."""

    def __init__(self, test, executions):
        self.test, self.executions = test, executions
        self.shape = history_shape()
        self.compared = 0

    def arrival(self, player, invocation, came):
        player.tokens[invocation.arn] = came.event["CheckpointToken"]

    def exchange(self, player, exchange, answer):
        self.test.assertEqual(answer.status, exchange.status, str(exchange))
        if exchange.kind == "start":
            player.bindings.bind_arn(json.loads(exchange.body)["ExecutionArn"],
                                     answer.json["ExecutionArn"])
        elif exchange.kind == "checkpoint":
            player.tokens[exchange.subject] = answer.json["CheckpointToken"]
            self.bind_callbacks(player, json.loads(exchange.body), answer.json)
        elif exchange.kind == "history":
            self.history(exchange, answer)

    def bind_callbacks(self, player, theirs, ours):
        ids = {o["Id"]: o["CallbackDetails"]["CallbackId"]
               for o in ours["NewExecutionState"]["Operations"]
               if o["Type"] == "CALLBACK"}
        for operation in theirs["NewExecutionState"]["Operations"]:
            if operation["Id"] in ids:
                player.bindings.bind(operation["CallbackDetails"]["CallbackId"],
                                     ids[operation["Id"]])

    def history(self, exchange, answer):
        function = self.executions.function(exchange.subject)
        theirs = events_by_botocore(exchange.body, self.shape)
        ours = events_by_botocore(answer.body, self.shape)
        if function in ATTEMPTS_HIDDEN:
            ours = attempts_hidden(ours)
        payloads = function in WITH_PAYLOADS
        self.test.maxDiff = None
        self.test.assertEqual([sam_sees(e, payloads) for e in ours],
                              [sam_sees(e, payloads) for e in theirs],
                              function)
        self.compared += 1


class OldPlayer(Player):
    """Tokens are not recorded as this service gives them: the newest one of
    the execution is sent."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.tokens = {}

    def ours(self, exchange):
        method, target, text, headers = super().ours(exchange)
        if exchange.kind == "checkpoint":
            body = dict(json.loads(text),
                        CheckpointToken=self.tokens[exchange.subject])
            text = json.dumps(body)
        return method, target, text, headers

    def play(self, steps):
        running = {}
        for step in reversed(steps):
            if isinstance(step, recorded.Invocation):
                running.setdefault(step.arn, []).append(step)
        for step in steps:
            if isinstance(step, recorded.Invocation):
                self.complete(running[step.arn].pop())
                continue
            if step.kind == "checkpoint":
                self.arrive(running[step.subject][-1])
            self.exchange(step)


class Dex(ServeTest):
    """dex-local-runner, since it is what SAM starts."""
    functions = None

    def setUp(self):
        super().setUp()
        self.endpoint = Lambda()
        self.addCleanup(self.endpoint.close)
        self.dex("--log-level", "CRITICAL", "--lambda-endpoint",
                 self.endpoint.url)

    def test_every_history(self):
        exchanges = recorded.exchanges("trace-v121")
        executions = Executions(exchanges)
        kept = [e for e in exchanges if executions.replayed(e)]
        check = ByHistory(self, executions)
        player = OldPlayer(self.port, self.endpoint, check)
        player.play(recorded.in_order(kept, executions.invocations()))
        self.assertEqual(player.left_over(), [])
        self.assertEqual(check.compared,
                         sum(e.kind == "history" for e in kept))
        print(f"{check.compared} histories; not replayed: "
              f"{sorted(NEVER_ENDED)} (f.6: its state was lost)")


if __name__ == "__main__":
    recorded.directory()
    unittest.main()
