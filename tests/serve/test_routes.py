"""Every route of docs/contract.md: what it takes, answers and refuses."""

import json
import unittest
import urllib.parse

from held import HeldTest, quoted
from support import API, PATIENCE_S, c_function, raw_function

INVALID = "InvalidParameterValueException"
NOT_FOUND = "ResourceNotFoundException"
CONTENT = "InvalidRequestContentException"
TOO_LARGE = "RequestTooLargeException"
INVOKE = "/2015-03-31/functions/"
START = "/start-durable-execution"


class RoutesTest(HeldTest):
    def waiting(self):
        arn = self.invoke("gate", kind="Event").arn
        return quoted(arn), quoted(self.callback_id(arn))

    def refused(self, method, target, body, status, kind, text, **headers):
        with self.subTest(method=method, target=target[:90], body=str(body)[:60],
                          **headers):
            answer = self.ask(method, target, body, **headers)
            self.assertEqual((answer.status,
                              answer.headers.get("x-amzn-errortype")),
                             (status, kind), answer.body)
            self.assertEqual(answer.json["Type"], kind)
            message = answer.json["Message" if status in (404, 500)
                                  else "message"]
            self.assertIn(text, message)
            self.assertIn("x-amzn-requestid", answer.headers)


class Paths(RoutesTest):
    functions = [c_function("gate"), c_function("echo")]

    def test_segments_are_split_before_they_are_decoded(self):
        arn, callback = self.waiting()
        get = f"{API}durable-executions/{arn}"
        for target in (get, get + "/", "/" + get, get.replace("/", "//"),
                       urllib.parse.unquote(get)):
            with self.subTest(target=target):
                self.assertEqual(quoted(self.ask("GET", target).json[
                    "DurableExecutionArn"]), arn)
        # decoded once, and no path is found in what was encoded
        self.refused("GET", f"{API}durable-executions/{quoted(arn)}", None,
                     404, NOT_FOUND, arn)
        self.refused("GET", f"{API}durable-executions%2F{arn}", None, 404,
                     NOT_FOUND, "Unknown path pattern")
        self.refused("GET", get + "%2Fhistory", None, 404, NOT_FOUND,
                     "/history not found")
        # a plus is no blank, in a path
        self.refused("GET", f"{API}durable-executions/a+b", None, 404,
                     NOT_FOUND, "a+b not found")
        self.assertEqual(self.ask(
            "POST", f"{API}durable-execution-callbacks/"
            f"{urllib.parse.unquote(callback)}/succeed", "1").status, 200)

    def test_unknown(self):
        for method, target in (
                ("GET", "/"), ("GET", "/nope"), ("POST", "/health"),
                ("DELETE", "/health"), ("OPTIONS", "/health"),
                ("GET", START), ("GET", f"{INVOKE}echo/invocations"),
                ("PUT", "/functions"), ("PUT", "/lambda-endpoint/x"),
                ("POST", f"{API}durable-executions"),
                ("PUT", f"{API}durable-executions/a/stop"),
                ("POST", f"{API}durable-execution-callbacks/a/nope"),
                ("GET", f"{API}durable-execution-callbacks/a/succeed"),
                ("GET", API.upper() + "x"), ("GET", "/HEALTH"),
                ("GET", f"{API}DURABLE-EXECUTIONS/a")):
            self.refused(method, target, None, 404, NOT_FOUND,
                         f"Unknown path pattern: {method} {target}")

    def test_malformed(self):
        for target in (f"{API}durable-executions/%zz", f"{API}a/%2",
                       "/" + "a/" * 40,
                       "/health?" + "&".join(f"a{i}=1" for i in range(40))):
            self.refused("GET", target, None, 400, INVALID,
                         "Malformed request line")

    def test_health_and_metrics(self):
        self.assertEqual(self.ask("GET", "/health").json,
                         {"status": "healthy"})
        self.waiting()
        held = self.hold()
        self.assertEqual(self.ask("GET", "/metrics").json, {"metrics": {
            "RunningExecutions": 2, "RunningInvocations": 1,
            "QueuedInvocations": 0}})
        self.server.answers.put({"Status": "SUCCEEDED"})
        self.until(lambda: self.execution(held["DurableExecutionArn"]).json[
            "Status"] == "SUCCEEDED")


