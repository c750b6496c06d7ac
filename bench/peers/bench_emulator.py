"""Measure the official emulator: durable checkpoints a second over HTTP.

usage: bench_emulator.py PORT LAMBDA_PORT EXECUTIONS CHECKPOINTS

The emulator listens on PORT and invokes functions at LAMBDA_PORT, where this
program makes CHECKPOINTS checkpoints, each the start and the end of a step, over
one connection per invocation.  Prints one JSON line.
"""
import http.client
import json
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT, LAMBDA_PORT, EXECUTIONS, CHECKPOINTS = map(int, sys.argv[1:])
PATIENCE_S = 300


def ask(client, method, path, body=None):
    client.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"})
    response = client.getresponse()
    return response.status, json.loads(response.read() or b"{}")


def path_of(arn, verb=""):
    return f"/2025-12-01/durable-executions/{urllib.parse.quote(arn, safe='')}{verb}"


def run(event):
    client = http.client.HTTPConnection("127.0.0.1", PORT)
    path, token = path_of(event["DurableExecutionArn"], "/checkpoint"), event["CheckpointToken"]
    for i in range(CHECKPOINTS):
        step = {"Id": f"s{i}", "Type": "STEP", "SubType": "Step", "Name": "s"}
        status, answer = ask(client, "POST", path, {"CheckpointToken": token, "Updates": [
            {**step, "Action": "START"}, {**step, "Action": "SUCCEED", "Payload": "1"}]})
        if status != 200:
            raise SystemExit(f"checkpoint: {status} {answer}")
        token = answer["CheckpointToken"]
    client.close()


class Function(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        run(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        answer = b'{"Status":"SUCCEEDED","Result":"1"}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


class Lambda(ThreadingHTTPServer):
    request_queue_size = 512
    daemon_threads = True


def main():
    server = Lambda(("127.0.0.1", LAMBDA_PORT), Function)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = http.client.HTTPConnection("127.0.0.1", PORT)
    begin = time.perf_counter()
    running = set()
    for i in range(EXECUTIONS):
        status, answer = ask(client, "POST", "/start-durable-execution", {
            "AccountId": "123456789012", "FunctionName": "f", "FunctionQualifier": "$LATEST", "ExecutionName": f"e{i}",
            "ExecutionTimeoutSeconds": 600, "ExecutionRetentionPeriodDays": 7, "Input": "{}"})
        if status != 201:
            raise SystemExit(f"start: {status} {answer}")
        running.add(answer["ExecutionArn"])
    while running and time.perf_counter() - begin < PATIENCE_S:
        for arn in list(running):
            status = ask(client, "GET", path_of(arn))[1].get("Status")
            if status == "SUCCEEDED":
                running.discard(arn)
            elif status not in (None, "RUNNING"):
                raise SystemExit(f"an execution ended as {status}")
        time.sleep(0.02)
    if running:
        raise SystemExit(f"{len(running)} executions did not end")
    wall = time.perf_counter() - begin
    print(json.dumps({"executions": EXECUTIONS, "checkpoints": EXECUTIONS * CHECKPOINTS, "wall_s": round(wall, 3),
                      "per_s": round(EXECUTIONS * CHECKPOINTS / wall, 1)}))


main()
