"""The HTTP side: connections, bodies, headers, errors, the end."""

import http.client
import json
import signal
import time
import unittest
import urllib.parse

from support import API, PATIENCE_S, ServeTest, c_function, raw_function

MISSING = "arn:aws:lambda:us-east-1:123456789012:function:echo:$LATEST/" \
    "durable-execution/none/none"


class Http(ServeTest):
    functions = [c_function("gate"), raw_function(), raw_function(
        "plain", durable=False)]

    def test_health(self):
        answer = self.ask("GET", "/health")
        self.assertEqual((answer.status, answer.json),
                         (200, {"status": "healthy"}))
        self.assertEqual(answer.headers["content-type"], "application/json")
        self.assertIn("x-amzn-requestid", answer.headers)

    def test_keep_alive(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        self.ask("GET", "/health", connection=connection)
        before = connection.sock
        self.ask("GET", "/nope", connection=connection)
        self.assertEqual(self.ask("GET", "/health", connection=connection)
                         .status, 200)
        self.assertIs(connection.sock, before)
        connection.close()

    def test_headers_of_answers(self):
        """An ARN is a header of Invoke only; no body has a type too."""
        arn = self.invoke("raw").arn
        answer = self.ask("POST", "/start-durable-execution", json.dumps({
            "AccountId": "123456789012", "FunctionName": "raw",
            "FunctionQualifier": "$LATEST", "ExecutionName": None,
            "ExecutionTimeoutSeconds": 300,
            "ExecutionRetentionPeriodDays": 7}))
        self.assertEqual(answer.status, 201)
        self.assertNotEqual(answer.json["ExecutionArn"], arn)
        self.assertNotIn("x-amz-durable-execution-arn", answer.headers)
        answer = self.invoke("raw", kind="DryRun")
        self.assertEqual((answer.status, answer.body), (204, b""))

    def test_leading_slashes_do_not_count(self):
        answer = self.ask("POST", "//2015-03-31/functions/raw/invocations", "{}")
        self.assertIn(":raw:", answer.headers["x-amz-durable-execution-arn"])
        self.assertEqual(self.ask("GET", "//functions/raw/logs").status, 200)

    def test_chunked_body(self):
        parts = (part for part in (b'{"a":', b'"' + b"b" * 100000, b'"}'))
        answer = self.ask("POST", "/2015-03-31/functions/raw/invocations",
                          parts)
        self.assertEqual(answer.json, {"a": "b" * 100000})

    def test_error_types(self):
        arn = urllib.parse.quote(MISSING, safe="")
        for method, target, status, kind in (
                ("GET", "/nope", 404, "ResourceNotFoundException"),
                ("DELETE", "/health", 404, "ResourceNotFoundException"),
                ("GET", f"{API}durable-executions/{arn}", 404,
                 "ResourceNotFoundException"),
                ("GET", f"{API}durable-executions?MaxItems=x", 400,
                 "InvalidParameterValueException"),
                ("GET", f"{API}durable-executions/%zz", 400,
                 "InvalidParameterValueException"),
                ("POST", "/2015-03-31/functions/none/invocations", 404,
                 "ResourceNotFoundException")):
            with self.subTest(target=target):
                answer = self.ask(method, target)
                self.assertEqual(answer.status, status)
                self.assertEqual(answer.headers["x-amzn-errortype"], kind)
                self.assertEqual(answer.json["Type"], kind)

    def test_arn_in_path(self):
        arn = self.invoke("raw").arn
        both = [self.ask("GET", f"{API}durable-executions/{form}").json
                for form in (arn, urllib.parse.quote(arn, safe=""))]
        self.assertEqual(both[0], both[1])
        self.assertEqual(both[0]["DurableExecutionArn"], arn)

    def test_announced_too_much(self):
        with self.connect() as it:
            it.sendall(b"POST /start-durable-execution HTTP/1.1\r\nHost: x\r\n"
                       b"Content-Length: 99999999999\r\n\r\n")
            self.assertIn(b" 413 ", it.recv(4096).split(b"\r\n")[0])

    def test_too_much_in_chunks(self):
        def parts():
            for _ in range(65):
                yield b"x" * (1 << 20)
        answer = self.ask("POST", "/start-durable-execution", parts())
        self.assertEqual(answer.status, 413)
        self.assertEqual(answer.headers["x-amzn-errortype"],
                         "RequestTooLargeException")

    def test_too_large_input(self):
        answer = self.ask("POST", "/2015-03-31/functions/raw/invocations",
                          json.dumps("x" * 7000000))
        self.assertEqual(answer.status, 413)

    def test_malformed(self):
        for text in (b"\r\n\r\n", b"nonsense\r\n\r\n", b"GET\r\n\r\n",
                     b"GET / HTTP/9.9\r\n\r\n", b"\x00\xff\x01\r\n\r\n",
                     b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                     b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
                     b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
                     b"chunked\r\n\r\nzz\r\n"):
            with self.subTest(text=text[:40]), self.connect() as it:
                it.sendall(text)
        self.assertEqual(self.ask("GET", "/health").status, 200)

    def test_half_sent(self):
        half = [self.connect() for _ in range(20)]
        for it in half:
            it.sendall(b"POST /start-durable-execution HTTP/1.1\r\nHost: x\r\n"
                       b"Content-Length: 10\r\n\r\n{")
        self.assertEqual(self.ask("GET", "/health").status, 200)
        for it in half:
            it.close()
        self.assertEqual(self.ask("GET", "/health").status, 200)

    def test_500_idle_connections(self):
        idle = [self.connect() for _ in range(500)]
        self.assertEqual(self.ask("GET", "/health").status, 200)
        self.assertEqual(self.invoke("raw", {"a": 1}).json, {"a": 1})
        for it in idle:
            it.close()

    def test_waiting_holds_no_thread(self):
        waiting = []
        for i in range(64):
            it = self.connect()
            it.sendall(b"POST /2015-03-31/functions/gate/invocations HTTP/1.1"
                       b"\r\nHost: x\r\nContent-Length: 2\r\n"
                       b"X-Amz-Durable-Execution-Name: w%d\r\n\r\n{}" % i)
            waiting.append(it)

        def running():
            return self.ask("GET", f"{API}durable-executions?MaxItems=1000"
                            "&Statuses=RUNNING").json["DurableExecutions"]
        self.until(lambda: len(running()) == 64)
        for found in running():
            one = urllib.parse.quote(
                self.callback_id(found["DurableExecutionArn"]), safe="")
            self.assertEqual(self.ask(
                "POST", f"{API}durable-execution-callbacks/{one}/succeed",
                '"yes"').status, 200)
        for it in waiting:
            self.assertIn(b" 200 ", it.recv(4096).split(b"\r\n")[0])
            it.close()

    def test_client_that_left(self):
        it = self.connect()
        it.sendall(b"POST /2015-03-31/functions/gate/invocations HTTP/1.1\r\n"
                   b"Host: x\r\nContent-Length: 2\r\n"
                   b"X-Amz-Durable-Execution-Name: left\r\n\r\n{}")
        target = f"{API}durable-executions?DurableExecutionName=left"
        self.until(lambda: self.ask("GET", target).json["DurableExecutions"])
        it.close()
        arn = self.ask("GET", target).json["DurableExecutions"][0][
            "DurableExecutionArn"]
        one = urllib.parse.quote(self.callback_id(arn), safe="")
        self.ask("POST", f"{API}durable-execution-callbacks/{one}/succeed", "1")
        self.until(lambda: self.execution(arn).json["Status"] == "SUCCEEDED")
        self.assertEqual(self.ask("GET", "/health").status, 200)

    def test_invocation_types(self):
        event = self.invoke("raw", {"a": 1}, "Event")
        self.assertEqual((event.status, event.body), (202, b""))
        self.until(lambda: self.execution(event.arn).json["Status"]
                   == "SUCCEEDED")
        dry = self.invoke("raw", kind="DryRun")
        self.assertEqual((dry.status, dry.body), (204, b""))
        named = self.invoke("raw", {"a": 1}, name="n")
        self.assertEqual(self.invoke("raw", {"a": 1}, name="n").arn, named.arn)
        other = self.invoke("raw", {"a": 2}, name="n")
        self.assertEqual(other.status, 409)
        self.assertEqual(other.headers["x-amzn-errortype"],
                         "DurableExecutionAlreadyStartedException")
        plain = self.invoke("plain", {"a": 1})
        self.assertEqual((plain.status, plain.json), (200, {"a": 1}))
        self.assertNotIn("x-amz-durable-execution-arn", plain.headers)

    def test_function_error(self):
        answer = self.invoke("plain", {"do": "error"})
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers["x-amz-function-error"], "Unhandled")
        self.assertEqual(answer.json, {"errorMessage": "no",
                                       "errorType": "Mine"})