class Invoke(RoutesTest):
    functions = [c_function("echo"), raw_function("plain", durable=False),
                 c_function("tenant", env={"_HANDLER": "echo"},
                            tenant_isolation=True)]

    def test_names(self):
        arn = "arn:aws:lambda:us-east-1:123456789012:function:echo"
        for name in ("echo", "echo:$LATEST", "echo:7", "echo:prod", arn,
                     arn + ":$LATEST", arn + ":prod",
                     "123456789012:function:echo", "123456789012:echo"):
            for form in (name, quoted(name)):
                with self.subTest(form=form):
                    answer = self.invoke(form, 1)
                    self.assertEqual((answer.status, answer.json), (200, 1))
                    self.assertIn(":function:echo:$LATEST/", answer.arn)
                    self.assertEqual(
                        answer.headers["x-amz-executed-version"], "$LATEST")
        self.assertEqual(self.invoke("echo", 1).status, 200)

    def test_refused(self):
        target = f"{INVOKE}echo/invocations"
        for name, status, kind, text in (
                ("none", 404, NOT_FOUND, "Function not found: arn:aws:lambda:"
                 "us-east-1:123456789012:function:none"),
                ("a%20b", 400, INVALID, "Invalid function name: a b"),
                ("echo%2Fx", 400, INVALID, "Invalid function name"),
                ("x" * 300, 400, INVALID, "Invalid function name")):
            self.refused("POST", f"{INVOKE}{name}/invocations", "1", status,
                         kind, text)
        for headers, status, kind, text in (
                ({"X-Amz-Invocation-Type": "event"}, 400, INVALID,
                 "'invocationType'"),
                ({"X-Amz-Durable-Execution-Name": "a b"}, 400, INVALID,
                 "'durableExecutionName'"),
                ({"X-Amz-Durable-Execution-Name": "x" * 65}, 400, INVALID,
                 "'durableExecutionName'"),
                ({"X-Amz-Tenant-Id": "\u00e9"}, 400, INVALID,
                 "Invalid tenant ID"),
                ({"X-Amz-Tenant-Id": "x" * 257}, 400, INVALID,
                 "Invalid tenant ID")):
            self.refused("POST", target, "1", status, kind, text, **headers)
        self.refused("POST", f"{INVOKE}tenant/invocations", "1", 400, INVALID,
                     "tenancy configuration")
        for body in (b"{", b"nope", b'"\xff"', b"1 2"):
            self.refused("POST", target, body, 400, CONTENT,
                         "Could not parse request body into json")
        self.refused("POST", target, json.dumps("x" * 6291456), 413, TOO_LARGE,
                     "6291456")
        self.refused("POST", target, json.dumps("x" * 1048576), 413, TOO_LARGE,
                     "1048576", **{"X-Amz-Invocation-Type": "Event"})

    def test_name_once(self):
        first = self.invoke("echo", {"a": 1}, name="n")
        again = self.invoke("echo", {"a": 1}, name="n")
        self.assertEqual((again.arn, again.json), (first.arn, {"a": 1}))
        event = self.invoke("echo", {"a": 1}, "Event", "n")
        self.assertEqual((event.status, event.arn), (202, first.arn))
        answer = self.invoke("echo", 2, name="n")
        self.assertEqual((answer.status, answer.headers["x-amzn-errortype"]),
                         (409, "DurableExecutionAlreadyStartedException"))
        self.assertIn(first.arn, answer.json["Message"])
        self.assertEqual(self.invoke("tenant", 2, name="n", **{
            "X-Amz-Tenant-Id": "t"}).status, 200)  # unique per function

    def test_dry_run(self):
        for function in ("echo", "plain"):
            answer = self.invoke(function, kind="DryRun", name="dry")
            self.assertEqual((answer.status, answer.body), (204, b""))
        self.assertEqual(self.ask("GET", f"{API}durable-executions").json,
                         {"DurableExecutions": []})

    def test_empty_body_is_an_object(self):
        answer = self.ask("POST", f"{INVOKE}echo/invocations")
        self.assertEqual((answer.status, answer.json), (200, {}))


