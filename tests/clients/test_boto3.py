"""boto3 as a client: every operation, its paginators and its errors."""

import datetime
import io
import json
import pathlib
import sys
import unittest
import uuid

import boto3
import botocore.config
import botocore.exceptions

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent
                       / "serve"))
from support import ServeTest, c_function, raw_function  # noqa: E402

MISSING = "arn:aws:lambda:us-east-1:123456789012:function:echo:$LATEST/" \
    "durable-execution/none/none"


class BotoTest(ServeTest):
    def setUp(self):
        super().setUp()
        self.client = boto3.client(
            "lambda", endpoint_url=f"http://127.0.0.1:{self.port}",
            region_name="us-east-1", aws_access_key_id="x",
            aws_secret_access_key="y",
            config=botocore.config.Config(retries={"total_max_attempts": 1},
                                          max_pool_connections=64))

    def tearDown(self):
        self.client.close()
        super().tearDown()

    def call(self, function, payload=None, **more):
        return self.client.invoke(
            FunctionName=function,
            Payload=json.dumps({} if payload is None else payload), **more)

    def code_of(self, operation, **arguments):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            getattr(self.client, operation)(**arguments)
        error = caught.exception.response
        return (error["ResponseMetadata"]["HTTPStatusCode"],
                error["Error"]["Code"])

    def waiting(self, **more):
        """An execution that waits for its callback, and that callback."""
        arn = self.call("gate", InvocationType="Event",
                        **more)["DurableExecutionArn"]
        return arn, self.callback_id(arn)

    def ended(self, arn):
        def found():
            return self.client.get_durable_execution(DurableExecutionArn=arn)
        self.until(lambda: found()["Status"] != "RUNNING")
        return found()


