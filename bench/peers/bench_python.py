"""Measure the official Python SDK on the reference workloads of bench/run.

usage: bench_python.py WORKLOAD [N] [LATENCY_MS]
WORKLOAD: seq (N sequential steps), replay (N finished steps replayed), map (N items,
one step each), start (a first invocation with one step).  The service is an in-process
fake that answers every checkpoint after LATENCY_MS.  Prints one JSON line.
"""
import json, resource, sys, time, threading, datetime, logging
logging.disable(logging.CRITICAL)
t_import = time.perf_counter()
from aws_durable_execution_sdk_python import durable_execution, DurableContext
from aws_durable_execution_sdk_python.execution import DurableExecutionInvocationInputWithClient, InitialExecutionState
from aws_durable_execution_sdk_python.lambda_service import (CheckpointOutput, CheckpointUpdatedExecutionState, Operation,
    StateOutput, ExecutionDetails, OperationStatus, OperationType, OperationAction, StepDetails, ContextDetails)
import hashlib
before_kib = int(open("/proc/self/statm").read().split()[1]) * 4
t_import = time.perf_counter() - t_import
workload = sys.argv[1]
n = int(sys.argv[2]) if len(sys.argv) > 2 else 1
latency = float(sys.argv[3]) / 1000 if len(sys.argv) > 3 else 0.0

class Fake:
    calls = 0
    updates = 0
    def checkpoint(self, durable_execution_arn, checkpoint_token, updates, client_token):
        Fake.calls += 1
        Fake.updates += len(updates)
        if latency: time.sleep(latency)
        ops = []
        for u in updates:
            st = {OperationAction.START: OperationStatus.STARTED, OperationAction.SUCCEED: OperationStatus.SUCCEEDED,
                  OperationAction.FAIL: OperationStatus.FAILED}.get(u.action, OperationStatus.STARTED)
            kw = {}
            if u.operation_type is OperationType.STEP:
                kw["step_details"] = StepDetails(attempt=1, result=u.payload)
            elif u.operation_type is OperationType.CONTEXT:
                kw["context_details"] = ContextDetails(result=u.payload)
            ops.append(Operation(operation_id=u.operation_id, operation_type=u.operation_type, status=st, parent_id=u.parent_id, name=u.name, sub_type=u.sub_type, **kw))
        return CheckpointOutput(checkpoint_token="t%d" % Fake.calls, new_execution_state=CheckpointUpdatedExecutionState(operations=ops))
    def get_execution_state(self, *a, **k):
        return StateOutput()

@durable_execution
def seq(event, ctx: DurableContext):
    s = 0
    for i in range(n):
        s += ctx.step(lambda _: i, name="s")
    return s

@durable_execution
def mapped(event, ctx: DurableContext):
    r = ctx.map(list(range(n)), lambda c, item, i, items: c.step(lambda _: item, name="s"), name="m")
    return len(r.all)

arn = "arn:aws:lambda:us-east-1:123456789012:function:f:1/durable-execution/e/inv"
now = datetime.datetime.now(datetime.timezone.utc)
ops = [Operation(operation_id="inv", operation_type=OperationType.EXECUTION, status=OperationStatus.STARTED, start_timestamp=now, execution_details=ExecutionDetails(input_payload="{}"))]
wire = None
if workload == "replay":
    wire = json.dumps({"DurableExecutionArn": arn, "CheckpointToken": "t0", "InitialExecutionState": {"Operations": [
        {"Id": "inv", "Type": "EXECUTION", "Status": "STARTED", "ExecutionDetails": {"InputPayload": "{}"}}] + [
        {"Id": hashlib.blake2b(str(i + 1).encode()).hexdigest()[:64], "Type": "STEP", "SubType": "Step", "Name": "s", "Status": "SUCCEEDED", "StepDetails": {"Attempt": 1, "Result": str(i)}} for i in range(n)]}})
from types import SimpleNamespace
lc = SimpleNamespace(aws_request_id="r", log_group_name="", log_stream_name="", function_name="f", memory_limit_in_mb=128, function_version="1", invoked_function_arn=arn, tenant_id=None, client_context=None, identity=None, get_remaining_time_in_millis=lambda: 900000)
t0 = time.perf_counter()
c0 = time.process_time()
if wire:
    from aws_durable_execution_sdk_python.execution import DurableExecutionInvocationInput
    base = DurableExecutionInvocationInput.from_json_dict(json.loads(wire))
    inp = DurableExecutionInvocationInputWithClient.from_durable_execution_invocation_input(base, Fake())
else:
    inp = DurableExecutionInvocationInputWithClient(durable_execution_arn=arn, checkpoint_token="t0",
        initial_execution_state=InitialExecutionState(operations=ops, next_marker=""), updated_operation_ids=[], service_client=Fake())
out = (mapped if workload == "map" else seq)(inp, lc)
wall = time.perf_counter() - t0
cpu = time.process_time() - c0
print(json.dumps({"sdk": "python", "workload": workload, "n": n, "latency_ms": latency * 1000, "status": out["Status"], "result": (out.get("Result") or "")[:40], "wall_s": round(wall, 4), "cpu_s": round(cpu, 5), "added_mb": round((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib) / 1024, 1),
    "calls": Fake.calls, "updates": Fake.updates, "import_s": round(t_import, 3), "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)}))