class Start(RoutesTest):
    functions = [c_function("echo"), raw_function("plain", durable=False)]

    def test_refused(self):
        for body, text in ((b"", "Request body is required"),
                           (b"{}", "Request body is required"),
                           (b"[]", "not an object"), (b'"x"', "not an object"),
                           (b"null", "not an object"),
                           (b"{", "the text ends too early"),
                           (b'{"AccountId":"1"}',
                            "Missing required field: FunctionName")):
            self.refused("POST", START, body, 400, INVALID, text)
        for more, status, text in (
                ({"ExecutionTimeoutSeconds": "x"}, 400,
                 "Invalid value of ExecutionTimeoutSeconds"),
                ({"ExecutionTimeoutSeconds": -1}, 400, "between 0 and"),
                ({"ExecutionTimeoutSeconds": 31622401}, 400, "between 0 and"),
                ({"ExecutionRetentionPeriodDays": 0}, 400, "between 1 and 90"),
                ({"ExecutionRetentionPeriodDays": 91}, 400,
                 "between 1 and 90"),
                ({"ExecutionName": "a b"}, 400, "'durableExecutionName'"),
                ({"Input": {"a": 1}}, 400, "Invalid value of Input"),
                ({"TenantId": ""}, 400, "Invalid tenant ID"),
                ({"FunctionName": None}, 400, "Invalid function name"),
                ({"FunctionName": "plain"}, 400, "not a durable function"),
                ({"FunctionName": "none"}, 404, "Function not found")):
            with self.subTest(**more):
                answer = self.start(**{"FunctionName": "echo", **more})
                self.assertEqual(answer.status, status)
                self.assertIn(text, answer.json[
                    "Message" if status == 404 else "message"])
        self.assertEqual(self.ask("GET", f"{API}durable-executions").json,
                         {"DurableExecutions": []})

    def test_id_and_name(self):
        answer = self.start(FunctionName="echo", ExecutionName="n",
                            InvocationId="inv-1")
        self.assertRegex(answer.json["ExecutionArn"], r"^arn:aws:lambda:"
                         r"us-east-1:123456789012:function:echo:\$LATEST/"
                         r"durable-execution/n/inv-1$")
        answer = self.start(FunctionName="echo", InvocationId="not / one")
        self.assertRegex(answer.json["ExecutionArn"],
                         r"/durable-execution/[0-9a-f-]{36}/[0-9a-f-]{36}$")


