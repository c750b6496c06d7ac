"""Functions behind a Lambda Invoke endpoint."""

import http.server
import json
import signal
import threading
import unittest

from support import ServeTest


class Lambda(http.server.BaseHTTPRequestHandler):
    """Answers as the input says."""
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        event = json.loads(self.rfile.read(int(self.headers[
            "Content-Length"])))
        self.server.seen.append((self.path, dict(self.headers)))
        first = event["InitialExecutionState"]["Operations"][0]
        do = json.loads(first["ExecutionDetails"]["InputPayload"])["do"]
        if do == "hold":
            self.server.release.wait(60)
        body = json.dumps({"errorMessage": "no", "errorType": "Mine"}
                          if do == "raise" else
                          {"Status": "SUCCEEDED", "Result": json.dumps(do)})
        self.send_response(500 if do == "status" else 200)
        if do == "raise":
            self.send_header("X-Amz-Function-Error", "Unhandled")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body.encode())
        except OSError:
            pass

    def log_message(self, *_):
        pass


class Endpoint(ServeTest):
    functions = None

    def setUp(self):
        super().setUp()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Lambda)
        self.server.daemon_threads = True
        self.server.seen = []
        self.server.release = threading.Event()
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def tearDown(self):
        self.server.release.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
        super().tearDown()

    def start_execution(self, do):
        answer = self.ask("POST", "/start-durable-execution", json.dumps({
            "AccountId": "123456789012", "FunctionName": "function",
            "FunctionQualifier": "$LATEST", "ExecutionName": None,
            "ExecutionTimeoutSeconds": 300, "ExecutionRetentionPeriodDays": 7,
            "Input": json.dumps({"do": do})}))
        self.assertEqual(answer.status, 201, answer.body)
        return answer.json["ExecutionArn"]

    def failure(self, arn):
        self.until(lambda: self.completions(arn))
        return self.completions(arn)[0]["Error"]["Payload"]

    def test_configured(self):
        self.serve(functions=[{"name": "far", "endpoint": self.url + "/"}])
        self.assertEqual(self.invoke("far", {"do": "echo"}).json, "echo")
        path, headers = self.server.seen[0]
        self.assertEqual(path, "/2015-03-31/functions/far/invocations")
        self.assertEqual(headers["X-Amz-Invocation-Type"], "RequestResponse")
        self.assertEqual(self.invoke("other", {"do": "echo"}).status, 404)

    def test_default(self):
        self.serve("--lambda-endpoint", self.url)
        arn = self.start_execution("echo")
        self.until(lambda: self.execution(arn).json["Status"] == "SUCCEEDED")
        self.assertEqual(self.invoke("any", {"do": "echo"}).json, "echo")

    def test_failures(self):
        self.serve("--lambda-endpoint", self.url)
        self.assertEqual(self.failure(self.start_execution("raise")),
                         {"ErrorMessage": "no", "ErrorType": "Mine"})
        self.assertIn("status 500", self.failure(
            self.start_execution("status"))["ErrorMessage"])

    def test_goes_on_after_a_kill(self):
        self.serve("--lambda-endpoint", self.url)
        arn = self.start_execution("hold")
        self.until(lambda: self.server.seen)
        self.end(signal.SIGKILL)
        self.server.release.set()
        self.serve("--lambda-endpoint", self.url)
        self.until(lambda: self.execution(arn).json["Status"] == "SUCCEEDED")


if __name__ == "__main__":
    unittest.main()
