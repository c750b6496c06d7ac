"""Functions behind a Lambda Invoke endpoint."""

import base64
import http.client
import http.server
import json
import signal
import threading
import time
import unittest
import urllib.parse

from support import API, ServeTest, raw_function


class Lambda(http.server.BaseHTTPRequestHandler):
    """Answers as the input says."""
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        event = json.loads(self.rfile.read(int(self.headers[
            "Content-Length"])))
        self.server.seen.append((self.path, dict(self.headers)))
        first = event["InitialExecutionState"]["Operations"][0]
        do = json.loads(first["ExecutionDetails"]["InputPayload"])["do"]
        with self.server.lock:
            self.server.running += 1
            self.server.most = max(self.server.most, self.server.running)
        if do == "linger":
            time.sleep(0.05)
        with self.server.lock:
            self.server.running -= 1
        if do == "hold":
            self.server.release.wait(60)
        if do == "raise":
            body = {"errorMessage": "no", "errorType": "Mine"}
        elif do == "call" and len(self.server.seen) == 1:
            self.chain(event)
            body = {"Status": "PENDING"}
        else:
            body = {"Status": "SUCCEEDED", "Result": json.dumps(do)}
        body = json.dumps(body)
        self.send_response(500 if do == "status" else 200)
        if do == "raise":
            self.send_header("X-Amz-Function-Error", "Unhandled")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body.encode())
        except OSError:
            pass

    def chain(self, event):
        arn = urllib.parse.quote(event["DurableExecutionArn"], safe="")
        connection = http.client.HTTPConnection("127.0.0.1",
                                                self.server.service_port)
        connection.request(
            "POST", f"{API}durable-executions/{arn}/checkpoint", json.dumps({
                "CheckpointToken": event["CheckpointToken"], "Updates": [{
                    "Id": "c", "Type": "CHAINED_INVOKE", "Action": "START",
                    "Payload": '{"do":"echo"}',
                    "ChainedInvokeOptions": {
                        "FunctionName": "other",
                        "XAmznTraceId": "Root=1;Parent=2"}}]}))
        assert connection.getresponse().status == 200
        connection.close()

    def log_message(self, *_):
        pass