class Executions(RoutesTest):
    functions = [c_function("gate"), c_function("echo")]

    def test_get(self):
        found = self.execution(self.invoke("echo", {"a": 1}, name="n").arn)
        self.assertEqual(list(found.json), [
            "DurableExecutionArn", "DurableExecutionName", "FunctionArn",
            "Status", "StartTimestamp", "InputPayload", "Result",
            "EndTimestamp", "Version"])
        self.assertEqual(found.json["FunctionArn"], "arn:aws:lambda:us-east-1:"
                         "123456789012:function:echo:$LATEST")
        self.assertIsInstance(found.json["StartTimestamp"], float)
        self.refused("GET", f"{API}durable-executions/none", None, 404,
                     NOT_FOUND, "Execution none not found")

    def test_stop(self):
        for body, error in (
                (b"", "Execution stopped by user request"),
                (b"{}", "Execution stopped by user request"),
                (b'{"Other":1}', "Execution stopped by user request"),
                (b'{"Error":{"ErrorMessage":"m"}}', "m"),
                (b'{"Error":{"ErrorMessage":"m"},"Other":1}', "m"),
                (b'{"Other":1,"Error":{"ErrorMessage":"m"}}', "m"),
                (b'{"ErrorMessage":"m"}', "m")):
            with self.subTest(body=body):
                arn, _ = self.waiting()
                target = f"{API}durable-executions/{arn}"
                first = self.ask("POST", target + "/stop", body)
                self.assertEqual((first.status, list(first.json)),
                                 (200, ["StopTimestamp"]))
                found = self.ask("GET", target).json
                self.assertEqual(found["Status"], "STOPPED")
                self.assertEqual(found["Error"], {"ErrorMessage": error})
                self.assertEqual(found["EndTimestamp"],
                                 first.json["StopTimestamp"])
                again = self.ask("POST", target + "/stop",
                                 '{"ErrorMessage":"other"}')
                self.assertEqual(again.json, first.json)
                self.assertEqual(self.ask("GET", target).json, found)
        for body, text in ((b"{", "ends too early"), (b"[]", "not an object"),
                           (b'{"Error":1}', "not an object"),
                           (b'{"ErrorMessage":1}', "not a string")):
            self.refused("POST", target + "/stop", body, 400, INVALID, text)
        self.refused("POST", f"{API}durable-executions/none/stop", None, 404,
                     NOT_FOUND, "Execution none not found")

    def test_lists(self):
        functions = f"{API}functions/echo/durable-executions"
        arns = [self.invoke("echo", i, name=f"n{i}").arn for i in range(5)]

        def listed(target):
            answer = self.ask("GET", target)
            self.assertEqual(answer.status, 200, answer.body)
            return [one["DurableExecutionArn"]
                    for one in answer.json["DurableExecutions"]], \
                answer.json.get("NextMarker")
        for target in (functions, f"{functions}?MaxItems=0",
                       f"{functions}?Marker=", f"{functions}?MaxItems=1000",
                       f"{API}durable-executions", f"{functions}?Qualifier=x",
                       f"{API}functions/echo%3A%24LATEST/durable-executions",
                       f"{API}durable-executions?FunctionName=echo"):
            with self.subTest(target=target):
                self.assertEqual(listed(target), (arns, None))
        seen, marker = [], ""
        while marker is not None:
            page, marker = listed(f"{functions}?MaxItems=2&ReverseOrder=true"
                                  f"&Marker={quoted(marker)}")
            seen += page
        self.assertEqual(seen, arns[::-1])
        self.assertEqual(listed(f"{API}functions/none/durable-executions"),
                         ([], None))
        for query, found in (("StartedBefore=0", []), ("StartedAfter=0", arns),
                             ("StartedBefore=1970-01-01T00:00:00Z", [])):
            self.assertEqual(listed(f"{functions}?{query}"), (found, None))
        for query, text in (("MaxItems=1001", "between 0 and 1000"),
                            ("MaxItems=-1", "between 0 and 1000"),
                            ("MaxItems=x", "not a number"),
                            ("Marker=x", "Invalid marker"),
                            ("Statuses=x", "'statuses'"),
                            ("StartedAfter=x", "Invalid timestamp: x")):
            self.refused("GET", f"{functions}?{query}", None, 400, INVALID,
                         text)
        self.refused("GET", f"{API}functions/%20/durable-executions", None,
                     400, INVALID, "Function name is required")

    def test_history(self):
        arn = self.invoke("echo", {"a": 1}).arn
        whole = self.execution(arn, "/history").json["Events"]
        self.assertEqual([event["EventId"] for event in whole], [1, 2, 3])
        for event in whole:
            self.assertIsInstance(event["EventTimestamp"], float)
        self.assertIn("Payload", whole[0]["ExecutionStartedDetails"]["Input"])
        bare = self.execution(arn, "/history?IncludeExecutionData=false").body
        self.assertNotIn(b"Payload", bare)
        for query, text in (("MaxItems=1001", "between 0 and 1000"),
                            ("MaxItems=x", "not a number")):
            self.refused("GET", f"{API}durable-executions/{quoted(arn)}"
                         f"/history?{query}", None, 400, INVALID, text)
        self.refused("GET", f"{API}durable-executions/none/history", None, 404,
                     NOT_FOUND, "Execution none not found")


