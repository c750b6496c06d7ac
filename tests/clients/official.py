"""What handlers of an official SDK have to show behind the service.

A subclass for each SDK says how its program is started, and what that SDK is
known to record in its own way.  Histories are compared as stories: one line for
each event, in their order, with the path of names and what the event tells.
"""

import json
import pathlib
import signal
import sys
import time
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "serve"))
from support import ServeTest  # noqa: E402

# Not said in a story, since it goes without saying.
USUAL = {"Step", "Wait", "Callback", "ChainedInvoke"}
# Each SDK has a form of its own for their payloads.
BATCHES = {"Map", "Parallel"}


def payload_of(details):
    for side in ("Result", "Input"):
        if "Payload" in details.get(side, {}):
            return [details[side]["Payload"]]
    return []


def error_of(details):
    error = details.get("Error", {}).get("Payload")
    return [error["ErrorMessage"] or error["ErrorType"]] if error else []


def retry_of(details):
    retry = details.get("RetryDetails", {})
    words = [f"#{retry['CurrentAttempt']}"] if retry else []
    if retry.get("NextAttemptDelaySeconds"):
        words.append(f"again in {retry['NextAttemptDelaySeconds']} s")
    return words


def details_of(event):
    kind, details = event["EventType"], event[event["EventType"] + "Details"]
    if kind.startswith("Execution"):
        return error_of(details)
    if kind == "CallbackStarted":
        return [f"{key} {details[key]}" for key in
                ("Timeout", "HeartbeatTimeout") if details.get(key)]
    if kind == "ChainedInvokeStarted":
        return [details["FunctionName"]] + payload_of(details)
    if kind.startswith("Wait"):
        return [f"{details['Duration']} s"]
    if kind in ("InvocationCompleted", "CallbackTimedOut"):
        error = details.get("Error", {}).get("Payload")
        return [error["ErrorType"]] if error else []
    if event["SubType"] in BATCHES:
        return error_of(details)
    return payload_of(details) + error_of(details) + retry_of(details)


def story_of(events):
    paths, lines = {}, []
    for event in events:
        words = [event["EventType"]]
        if "Id" in event and not event["EventType"].startswith("Execution"):
            parent = paths.get(event.get("ParentId"), "")
            path = f"{parent}/{event.get('Name', '-')}".lstrip("/")
            if paths.setdefault(event["Id"], path) != path:
                path += f" (was {paths[event['Id']]})"
            words.append(path)
            if event["SubType"] not in USUAL:
                words.append(f"({event['SubType']})")
        lines.append(" ".join(words + details_of(event)))
    return lines


class OfficialSdk(ServeTest):
    functions = None  # each test starts the service in its own way
    command = None  # how the program is started
    environment = {}
    separators = None  # of its JSON
    callback_names = None  # of what wait_for_callback makes: it, its submitter
    nothing = []  # the payload of a step that returns nothing
    maxDiff = None

    def start(self, *options):
        program = {"command": self.command, "env": self.environment,
                   "concurrency": 1}
        self.serve(*options, functions=[
            {"name": name, **program} for name in ("main", "other")])

    def call(self, do, kind=None, **event):
        return self.invoke("main", {
            "do": do, "other": "other", **event,
            "ledger": str(self.directory / "ledger")}, kind)

    def ledger(self):
        return (self.directory / "ledger").read_text().split("\n")[:-1]

    def ended(self, arn):
        self.until(lambda: self.execution(arn).json["Status"] != "RUNNING")
        return self.execution(arn).json

    def events(self, arn):
        events, marker = [], ""
        while marker is not None:
            page = self.execution(
                arn, f"/history?IncludeExecutionData=true{marker}").json
            events += page["Events"]
            marker = page.get("NextMarker")
            marker = marker and "&Marker=" + urllib.parse.quote(marker)
        return events

    def story(self, arn):
        events = self.events(arn)
        self.assertEqual([event["EventId"] for event in events],
                         list(range(1, len(events) + 1)))
        times = [event["EventTimestamp"] for event in events]
        self.assertEqual(times, sorted(times))
        return story_of(events)

    def tells(self, arn, story):
        expected = [line.strip() for line in story.strip().split("\n")]
        self.assertEqual(self.story(arn), expected)

    def callback(self, arn, name, verb, body):
        """Answers the callback |name| once its invocation is over."""
        found = []

        def look():
            events = self.events(arn)
            found[:] = [event["CallbackStartedDetails"]["CallbackId"]
                        for event in events
                        if event["EventType"] == "CallbackStarted" and
                        event.get("Name", "-") == name]
            return found and events[-1]["EventType"] == "InvocationCompleted"
        self.until(look)
        self.answer(found[0], verb, body)
        return found[0]

    def answer(self, callback_id, verb, body):
        callback_id = urllib.parse.quote(callback_id, safe="")
        answer = self.ask(
            "POST", f"/2025-12-01/durable-execution-callbacks/{callback_id}"
            f"/{verb}", body)
        self.assertEqual(answer.status, 200, answer.body)


