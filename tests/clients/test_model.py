"""Answers against the API's model, as botocore has it: each member is known and
of its type, none that is required lacks, and every type of event occurs."""

import json
import pathlib
import re
import sys
import unittest
import urllib.parse

import botocore.session

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "serve"), str(TESTS / "traces")]
from player import Lambda  # noqa: E402
from support import API, ServeTest  # noqa: E402

# Null while a context has no result, as the emulators answer it.
NULLS = re.compile(r".*\.ContextDetails\.Result")
TYPES = {"string": str, "integer": int, "long": int, "boolean": bool,
         "timestamp": (int, float), "list": list, "structure": dict}


def faults(shape, value, where):
    """What the model does not allow in a value."""
    kind = TYPES[shape.type_name]
    if value is None and NULLS.fullmatch(where):
        return
    if not isinstance(value, kind) or \
            isinstance(value, bool) != (kind is bool):
        yield f"{where} is {value!r}"
    elif shape.type_name == "structure":
        for name in shape.required_members:
            if name not in value:
                yield f"{where} lacks {name}"
        for name, member in value.items():
            if name in shape.members:
                yield from faults(shape.members[name], member,
                                  f"{where}.{name}")
            else:
                yield f"{where} has {name}"
    elif shape.type_name == "list":
        for i, member in enumerate(value):
            yield from faults(shape.member, member, f"{where}[{i}]")
    elif shape.type_name == "string":
        pattern = shape.metadata.get("pattern")
        if value not in shape.metadata.get("enum", [value]) or \
                pattern and not re.fullmatch(pattern, value):
            yield f"{where} is {value!r}"


# Of PauseDurableExecution and ResumeDurableExecution, which docs/contract.md leaves
# out.
NOT_SERVED = {"ExecutionPaused", "ExecutionResumed"}