class Callbacks(RoutesTest):
    functions = [c_function("gate")]

    def test_refused(self):
        _, callback = self.waiting()
        # of no execution: {"arn":"a","op":"b"}
        stranger = quoted("eyJhcm4iOiJhIiwib3AiOiJiIn0=")
        for verb, kind in (("succeed", "success"), ("fail", "failure"),
                           ("heartbeat", "heartbeat")):
            for given, text in (("x", "not base64"), ("%21", "not base64"),
                                ("e30%3D", "not one of this service"),
                                ("a" * 1100, "not base64"),
                                (stranger, "Execution a not found")):
                self.refused("POST",
                             f"{API}durable-execution-callbacks/{given}/{verb}",
                             None, 404, NOT_FOUND,
                             f"Failed to process callback {kind}: ")
        target = f"{API}durable-execution-callbacks/{callback}"
        for body, text in ((b"{", "Invalid JSON in request body"),
                           (b"[]", "Invalid JSON in request body"),
                           (b'{"ErrorType":1}', "not a string")):
            self.refused("POST", target + "/fail", body, 400, INVALID, text)
        self.refused("POST", target + "/succeed", b"x" * 262145, 400, INVALID,
                     "262144")
        self.refused("POST", target + "/succeed", b"a\xff", 400, INVALID,
                     "must be UTF-8 text, and byte 1 is not")

    def test_results(self):
        for body, result in ((b"", None), (b"not json", "not json"),
                             (b'{"a": 1.0}', '{"a": 1.0}'),
                             (b"x" * 262144, "x" * 262144),
                             ("\u00e9".encode(), "\u00e9")):
            with self.subTest(body=body[:20]):
                arn, callback = self.waiting()
                answer = self.ask("POST", f"{API}durable-execution-callbacks/"
                                  f"{callback}/succeed", body)
                self.assertEqual((answer.status, answer.body), (200, b""))
                events = self.ask("GET", f"{API}durable-executions/{arn}"
                                  "/history").json["Events"]
                details = [event for event in events if event["EventType"]
                           == "CallbackSucceeded"][0][
                               "CallbackSucceededDetails"]["Result"]
                self.assertEqual(details.get("Payload"), result)

    def test_error_under_both_shapes(self):
        for body, error in ((b"", {}), (b"{}", {}),
                            (b'{"ErrorType":"T"}', {"ErrorType": "T"}),
                            (b'{"Error":{"ErrorType":"T"}}',
                             {"ErrorType": "T"})):
            with self.subTest(body=body):
                arn, callback = self.waiting()
                self.assertEqual(self.ask(
                    "POST", f"{API}durable-execution-callbacks/{callback}/fail",
                    body).status, 200)
                events = self.ask("GET", f"{API}durable-executions/{arn}"
                                  "/history").json["Events"]
                details = [event for event in events if event["EventType"]
                           == "CallbackFailed"][0]["CallbackFailedDetails"]
                self.assertEqual(details["Error"].get("Payload", {}), error)


WAIT = {"Id": "w", "Type": "WAIT", "SubType": "Wait", "Action": "START",
        "WaitOptions": {"WaitSeconds": 3600}}
STEP = {"Id": "s", "Type": "STEP", "SubType": "Step", "Action": "START"}


