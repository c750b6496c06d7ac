"""The reference workloads in Python, against a fake service in the same process; as
bench/c/work.c.

usage: work.py WORKLOAD [N] [LATENCY_MS]; "amap" is map in an async handler
"""

import gc
import json
import sys

import bench_fake

from durable_core import durable_execution

workload = sys.argv[1] if len(sys.argv) > 1 else "start"
count = int(sys.argv[2]) if len(sys.argv) > 2 else 1
latency = int(sys.argv[3]) if len(sys.argv) > 3 else 0


@durable_execution
def sequence(event, context):
    for i in range(count):
        context.step(lambda _: i, name="s")
    return count


@durable_execution
def mapping(event, context):
    def work(child, item, *_):
        return child.step(lambda _: item, name="s")

    return context.map(range(count), work, name="m").success_count


@durable_execution
async def async_mapping(event, context):
    async def work(child, item, *_):
        return await child.step(lambda _: item, name="s")

    return (await context.map(range(count), work, name="m")).success_count


handler = {"map": mapping, "amap": async_mapping}.get(workload, sequence)
event = bench_fake.event(count if workload == "replay" else 0)
transport = bench_fake.fake(latency)
gc.collect()
wall, cpu, resident, *_ = bench_fake.now()
output = json.loads(handler.invoke(event, None, transport=transport))
wall_end, cpu_end, _, peak, calls, updates = bench_fake.now()
print(json.dumps({
    "sdk": "durable_core", "workload": workload, "n": count, "latency_ms": latency,
    "output": output, "wall_s": wall_end - wall, "cpu_s": cpu_end - cpu,
    "calls": calls, "updates": updates, "added_mb": (peak - resident) / 1024,
}))
sys.exit(output["Status"] != "SUCCEEDED")