class Boto(BotoTest):
    functions = [c_function(name)
                 for name in ("echo", "fail", "steps", "gate", "call")] + [
        raw_function("plain", durable=False),
        c_function("tenant", env={"_HANDLER": "echo"}, tenant_isolation=True)]

    # ---- invoke

    def test_invoke(self):
        answer = self.call("echo", {"a": 1}, DurableExecutionName="first")
        self.assertEqual((answer["StatusCode"], answer["ExecutedVersion"]),
                         (200, "$LATEST"))
        self.assertEqual(json.load(answer["Payload"]), {"a": 1})
        self.assertIn(":function:echo:$LATEST/durable-execution/first/",
                      answer["DurableExecutionArn"])

    def test_names_of_functions(self):
        for name in ("echo", "echo:$LATEST", "123456789012:function:echo",
                     "arn:aws:lambda:us-east-1:123456789012:function:echo",
                     "arn:aws:lambda:us-east-1:123456789012:function:echo"
                     ":$LATEST"):
            with self.subTest(name=name):
                self.assertEqual(self.call(name)["StatusCode"], 200)
        self.assertEqual(
            self.call("echo", Qualifier="$LATEST")["StatusCode"], 200)

    def test_event_and_dry_run(self):
        answer = self.call("steps", InvocationType="Event")
        self.assertEqual(answer["StatusCode"], 202)
        self.assertEqual(answer["Payload"].read(), b"")
        self.assertEqual(self.ended(answer["DurableExecutionArn"])["Result"],
                         '"done"')
        self.assertEqual(
            self.call("echo", InvocationType="DryRun")["StatusCode"], 204)

    def test_function_errors(self):
        answer = self.call("fail")
        self.assertEqual(answer["FunctionError"], "Unhandled")
        self.assertEqual(json.load(answer["Payload"])["errorType"], "Broken")
        answer = self.call("plain", {"do": "exit"})
        self.assertEqual(answer["FunctionError"], "Unhandled")
        self.assertEqual(json.load(answer["Payload"])["errorType"],
                         "Runtime.ExitError")

    def test_name_is_an_idempotency_key(self):
        one = self.call("echo", {"a": 1}, DurableExecutionName="n")
        two = self.call("echo", {"a": 1}, DurableExecutionName="n")
        self.assertEqual(one["DurableExecutionArn"],
                         two["DurableExecutionArn"])
        self.assertEqual(
            self.code_of("invoke", FunctionName="echo", Payload='{"a":2}',
                         DurableExecutionName="n"),
            (409, "DurableExecutionAlreadyStartedException"))
        with self.assertRaises(self.client.exceptions
                               .DurableExecutionAlreadyStartedException):
            self.call("echo", {"a": 2}, DurableExecutionName="n")

    def test_invoke_refused(self):
        self.assertEqual(self.code_of("invoke", FunctionName="none"),
                         (404, "ResourceNotFoundException"))
        self.assertEqual(
            self.code_of("invoke", FunctionName="echo", Payload="{"),
            (400, "InvalidRequestContentException"))
        self.assertEqual(
            self.code_of("invoke", FunctionName="echo",
                         Payload=io.BytesIO(b'"' + b"x" * 7000000 + b'"')),
            (413, "RequestTooLargeException"))
        self.assertEqual(self.code_of("invoke", FunctionName="tenant"),
                         (400, "InvalidParameterValueException"))
        self.assertEqual(self.call("tenant", TenantId="blue")["StatusCode"],
                         200)

    def test_chained(self):
        answer = self.call("call", {"x": 1})
        self.assertEqual(json.load(answer["Payload"]), {"x": 1})

    def test_many_at_once(self):
        answers = self.at_once(48, lambda i: json.load(
            self.call("steps" if i % 2 else "echo", {"i": i})["Payload"]))
        self.assertEqual(answers, [
            "done" if i % 2 else {"i": i} for i in range(48)])

    # ---- looking

    def test_get(self):
        arn = self.call("echo", {"a": 1},
                        DurableExecutionName="g")["DurableExecutionArn"]
        found = self.client.get_durable_execution(DurableExecutionArn=arn)
        self.assertEqual(found["DurableExecutionArn"], arn)
        self.assertEqual(found["DurableExecutionName"], "g")
        self.assertEqual(found["Status"], "SUCCEEDED")
        self.assertEqual(json.loads(found["InputPayload"]), {"a": 1})
        self.assertEqual(json.loads(found["Result"]), {"a": 1})
        self.assertIsInstance(found["StartTimestamp"], datetime.datetime)
        self.assertLessEqual(found["StartTimestamp"], found["EndTimestamp"])
        failed = self.client.get_durable_execution(
            DurableExecutionArn=self.call("fail")["DurableExecutionArn"])
        self.assertEqual(failed["Error"]["ErrorType"], "Broken")

    def test_history_in_pages(self):
        arn = self.call("steps")["DurableExecutionArn"]
        whole = self.client.get_durable_execution_history(
            DurableExecutionArn=arn, IncludeExecutionData=True)["Events"]
        pages = list(self.client.get_paginator(
            "get_durable_execution_history").paginate(
                DurableExecutionArn=arn, IncludeExecutionData=True,
                PaginationConfig={"PageSize": 2}))
        self.assertGreater(len(pages), 2)
        events = [event for page in pages for event in page["Events"]]
        self.assertEqual(events, whole)
        self.assertEqual([event["EventId"] for event in events],
                         list(range(1, len(events) + 1)))
        back = self.client.get_durable_execution_history(
            DurableExecutionArn=arn, IncludeExecutionData=True,
            ReverseOrder=True)["Events"]
        self.assertEqual(back, events[::-1])

    def test_history_without_data(self):
        arn = self.call("echo", {"secret": 1})["DurableExecutionArn"]
        events = self.client.get_durable_execution_history(
            DurableExecutionArn=arn, IncludeExecutionData=False)["Events"]
        self.assertNotIn("secret", json.dumps(events, default=str))

    def test_list(self):
        arns = [self.call("echo", DurableExecutionName=f"n{i}")
                ["DurableExecutionArn"] for i in range(5)]
        self.call("fail")
        paginator = self.client.get_paginator(
            "list_durable_executions_by_function")

        def listing(**more):
            pages = paginator.paginate(FunctionName="echo",
                                       PaginationConfig={"PageSize": 2},
                                       **more)
            return [one["DurableExecutionArn"] for page in pages
                    for one in page["DurableExecutions"]]
        self.assertEqual(set(listing()), set(arns))
        self.assertEqual(listing(ReverseOrder=True), listing()[::-1])
        self.assertEqual(listing(DurableExecutionName="n3"), [arns[3]])
        self.assertEqual(listing(Statuses=["FAILED", "STOPPED"]), [])
        self.assertEqual(set(listing(Statuses=["SUCCEEDED"])), set(arns))
        later = datetime.datetime.now() + datetime.timedelta(hours=1)
        self.assertEqual(listing(StartedAfter=later), [])
        self.assertEqual(set(listing(StartedBefore=later)), set(arns))

    # ---- callbacks and stop

    def test_callback_succeeds(self):
        arn, callback = self.waiting()
        self.client.send_durable_execution_callback_heartbeat(
            CallbackId=callback)
        self.client.send_durable_execution_callback_success(
            CallbackId=callback, Result=b"yes")
        found = self.ended(arn)
        self.assertEqual((found["Status"], found["Result"]),
                         ("SUCCEEDED", '"yes"'))
        for verb in ("success", "heartbeat", "failure"):
            status, _ = self.code_of(
                f"send_durable_execution_callback_{verb}", CallbackId=callback)
            self.assertGreaterEqual(status, 400)

    def test_callback_fails(self):
        arn, callback = self.waiting()
        self.client.send_durable_execution_callback_failure(
            CallbackId=callback, Error={"ErrorType": "No",
                                        "ErrorMessage": "not so"})
        found = self.ended(arn)
        self.assertEqual(found["Status"], "FAILED")
        self.assertIn("not so", found["Error"]["ErrorMessage"])

    def test_stop(self):
        arn, _ = self.waiting()
        first = self.client.stop_durable_execution(
            DurableExecutionArn=arn,
            Error={"ErrorType": "Mine", "ErrorMessage": "enough"})
        again = self.client.stop_durable_execution(DurableExecutionArn=arn)
        self.assertEqual(first["StopTimestamp"], again["StopTimestamp"])
        found = self.ended(arn)
        self.assertEqual((found["Status"], found["Error"]["ErrorMessage"]),
                         ("STOPPED", "enough"))

    # ---- what a function's SDK calls

    def test_checkpoint_and_state_refused(self):
        arn, _ = self.waiting()
        for operation, more in (
                ("checkpoint_durable_execution", {"Updates": []}),
                ("get_durable_execution_state", {"MaxItems": 1})):
            with self.subTest(operation=operation):
                self.assertEqual(
                    self.code_of(operation, DurableExecutionArn=arn,
                                 CheckpointToken="c3RhbGU=", **more),
                    (400, "InvalidParameterValueException"))

    def test_not_found(self):
        for operation in ("get_durable_execution", "stop_durable_execution",
                          "get_durable_execution_history"):
            with self.subTest(operation=operation):
                self.assertEqual(
                    self.code_of(operation, DurableExecutionArn=MISSING),
                    (404, "ResourceNotFoundException"))


class Handler(BotoTest):
    """A function whose checkpoints are made by boto3."""
    functions = [raw_function("boto", command=[
        sys.executable, "-B", str(pathlib.Path(__file__).resolve().parent
                                  / "handler.py")])]

    def test_checkpoints_and_pages_of_state(self):
        answer = self.call("boto", {"steps": 7})
        found = json.load(answer["Payload"])
        self.assertEqual(found["replayed"], found["first"])
        self.assertEqual(len(found["state"]), 1 + 7)
        kinds = self.kinds(answer["DurableExecutionArn"])
        self.assertEqual(kinds.count("StepSucceeded"), 7)


if __name__ == "__main__":
    unittest.main()