class Checkpoints(RoutesTest):
    functions = []

    def test_event(self):
        event = self.hold(Input='{"a": 1}', ExecutionName="n")
        self.assertEqual(set(event), {
            "DurableExecutionArn", "CheckpointToken", "InitialExecutionState",
            "UpdatedOperationIds"})
        first = event["InitialExecutionState"]["Operations"][0]
        self.assertEqual((first["Id"], first["Type"], first["Name"]), (
            event["DurableExecutionArn"].rsplit("/", 1)[1], "EXECUTION", "n"))
        self.assertEqual(first["ExecutionDetails"]["InputPayload"], '{"a": 1}')
        self.assertIsInstance(first["StartTimestamp"], int)
        self.assertGreater(first["StartTimestamp"], 10 ** 12)
        self.assertRegex(event["CheckpointToken"], "^[A-Za-z0-9+/]+={0,2}$")

    def test_times(self):
        """Seconds over REST, milliseconds to the function."""
        event = self.hold()
        answer = self.checkpoint(event, [WAIT, {
            **STEP, "Action": "RETRY", "StepOptions": {
                "NextAttemptDelaySeconds": 1800}}])
        wait, step = answer.json["NewExecutionState"]["Operations"]
        for value in (wait["StartTimestamp"],
                      wait["WaitDetails"]["ScheduledEndTimestamp"],
                      step["StepDetails"]["NextAttemptTimestamp"]):
            self.assertIsInstance(value, float)
            self.assertLess(value, 10 ** 11)
        self.assertEqual(step["StepDetails"]["Attempt"], 1)
        self.assertRegex(answer.body.decode(),
                         r'"ScheduledEndTimestamp":\d+\.\d{1,3}\b')
        self.assertAlmostEqual(wait["WaitDetails"]["ScheduledEndTimestamp"],
                               wait["StartTimestamp"] + 3600, places=2)
        self.server.answers.put({"errorType": "Again"})
        again = self.server.events.get(timeout=PATIENCE_S)
        _, wait, step = again["InitialExecutionState"]["Operations"]
        for value in (wait["StartTimestamp"],
                      wait["WaitDetails"]["ScheduledEndTimestamp"],
                      step["StepDetails"]["NextAttemptTimestamp"]):
            self.assertIsInstance(value, int)
            self.assertGreater(value, 10 ** 12)

    def test_client_token(self):
        event = self.hold()
        first = self.checkpoint(event, [STEP], ClientToken="once")
        self.assertEqual(first.status, 200)
        token = first.json["CheckpointToken"]
        for _ in range(2):
            again = self.checkpoint(event, [STEP], ClientToken="once")
            self.assertEqual((again.status, again.body), (200, first.body))
        second = self.checkpoint(event, [], token, ClientToken="twice")
        self.assertEqual(second.json["NewExecutionState"], {"Operations": []})
        self.assertNotEqual(second.json["CheckpointToken"], token)
        # an older answer is replayed, too; anything else is stale
        self.assertEqual(self.checkpoint(event, [STEP], ClientToken="once")
                         .body, first.body)
        for more in ({"ClientToken": "other"}, {}):
            answer = self.checkpoint(event, [STEP], **more)
            self.assertEqual((answer.status, answer.json["message"]),
                             (400, "Invalid checkpoint token"))
        self.server.answers.put({"Status": "SUCCEEDED"})
        arn = event["DurableExecutionArn"]
        self.until(lambda: self.execution(arn).json["Status"] == "SUCCEEDED")
        late = self.checkpoint(event, [], second.json["CheckpointToken"])
        self.assertEqual((late.status, late.json["message"]),
                         (400, "Invalid checkpoint token"))
        self.assertEqual(self.kinds(arn).count("StepStarted"), 1)

    def test_one_of_two_racing(self):
        event = self.hold()
        statuses = self.at_once(8, lambda i: self.checkpoint(
            event, [{**STEP, "Id": f"s{i}"}], ClientToken=f"c{i}").status)
        self.assertEqual(sorted(statuses), [200] + [400] * 7)

    def test_state(self):
        event = self.hold()
        token = self.checkpoint(event, [
            {**STEP, "Id": f"s{i}"} for i in range(5)]).json["CheckpointToken"]
        pages, marker = [], ""
        while marker is not None:
            answer = self.state(event, token, f"&MaxItems=2&Marker={marker}")
            self.assertEqual(answer.status, 200, answer.body)
            pages.append([operation["Id"] for operation
                          in answer.json["Operations"]])
            marker = answer.json.get("NextMarker")
        self.assertEqual(pages[0][0],
                         event["DurableExecutionArn"].rsplit("/", 1)[1])
        self.assertEqual([len(page) for page in pages], [2, 2, 2])
        self.assertEqual(sum(pages, [])[1:], [f"s{i}" for i in range(5)])
        target = f"{API}durable-executions/" \
            f"{quoted(event['DurableExecutionArn'])}/state"
        good = f"CheckpointToken={quoted(token)}"
        for query, text in (("", "Invalid checkpoint token"),
                            ("?CheckpointToken=x", "Invalid checkpoint token"),
                            (f"?{good}&MaxItems=1001", "between 0 and 1000"),
                            (f"?{good}&MaxItems=x", "not a number"),
                            (f"?{good}&Marker=x", "Invalid marker"),
                            (f"?{good}&Marker=9:1", "Invalid marker")):
            self.refused("GET", target + query, None, 400, INVALID, text)
        self.refused("GET", f"{API}durable-executions/none/state?{good}", None,
                     404, NOT_FOUND, "Execution none not found")

    def test_refused(self):
        event = self.hold()
        arn = event["DurableExecutionArn"]
        target = f"{API}durable-executions/{quoted(arn)}/checkpoint"
        token = event["CheckpointToken"]
        for body, text in (
                (b"", "Request body is required"),
                (b"{}", "Request body is required"),
                (b"[]", "not an object"), (b"{", "ends too early"),
                (b'{"Updates":[]}', "CheckpointToken is required"),
                (b'{"CheckpointToken":1}', "CheckpointToken is not a string"),
                (json.dumps({"CheckpointToken": token, "Updates": {}}),
                 "Updates is not an array"),
                (json.dumps({"CheckpointToken": token, "ClientToken": " "}),
                 "'clientToken'"),
                (json.dumps({"CheckpointToken": token, "ClientToken":
                             "x" * 65}), "'clientToken'")):
            self.refused("POST", target, body, 400, INVALID, text)
        for update, text in (
                ({}, "Id"), ({"Id": "a"}, "Type"),
                ({"Id": "a", "Type": "STEP"}, "Action"),
                ({**STEP, "Id": ""}, "d"), ({**STEP, "Id": "x" * 65}, "d"),
                ({**STEP, "Type": "BAD"}, "member.type"),
                ({**STEP, "Action": "BAD"}, "member.action"),
                ({**STEP, "Name": "x" * 257}, "ame"),
                ({**STEP, "ParentId": "none"}, "Invalid parent operation id."),
                ({**WAIT, "WaitOptions": {"WaitSeconds": 0}}, "ait"),
                ({**WAIT, "Action": "RETRY"},
                 "Invalid action for the given operation type.")):
            self.refused("POST", target, json.dumps(
                {"CheckpointToken": token, "Updates": [update]}), 400, INVALID,
                text)
        # nothing of it was taken, and the token is still good
        accepted = self.checkpoint(event, [STEP])
        self.assertEqual(accepted.status, 200)
        self.assertEqual(self.kinds(arn), ["ExecutionStarted", "StepStarted"])
        self.refused("POST", f"{API}durable-executions/none/checkpoint",
                     json.dumps({"CheckpointToken": token}), 404, NOT_FOUND,
                     "Execution none not found")

    def test_one_invocation_at_a_time(self):
        """What becomes due meanwhile is delivered, and not invoked for."""
        event = self.hold()
        answer = self.checkpoint(event, [{
            "Id": "c", "Type": "CALLBACK", "Action": "START"}])
        callback = answer.json["NewExecutionState"]["Operations"][0][
            "CallbackDetails"]["CallbackId"]
        self.assertEqual(self.ask(
            "POST", f"{API}durable-execution-callbacks/{quoted(callback)}"
            "/succeed", "1").status, 200)
        self.assertTrue(self.server.events.empty())
        found = self.checkpoint(event, [], answer.json["CheckpointToken"])
        done, = found.json["NewExecutionState"]["Operations"]
        self.assertEqual((done["Id"], done["Status"]), ("c", "SUCCEEDED"))
        self.server.answers.put({"Status": "SUCCEEDED"})
        self.until(lambda: self.execution(event["DurableExecutionArn"]).json[
            "Status"] == "SUCCEEDED")
        self.assertTrue(self.server.events.empty())


if __name__ == "__main__":
    unittest.main()