class Model(ServeTest):
    functions = None
    model = botocore.session.get_session().get_service_model("lambda")

    def setUp(self):
        super().setUp()
        self.endpoint = Lambda()
        self.addCleanup(self.endpoint.close)
        self.serve("--lambda-endpoint", self.endpoint.url, functions=[
            {"name": "overruns", "endpoint": self.endpoint.url,
             "execution_timeout_s": 1}])
        self.seen = set()

    def valid(self, operation, answer):
        self.assertEqual(answer.status, 200, answer.body)
        shape = self.model.operation_model(operation).output_shape
        self.assertEqual(list(faults(shape, answer.json, operation)), [])
        return answer.json

    def begin(self, function="function", **more):
        """An execution, and its first invocation."""
        arn = self.start(FunctionName=function, **more).json["ExecutionArn"]
        return arn, self.endpoint.arrivals.get(timeout=60)

    def checkpoint(self, arn, token, updates):
        return self.valid("CheckpointDurableExecution", self.execution(
            arn, "/checkpoint", json.dumps(
                {"CheckpointToken": token, "Updates": updates}), "POST"))

    def ended(self, arn, status):
        """It has ended so; all that can be asked about it is valid."""
        self.until(lambda: self.execution(arn).json["Status"] != "RUNNING")
        found = self.valid("GetDurableExecution", self.execution(arn))
        self.assertEqual(found["Status"], status)
        for query in ("", "?IncludeExecutionData=false",
                      "?ReverseOrder=true&MaxItems=2"):
            history = self.valid("GetDurableExecutionHistory", self.execution(
                arn, "/history" + query))
            self.seen.update(e["EventType"] for e in history["Events"])

    def callback(self, operation, verb, body):
        name = urllib.parse.quote(operation["CallbackDetails"]["CallbackId"],
                                  safe="")
        self.assertEqual(self.ask(
            "POST", f"{API}durable-execution-callbacks/{name}/{verb}",
            body).status, 200)

    def test_model(self):
        self.operations()
        self.outcomes()
        self.valid("ListDurableExecutionsByFunction", self.ask(
            "GET", f"{API}functions/function/durable-executions"))
        every = set(self.model.shape_for("EventType").enum)
        self.assertEqual(self.seen, every - NOT_SERVED)

    def operations(self):
        """Each type of operation, and each way for it to end."""
        arn, parent = self.begin()
        first = self.checkpoint(arn, parent.event["CheckpointToken"], [
            {"Id": "c", "Type": "CONTEXT", "Action": "START", "Name": "c",
             "SubType": "Map"},
            {"Id": "d", "Type": "CONTEXT", "Action": "SUCCEED",
             "ParentId": "c", "Payload": "1"},
            {"Id": "s", "Type": "STEP", "Action": "START", "ParentId": "c"},
            {"Id": "s", "Type": "STEP", "Action": "FAIL", "Error": {
                "ErrorMessage": "m", "ErrorType": "t", "ErrorData": "d",
                "StackTrace": ["l"]}},
            {"Id": "r", "Type": "STEP", "Action": "RETRY", "Payload": "1",
             "StepOptions": {"NextAttemptDelaySeconds": 9}},
            {"Id": "w", "Type": "WAIT", "Action": "START",
             "WaitOptions": {"WaitSeconds": 9}},
            {"Id": "x", "Type": "WAIT", "Action": "START",
             "WaitOptions": {"WaitSeconds": 1}}] + [
            {"Id": f"b{i}", "Type": "CALLBACK", "Action": "START",
             "CallbackOptions": {"TimeoutSeconds": int(i == 2)}} for i in range(3)
            ] + [
            {"Id": name, "Type": "CHAINED_INVOKE", "Action": "START",
             "Payload": "1", "ChainedInvokeOptions": {"FunctionName": name}}
            for name in ("works", "fails", "stops", "overruns", "cancelled")])
        token = urllib.parse.quote(first["CheckpointToken"], safe="")
        self.valid("GetDurableExecutionState", self.execution(
            arn, f"/state?CheckpointToken={token}"))
        overruns = self.end_children()
        found = {o["Id"]: o
                 for o in first["NewExecutionState"]["Operations"]}
        self.callback(found["b0"], "succeed", b"1")
        self.callback(found["b1"], "fail", b'{"ErrorType":"t"}')
        self.checkpoint(arn, first["CheckpointToken"], [
            {"Id": "w", "Type": "WAIT", "Action": "CANCEL"},
            {"Id": "cancelled", "Type": "CHAINED_INVOKE", "Action": "CANCEL"},
            {"Id": "c", "Type": "CONTEXT", "Action": "FAIL",
             "Error": {"ErrorMessage": "m"}}])
        due = {"CallbackTimedOut", "WaitSucceeded", "ChainedInvokeSucceeded",
               "ChainedInvokeFailed", "ChainedInvokeStopped",
               "ChainedInvokeTimedOut"}
        self.until(lambda: due <= set(self.kinds(arn)))
        overruns.answer.put('{"Status":"PENDING"}')
        parent.answer.put('{"Status":"FAILED","Error":{"ErrorType":"t"}}')
        self.ended(arn, "FAILED")

    def end_children(self):
        came = [self.endpoint.arrivals.get(timeout=60) for _ in range(5)]
        children = {c.path.split("/")[3]: c for c in came}
        children["works"].answer.put('{"Status":"SUCCEEDED","Result":"2"}')
        children["fails"].answer.put(
            '{"Status":"FAILED","Error":{"ErrorMessage":"m"}}')
        stopped = children["stops"].event["DurableExecutionArn"]
        self.valid("StopDurableExecution", self.execution(
            stopped, "/stop", '{"ErrorType":"t"}', "POST"))
        self.ended(stopped, "STOPPED")
        for name in ("stops", "cancelled"):
            children[name].answer.put('{"Status":"PENDING"}')
        return children["overruns"]

    def outcomes(self):
        """The other ways for an execution to end."""
        arn, came = self.begin()
        came.answer.put('{"Status":"SUCCEEDED","Result":"1"}')
        self.ended(arn, "SUCCEEDED")
        parent, came = self.begin(ExecutionTimeoutSeconds=1)
        self.ended(parent, "TIMED_OUT")
        came.answer.put('{"Status":"PENDING"}')
        arn, came = self.begin()
        came.answer.put('{"Status":"?"}')
        self.ended(arn, "FAILED")


if __name__ == "__main__":
    unittest.main()
