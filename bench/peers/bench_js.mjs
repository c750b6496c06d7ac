// Measure the official JS SDK on the reference workloads of bench/run.
// usage: node bench_js.mjs WORKLOAD [N] [LATENCY_MS]   (run where node_modules holds it)
// WORKLOAD: seq | replay | map | start. The service is an in-process fake answering each checkpoint after LATENCY_MS.
import { createRequire } from "node:module";
import { createHash } from "node:crypto";
const require = createRequire(process.cwd() + "/");
const ti = performance.now();
const { withDurableExecution } = require("@aws/durable-execution-sdk-js");
const importS = (performance.now() - ti) / 1000;
const [workload, ns, lat] = process.argv.slice(2);
const n = Number(ns ?? 1), latency = Number(lat ?? 0);
let calls = 0, nUpdates = 0;
const statusOf = { START: "STARTED", SUCCEED: "SUCCEEDED", FAIL: "FAILED", RETRY: "PENDING" };
const client = {
  async checkpoint(req) {
    const r = req; calls++; nUpdates += r.Updates.length;
    if (latency) await new Promise((f) => setTimeout(f, latency));
    return { CheckpointToken: "t" + calls, NewExecutionState: { Operations: r.Updates.map((u) => ({ Id: u.Id, ParentId: u.ParentId, Name: u.Name, Type: u.Type, SubType: u.SubType, Status: statusOf[u.Action], StartTimestamp: new Date(),
      ...(u.Type === "STEP" ? { StepDetails: { Attempt: 1, Result: u.Payload } } : { ContextDetails: { Result: u.Payload } }) })) } };
  },
  async checkpointDurableExecution(req) { return this.checkpoint(req); },
  async getExecutionState() { return { Operations: [] }; },
  async getDurableExecutionState() { return { Operations: [] }; },
};
const seq = async (event, ctx) => { let s = 0; for (let i = 0; i < n; i++) s += await ctx.step("s", async () => i); return s; };
const mapped = async (event, ctx) => { const r = await ctx.map("m", Array.from({ length: n }, (_, i) => i), async (c, item) => c.step("s", async () => item)); return r.all.length; };
const arn = "arn:aws:lambda:us-east-1:123456789012:function:f:1/durable-execution/e/inv";
const id = (i) => createHash("md5").update(String(i)).digest("hex").substring(0, 16);
const ops = [{ Id: "inv", Type: "EXECUTION", Status: "STARTED", StartTimestamp: Date.now(), ExecutionDetails: { InputPayload: "{}" } }];
if (workload === "replay") for (let i = 1; i <= n; i++) ops.push({ Id: id(i), Type: "STEP", SubType: "Step", Name: "s", Status: "SUCCEEDED", StepDetails: { Attempt: 1, Result: String(i - 1) } });
const wire = JSON.stringify({ DurableExecutionArn: arn, CheckpointToken: "t0", InitialExecutionState: { Operations: ops, NextMarker: "" } });
const h = withDurableExecution(workload === "map" ? mapped : seq, { durableExecutionClient: client });
const ctx = { awsRequestId: "r", functionName: "f", functionVersion: "1", invokedFunctionArn: arn, memoryLimitInMB: "128", logGroupName: "", logStreamName: "", getRemainingTimeInMillis: () => 900000 };
const log = console.log; console.log = console.info = console.debug = console.warn = console.error = () => {};
const before = process.memoryUsage.rss();
const c0 = process.cpuUsage();
const t0 = performance.now();
const out = await h(JSON.parse(wire), ctx);
const wall = (performance.now() - t0) / 1000;
const c1 = process.cpuUsage(c0);
log(JSON.stringify({ sdk: "js", workload, n, latency_ms: latency, status: out.Status, result: String(out.Result ?? JSON.stringify(out.Error)).slice(0, 200), wall_s: +wall.toFixed(4), cpu_s: +((c1.user + c1.system) / 1e6).toFixed(5), added_mb: +((process.resourceUsage().maxRSS * 1024 - before) / 1048576).toFixed(1), calls, updates: nUpdates, import_s: +importS.toFixed(3), peak_rss_mb: +(process.resourceUsage().maxRSS / 1024).toFixed(1) }));
process.exit(0);