class End(ServeTest):
    functions = [c_function("gate"), raw_function()]

    def test_sigterm(self):
        with self.connect() as it:
            it.sendall(b"POST /2015-03-31/functions/gate/invocations HTTP/1.1"
                       b"\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
            self.until(lambda: self.ask(
                "GET", f"{API}durable-executions").json["DurableExecutions"])
            self.assertEqual(self.end(), 0)
            self.assertIn(b" 500 ", it.recv(4096).split(b"\r\n")[0])

    def test_sigterm_while_a_function_hangs(self):
        arn = self.invoke("raw", {"do": "hang"}, "Event").arn
        began = time.monotonic()
        self.assertEqual(self.end(), 0)
        self.assertLess(time.monotonic() - began, PATIENCE_S / 2)
        self.serve(functions=self.functions)
        self.assertEqual(self.execution(arn).json["Status"], "RUNNING")
        self.assertEqual(self.completions(arn), [])

    def test_sigkill_loses_nothing(self):
        arn = self.invoke("gate", kind="Event").arn
        one = urllib.parse.quote(self.callback_id(arn), safe="")
        self.end(signal.SIGKILL)
        self.serve(functions=self.functions)
        self.assertEqual(self.ask(
            "POST", f"{API}durable-execution-callbacks/{one}/succeed",
            "on").status, 200)
        self.until(lambda: self.execution(arn).json["Status"] == "SUCCEEDED")
        self.assertEqual(json.loads(self.execution(arn).json["Result"]), "on")


if __name__ == "__main__":
    unittest.main()
