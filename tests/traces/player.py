"""Playing a recording against a server: its clients and its functions."""

import http.client
import http.server
import json
import queue
import threading
import time
import urllib.parse

from matching import Bindings, milliseconds
from recorded import Exchange

PATIENCE_S = 60


class Arrival:
    """An invocation that came, and waits for its answer."""

    def __init__(self, path, headers, event):
        self.path, self.headers, self.event = path, headers, event
        self.answer = queue.SimpleQueue()


class Lambda(http.server.ThreadingHTTPServer):
    """A Lambda Invoke endpoint: hands out what comes, answers what it is
    told to."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.arrivals = queue.SimpleQueue()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.thread = threading.Thread(target=self.serve_forever)
        self.thread.start()

    def close(self):
        self.shutdown()
        self.thread.join()
        self.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        arrival = Arrival(self.path, dict(self.headers), json.loads(body))
        self.server.arrivals.put(arrival)
        try:
            body = arrival.answer.get(timeout=PATIENCE_S).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except (OSError, queue.Empty):
            self.close_connection = True

    def log_message(self, *_):
        pass


class Answer:
    """What the server said."""

    def __init__(self, response, window):
        self.status = response.status
        self.headers = {k.lower(): v for k, v in response.getheaders()}
        self.body = response.read().decode()
        self.window = window

    @property
    def json(self):
        return json.loads(self.body) if self.body else None


def now_ms():
    return milliseconds(time.time())


def until(condition, what):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"it never came: {what}")
        time.sleep(0.005)


class Player:
    """Sends what the clients sent and answers as the functions answered.

    |check| is told of every answer; it compares, and binds the ids in it.
    """

    def __init__(self, port, lambda_endpoint, check):
        self.port, self.endpoint, self.check = port, lambda_endpoint, check
        self.bindings = Bindings(now_ms())
        self.arrived = {}  # recorded ARN -> the arrival that is not answered
        self.early = {}    # our ARN -> arrivals that nobody asked for yet
        self.completed = {}  # recorded ARN -> how many were answered

    def send(self, method, target, text="", headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                timeout=PATIENCE_S)
        before = now_ms()
        try:
            connection.request(method, target, text, headers or {})
            response = connection.getresponse()
            answer = Answer(response, None)
        finally:
            connection.close()
        answer.window = (before, now_ms())
        return answer

    def ours(self, exchange):
        """Its method, target, body and headers with the ids of the replay."""
        path = "/".join(urllib.parse.quote(self.bindings.replace(s), safe="")
                        for s in exchange.segments)
        query = urllib.parse.urlencode([
            (key, self.bindings.replace(value)) for key, value in
            urllib.parse.parse_qsl(exchange.query)])
        headers = {k: v for k, v in exchange.headers.items()
                   if k not in ("Host", "Connection", "Content-Length")}
        return (exchange.method, f"/{path}" + (f"?{query}" if query else ""),
                self.bindings.replace(exchange.text), headers)

    def ask(self, exchange):
        """Send it.  A look at an execution that was over is repeated until it
        is over here."""
        answer = self.send(*self.ours(exchange))
        if exchange.kind != "get" or exchange.status != 200 or \
                json.loads(exchange.body)["Status"] == "RUNNING":
            return answer

        def over():
            nonlocal answer
            answer = self.send(*self.ours(exchange))
            return answer.status != 200 or answer.json["Status"] != "RUNNING"
        until(over, exchange)
        return answer

    def exchange(self, exchange):
        self.check.exchange(self, exchange, self.ask(exchange))

    # ---- invocations

    def next_arrival(self, arn):
        """The next invocation of this execution."""
        waiting = self.early.setdefault(arn, [])
        while not waiting:
            try:
                came = self.endpoint.arrivals.get(timeout=PATIENCE_S)
            except queue.Empty:
                raise AssertionError(f"no invocation of {arn} came") from None
            self.early.setdefault(
                came.event.get("DurableExecutionArn"), []).append(came)
        return waiting.pop(0)

    def arrive(self, invocation):
        """Let it have come, and be the one that runs."""
        if invocation.arn not in self.arrived:
            came = self.next_arrival(self.bindings.ids[invocation.arn])
            self.arrived[invocation.arn] = came
            self.check.arrival(self, invocation, came)

    def complete(self, invocation):
        """Answer it, and wait until the server has taken note."""
        self.arrive(invocation)
        self.arrived.pop(invocation.arn).answer.put(
            self.bindings.replace(invocation.answer))
        count = self.completed.get(invocation.arn, 0) + 1
        self.completed[invocation.arn] = count
        until(lambda: self.invocations_completed(invocation.arn) >= count,
              invocation)

    def invocations_completed(self, arn):
        arn = urllib.parse.quote(self.bindings.ids[arn], safe="")
        history = self.send(
            "GET", f"/2025-12-01/durable-executions/{arn}/history?MaxItems=1000"
        ).json["Events"]
        return sum(e["EventType"] == "InvocationCompleted" for e in history)

    def left_over(self):
        """Invocations that came without having been asked for."""
        while not self.endpoint.arrivals.empty():
            came = self.endpoint.arrivals.get()
            self.early.setdefault(
                came.event.get("DurableExecutionArn"), []).append(came)
        return [came for all_of in self.early.values() for came in all_of]

    def play(self, steps):
        by_token = {}
        for step in steps:
            if not isinstance(step, Exchange):
                by_token[step.token] = step
        for step in steps:
            if isinstance(step, Exchange):
                token = (step.request or {}).get("CheckpointToken") \
                    if step.kind == "checkpoint" else None
                if token in by_token:
                    self.arrive(by_token[token])
                self.exchange(step)
            else:
                self.complete(step)