class Workflows:
    """The tests; mixed into a class for each SDK."""

    def test_order(self):
        self.start("--skip-time")
        answer = self.call("order", items=[3, 4])
        self.assertEqual(answer.json, {
            "price": 7, "paid": "paid", "packed": "in a box", "tax": 14,
            "delivered": 3})
        self.assertEqual(self.ledger(), ["charge", "charge"])
        payload = json.dumps({"do": "tax", "price": 7},
                             separators=self.separators)
        self.tells(answer.arn, f"""
            ExecutionStarted
            StepStarted price
            StepSucceeded price 7 #1
            StepStarted charge
            StepFailed charge declined #1 again in 2 s
            InvocationCompleted
            StepStarted charge
            StepSucceeded charge "paid" #2
            ContextStarted pack (RunInChildContext)
            StepStarted pack/box
            StepSucceeded pack/box "a box" #1
            WaitStarted pack/dry 30 s
            InvocationCompleted
            WaitSucceeded pack/dry 30 s
            ContextSucceeded pack (RunInChildContext) "in a box"
            ChainedInvokeStarted tax other {payload}
            InvocationCompleted
            ChainedInvokeSucceeded tax 14
            StepStarted delivered (WaitForCondition)
            StepSucceeded delivered (WaitForCondition) 1 #1 again in 5 s
            InvocationCompleted
            StepStarted delivered (WaitForCondition)
            StepSucceeded delivered (WaitForCondition) 2 #2 again in 5 s
            InvocationCompleted
            StepStarted delivered (WaitForCondition)
            StepSucceeded delivered (WaitForCondition) 3 #3
            InvocationCompleted
            ExecutionSucceeded""")

    def test_approval(self):
        self.start("--skip-time")
        arn = self.call("approval", "Event").arn
        quote = self.callback(arn, "quote", "heartbeat", None)
        self.answer(quote, "succeed", "a \u00e9 hundred".encode())
        self.callback(arn, "review", "fail", json.dumps({
            "ErrorType": "Late", "ErrorMessage": "on holiday",
            "ErrorData": "until May", "StackTrace": ["home"]}))
        inner, submitter = self.callback_names("sign")
        sign = self.callback(arn, inner, "succeed", b"signed")
        self.assertEqual(self.ledger(), [sign])
        result = json.loads(self.ended(arn)["Result"])
        self.assertEqual((result["offer"], result["signed"]),
                         ("a \u00e9 hundred", "signed"))
        self.assertIn("on holiday", result["review"])
        self.assertIn("no notary", result["notary"])
        lost, unreachable = self.callback_names("notary")
        submitted = " ".join([f"sign/{submitter}", *self.nothing])
        self.tells(arn, f"""
            ExecutionStarted
            CallbackStarted quote Timeout 3600 HeartbeatTimeout 600
            InvocationCompleted
            CallbackSucceeded quote a \u00e9 hundred
            CallbackStarted review
            InvocationCompleted
            CallbackFailed review on holiday
            ContextStarted sign (WaitForCallback)
            CallbackStarted sign/{inner} Timeout 3600
            StepStarted sign/{submitter}
            StepSucceeded {submitted} #1
            InvocationCompleted
            CallbackSucceeded sign/{inner} signed
            ContextSucceeded sign (WaitForCallback) "signed"
            ContextStarted notary (WaitForCallback)
            CallbackStarted notary/{lost}
            StepStarted notary/{unreachable}
            StepFailed notary/{unreachable} no notary #1
            ContextFailed notary (WaitForCallback) no notary
            InvocationCompleted
            ExecutionSucceeded""")
        failed, = [event["CallbackFailedDetails"]["Error"]["Payload"]
                   for event in self.events(arn)
                   if event["EventType"] == "CallbackFailed"]
        self.assertEqual(failed, {
            "ErrorType": "Late", "ErrorMessage": "on holiday",
            "ErrorData": "until May", "StackTrace": ["home"]})

    def test_late(self):
        self.start()  # who answers a callback does not live in virtual time
        arn = self.call("late", "Event").arn
        self.ended(arn)
        self.tells(arn, """
            ExecutionStarted
            CallbackStarted slow Timeout 1
            InvocationCompleted
            CallbackTimedOut slow Callback.Timeout
            CallbackStarted silent HeartbeatTimeout 1
            InvocationCompleted
            CallbackTimedOut silent Callback.Heartbeat
            InvocationCompleted
            ExecutionSucceeded""")

    def test_crowd(self):
        self.start("--skip-time")
        answer = self.call("crowd", words=["a", "bb", "ccc"])
        self.assertEqual(answer.json, {
            "sizes": [1, 2, 3], "pair": ["L"], "errors": ["not right"],
            "reasons": ["ALL_COMPLETED", "ALL_COMPLETED", "ALL_COMPLETED",
                        "MIN_SUCCESSFUL_REACHED"],
            "flat": ["A", "BB", "CCC"], "first": ["a"]})
        self.tells(answer.arn, """
            ExecutionStarted
            ContextStarted sizes (Map)
            ContextStarted sizes/map-item-0 (MapIteration)
            StepStarted sizes/map-item-0/measure
            StepSucceeded sizes/map-item-0/measure 1 #1
            ContextSucceeded sizes/map-item-0 (MapIteration) 1
            ContextStarted sizes/map-item-1 (MapIteration)
            StepStarted sizes/map-item-1/measure
            StepSucceeded sizes/map-item-1/measure 2 #1
            ContextSucceeded sizes/map-item-1 (MapIteration) 2
            ContextStarted sizes/map-item-2 (MapIteration)
            StepStarted sizes/map-item-2/measure
            StepSucceeded sizes/map-item-2/measure 3 #1
            WaitStarted sizes/map-item-2/rest 10 s
            InvocationCompleted
            WaitSucceeded sizes/map-item-2/rest 10 s
            ContextSucceeded sizes/map-item-2 (MapIteration) 3
            ContextSucceeded sizes (Map)
            ContextStarted pair (Parallel)
            ContextStarted pair/left (ParallelBranch)
            StepStarted pair/left/go
            StepSucceeded pair/left/go "L" #1
            ContextSucceeded pair/left (ParallelBranch) "L"
            ContextStarted pair/right (ParallelBranch)
            ContextFailed pair/right (ParallelBranch) not right
            ContextSucceeded pair (Parallel)
            ContextStarted flat (Map)
            StepStarted flat/upper
            StepSucceeded flat/upper "A" #1
            StepStarted flat/upper
            StepSucceeded flat/upper "BB" #1
            StepStarted flat/upper
            StepSucceeded flat/upper "CCC" #1
            ContextSucceeded flat (Map)
            ContextStarted first (Map)
            ContextStarted first/map-item-0 (MapIteration)
            ContextSucceeded first/map-item-0 (MapIteration) "a"
            ContextSucceeded first (Map)
            WaitStarted end 1 s
            InvocationCompleted
            WaitSucceeded end 1 s
            InvocationCompleted
            ExecutionSucceeded""")

    def test_at_once(self):
        hours = [3, 1, 2, 2, 9, 4, 1, 7]
        self.start("--skip-time")
        answer = self.call("at_once", hours=hours)
        self.assertEqual(answer.json, [hour * index for index, hour in
                                       enumerate(hours)])
        expected = ["ContextStarted visits (Map)",
                    "ContextSucceeded visits (Map)"]
        for index, hour in enumerate(hours):
            item = f"visits/map-item-{index}"
            expected += [
                f"ContextStarted {item} (MapIteration)",
                f"StepStarted {item}/come",
                f"StepSucceeded {item}/come {index} #1",
                f"WaitStarted {item}/stay {hour} s",
                f"WaitSucceeded {item}/stay {hour} s",
                f"StepStarted {item}/leave",
                f"StepSucceeded {item}/leave {hour * index} #1",
                f"ContextSucceeded {item} (MapIteration) {hour * index}"]
        story = self.story(answer.arn)
        self.assertEqual(sorted(line for line in story if not
                                line.startswith(("Inv", "Exec"))),
                         sorted(expected))
        over = [line.split("/")[1] for line in story
                if line.startswith("WaitSucceeded")]
        self.assertEqual([hours[int(item.rpartition("-")[2])] for item in over],
                         sorted(hours))

    def test_stubborn(self):
        self.start("--skip-time")
        answer = self.call("stubborn")
        self.assertEqual(answer.json, 3)
        self.assertEqual(self.ledger(), ["try 1", "try 2", "try 3"])
        tried = " ".join(["book/try", *self.nothing])
        self.tells(answer.arn, f"""
            ExecutionStarted
            ContextStarted book (RunInChildContext)
            StepStarted book/try
            StepSucceeded {tried} #1
            WaitStarted book/book-backoff-1 2 s
            InvocationCompleted
            WaitSucceeded book/book-backoff-1 2 s
            StepStarted book/try
            StepSucceeded {tried} #1
            WaitStarted book/book-backoff-2 2 s
            InvocationCompleted
            WaitSucceeded book/book-backoff-2 2 s
            StepStarted book/try
            StepSucceeded {tried} #1
            ContextSucceeded book (RunInChildContext) 3
            InvocationCompleted
            ExecutionSucceeded""")

    def test_crash(self):
        self.start("--skip-time")
        answer = self.call("crash")
        self.assertEqual(answer.json, 2)
        self.assertEqual(self.ledger(), ["fragile"] * 2)
        story = self.story(answer.arn)
        self.assertRegex(story.pop(3),
                         "^StepFailed fragile .*interrupt.* #1 again in 2 s$")
        self.assertEqual(story, [
            "ExecutionStarted", "StepStarted fragile",
            "InvocationCompleted Runtime.ExitError", "InvocationCompleted",
            "StepStarted fragile", "StepSucceeded fragile 2 #2",
            "InvocationCompleted", "ExecutionSucceeded"])

    def test_failing(self):
        self.start("--skip-time")
        answer = self.call("failing")
        self.assertEqual(answer.headers["x-amz-function-error"], "Unhandled")
        self.assertEqual(answer.json["errorMessage"], "no luck")
        self.assertEqual(answer.json["errorType"].rpartition(".")[2],
                         "StepError")
        payload = json.dumps({"do": "refuse"}, separators=self.separators)
        self.tells(answer.arn, f"""
            ExecutionStarted
            ChainedInvokeStarted please other {payload}
            InvocationCompleted
            ChainedInvokeFailed please certainly not
            ContextStarted bad child (RunInChildContext)
            ContextFailed bad child (RunInChildContext) no luck
            StepStarted note
            StepSucceeded note "certainly not, no luck" #1
            StepStarted doomed
            StepFailed doomed no luck #1 again in 2 s
            InvocationCompleted
            StepStarted doomed
            StepFailed doomed no luck #2
            InvocationCompleted
            ExecutionFailed no luck""")

    def test_state_in_pages(self):
        # 7 MB of results, so the second invocation has to ask for the rest.
        self.start("--skip-time")
        answer = self.call("large", steps=35)
        self.assertEqual(answer.json, {"parts": 35 * 200000, "whole": 400000})
        kinds = self.kinds(answer.arn)
        self.assertEqual(kinds.count("StepSucceeded"), 36)
        self.assertEqual(kinds.count("InvocationCompleted"), 2)
        whole, = [event["ContextSucceededDetails"]["Result"]
                  for event in self.events(answer.arn)
                  if event["EventType"] == "ContextSucceeded"]
        self.assertEqual(whole.get("Payload", ""), "")

    def test_service_killed(self):
        self.start()
        arn = self.call("survive", "Event").arn
        self.until(lambda: "InvocationCompleted" in self.kinds(arn))
        self.end(signal.SIGKILL)
        time.sleep(1.2)  # the wait is over meanwhile
        self.start()
        self.callback(arn, "word", "heartbeat", None)
        self.end(signal.SIGKILL)
        self.start()
        self.callback(arn, "word", "succeed", b"still here")
        self.assertEqual(json.loads(self.ended(arn)["Result"]), "still here")
        self.assertEqual(self.ledger(), ["before", "after"])
        before, after = (" ".join([name, *self.nothing])
                         for name in ("before", "after"))
        self.tells(arn, f"""
            ExecutionStarted
            StepStarted before
            StepSucceeded {before} #1
            WaitStarted pause 1 s
            InvocationCompleted
            WaitSucceeded pause 1 s
            CallbackStarted word
            InvocationCompleted
            CallbackSucceeded word still here
            StepStarted after
            StepSucceeded {after} #1
            InvocationCompleted
            ExecutionSucceeded""")
