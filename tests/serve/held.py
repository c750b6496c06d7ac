"""A function that is the test: it is invoked at an endpoint of the test's own,
and its invocation is held open while the test makes its checkpoints."""

import http.server
import json
import queue
import threading
import urllib.parse

from support import PATIENCE_S, ServeTest


def quoted(text):
    return urllib.parse.quote(text, safe="")


class Lambda(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        event = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.events.put(json.loads(event))
        answer = self.server.answers.get(timeout=PATIENCE_S)
        body = json.dumps(answer).encode()
        self.send_response(200)
        if "errorType" in answer:
            self.send_header("X-Amz-Function-Error", "Unhandled")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class HeldTest(ServeTest):
    """Has a function "held", whose invocations the test answers."""

    def setUp(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Lambda)
        self.server.daemon_threads = True
        self.server.events, self.server.answers = queue.Queue(), queue.Queue()
        self.thread = threading.Thread(target=self.server.serve_forever,
                                       kwargs={"poll_interval": 0.02})
        self.thread.start()
        self.functions = self.functions + [{
            "name": "held",
            "endpoint": f"http://127.0.0.1:{self.server.server_address[1]}"}]
        super().setUp()

    def tearDown(self):
        for _ in range(8):  # whoever still waits for an answer
            self.server.answers.put({"Status": "SUCCEEDED"})
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
        super().tearDown()

    def hold(self, **more):
        """Start an execution of "held"; the event of its invocation."""
        self.assertEqual(self.start(FunctionName="held", **more).status, 201)
        return self.server.events.get(timeout=PATIENCE_S)

    def checkpoint(self, event, updates=(), token=None, **more):
        body = {"CheckpointToken": token or event["CheckpointToken"],
                "Updates": list(updates), **more}
        return self.execution(event["DurableExecutionArn"], "/checkpoint",
                              json.dumps(body), "POST")

    def state(self, event, token, query=""):
        return self.execution(
            event["DurableExecutionArn"],
            f"/state?CheckpointToken={quoted(token)}{query}")