class Endpoint(ServeTest):
    functions = None

    def setUp(self):
        super().setUp()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Lambda)
        self.server.daemon_threads = True
        self.server.seen = []
        self.server.running = self.server.most = 0
        self.server.lock = threading.Lock()
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

    def start_execution(self, do, **more):
        answer = self.start(Input=json.dumps({"do": do}), **more)
        self.assertEqual(answer.status, 201, answer.body)
        return answer.json["ExecutionArn"]

    def succeeded(self, arn):
        self.until(lambda: self.execution(arn).json["Status"] == "SUCCEEDED")

    def paths(self):
        return [path for path, _ in self.server.seen]

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
        self.succeeded(self.start_execution("echo"))
        self.assertEqual(self.invoke("any", {"do": "echo"}).json, "echo")
        for name in ("other:$LATEST", "arn%3Aaws%3Alambda%3Aus-east-1%3A1234567"
                     "89012%3Afunction%3Aother"):
            self.assertEqual(self.invoke(name, {"do": "echo"}).json, "echo")
        self.assertEqual(self.paths()[-1],
                         "/2015-03-31/functions/other/invocations")

    def test_endpoint_of_an_execution(self):
        self.serve(functions=[raw_function("function")])
        self.succeeded(self.start_execution("echo", LambdaEndpoint=self.url))
        self.succeeded(self.start_execution("echo", LambdaEndpoint=self.url,
                                            FunctionName="unheard-of"))
        self.assertEqual(self.paths(), [
            "/2015-03-31/functions/function/invocations",
            "/2015-03-31/functions/unheard-of/invocations"])
        self.succeeded(self.start_execution("echo", LambdaEndpoint=None))
        self.assertEqual(len(self.server.seen), 2)

    def test_one_invocation_at_a_time(self):
        """A container that an execution brings takes no more than one."""
        self.serve()
        arns = [self.start_execution("linger", LambdaEndpoint=self.url)
                for _ in range(8)]
        for arn in arns:
            self.succeeded(arn)
        self.assertEqual(self.server.most, 1)

    def test_endpoint_outlives_the_service(self):
        self.serve()
        arn = self.start_execution("hold", LambdaEndpoint=self.url)
        self.until(lambda: self.server.seen)
        self.end(signal.SIGKILL)
        self.server.release.set()
        self.serve()
        self.succeeded(arn)

    def test_put_endpoint(self):
        self.serve()
        body = {"EndpointUrl": self.url, "RegionName": "eu-west-1"}
        self.assertEqual(self.invoke("any", {"do": "echo"}).status, 404)
        answer = self.ask("PUT", "/lambda-endpoint", json.dumps(body))
        self.assertEqual((answer.status, answer.json), (200, {
            "message": "Lambda endpoint updated successfully"}))
        self.assertEqual(self.invoke("any", {"do": "echo"}).json, "echo")
        self.ask("PUT", "/lambda-endpoint",
                 '{"EndpointUrl": "http://127.0.0.1:1"}')
        self.assertIn("could not be invoked", self.failure(self.invoke(
            "any", {"do": "echo"}, "Event").arn)["ErrorMessage"])

    def test_put_endpoint_takes_up_what_runs(self):
        self.serve("--lambda-endpoint", self.url)
        arn = self.start_execution("hold")
        self.until(lambda: self.server.seen)
        self.end(signal.SIGKILL)
        self.server.release.set()
        self.serve()
        self.ask("PUT", "/lambda-endpoint",
                 json.dumps({"EndpointUrl": self.url}))
        self.succeeded(arn)

    def test_endpoints_refused(self):
        self.serve()
        for body, text in (("", "body is required"), ("{", "body is required"),
                           ("[]", "body is required"),
                           ("{}", "EndpointUrl is required"),
                           ('{"EndpointUrl":""}', "EndpointUrl is required"),
                           ('{"EndpointUrl":1}', "EndpointUrl is required"),
                           ('{"EndpointUrl":"ftp://x"}', "expected http"),
                           ('{"EndpointUrl":"http://"}', "expected http")):
            with self.subTest(body=body):
                answer = self.ask("PUT", "/lambda-endpoint", body)
                self.assertEqual(answer.status, 400)
                self.assertIn(text, answer.json["message"])
        for endpoint in ("x", "http://a b", "file:///etc"):
            with self.subTest(endpoint=endpoint):
                answer = self.start(LambdaEndpoint=endpoint)
                self.assertEqual(answer.status, 400)
                self.assertIn("LambdaEndpoint", answer.json["message"])

    def test_client_context(self):
        self.serve("--lambda-endpoint", self.url)
        context = base64.b64encode(b'{"custom": {"a": 1}}').decode()
        self.invoke("any", {"do": "echo"},
                    **{"X-Amz-Client-Context": context})
        sent = self.server.seen[0][1]["X-Amz-Client-Context"]
        self.assertEqual(base64.b64decode(sent), b'{"custom": {"a": 1}}')

    def test_chained(self):
        """What a function at the default endpoint invokes is there too."""
        self.serve("--lambda-endpoint", self.url)
        self.server.service_port = self.port
        arn = self.start_execution("call")
        self.succeeded(arn)
        self.assertEqual([path.split("/")[3] for path in self.paths()],
                         ["function", "other", "function"])
        self.assertEqual([headers.get("X-Amzn-Trace-Id")
                          for _, headers in self.server.seen],
                         [None, "Root=1;Parent=2", None])
        [event] = [e for e in self.events(arn)
                   if e["EventType"] == "ChainedInvokeSucceeded"]
        self.assertEqual(event["ChainedInvokeSucceededDetails"]["Result"][
            "Payload"], '"echo"')

    def test_context_outlives_the_service(self):
        context = base64.b64encode(b'{"a": 1}')
        self.serve("--lambda-endpoint", self.url)
        with self.connect() as it:
            it.sendall(b"POST /2015-03-31/functions/any/invocations HTTP/1.1"
                       b"\r\nHost: x\r\nContent-Length: 13\r\n"
                       b"X-Amzn-Trace-Id: Root=1;Parent=2\r\n"
                       b"X-Amz-Client-Context: " + context +
                       b"\r\n\r\n" b'{"do":"hold"}')
            self.until(lambda: self.server.seen)
            self.end(signal.SIGKILL)
        self.server.release.set()
        self.serve("--lambda-endpoint", self.url)
        self.until(lambda: len(self.server.seen) == 2)
        for _, headers in self.server.seen:
            self.assertEqual(headers["X-Amz-Client-Context"].encode(), context)
            self.assertEqual(headers["X-Amzn-Trace-Id"], "Root=1;Parent=2")

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
        self.succeeded(arn)


if __name__ == "__main__":
    unittest.main()
