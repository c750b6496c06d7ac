"""What clients and functions do wrong: each is told, nothing else suffers."""

import http.client
import json
import os
import resource
import signal
import socket
import unittest
import urllib.parse

from support import API, PATIENCE_S, PROGRAM, ServeTest, c_function, raw_function

REFUSED = "InvalidParameterValueException"
MISSING = urllib.parse.quote(
    "arn:aws:lambda:us-east-1:123456789012:function:gate:$LATEST/"
    "durable-execution/none/none", safe="")
INVOKE = "/2015-03-31/functions/{}/invocations"
MIB = 1 << 20


class RobustTest(ServeTest):
    def said(self, text):
        """The status line of what comes back for these bytes."""
        found = b""
        with self.connect() as it:
            try:
                it.sendall(text)
            except OSError:
                pass  # it was closed already; what was said is there
            while b"\r\n" not in found:
                part = it.recv(65536)
                self.assertTrue(part, "no answer")
                found += part
        return int(found.split(b" ")[1])

    def waiting(self, name):
        """An execution that waits for its callback; and how it ends well."""
        arn = self.invoke("gate", kind="Event", name=name).arn
        return arn, self.callback_id(arn)

    def ends_well(self, arn, callback):
        one = urllib.parse.quote(callback, safe="")
        self.assertEqual(self.ask(
            "POST", f"{API}durable-execution-callbacks/{one}/succeed",
            '"yes"').status, 200)
        self.until(lambda: self.execution(arn).json["Status"] == "SUCCEEDED")
        self.assertIn("yes", self.execution(arn).json["Result"])


class Bytes(RobustTest):
    functions = [c_function("gate"), raw_function("raw", durable=False)]

    def test_what_is_no_http(self):
        head = b"POST /x HTTP/1.1\r\nHost: x\r\n"
        for status, text in (
                (0, b"\r\n\r\n"), (0, b"nonsense\r\n\r\n"), (0, b"GET\r\n\r\n"),
                (0, b"\x00\xff\x01\r\n\r\n"),
                (0, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc" + bytes(99)),
                (400, b"GET /health\r\n\r\n"),
                (505, b"GET / HTTP/9.9\r\nHost: x\r\n\r\n"),
                (505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
                (400, b"GET /health HTTP/1.1\r\nno colon\r\n\r\n"),
                (400, head + b"Content-Length: -1\r\n\r\n"),
                (400, head + b"Content-Length: abc\r\n\r\n"),
                (400, head + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
                (400, head + b"Content-Length: 4\r\nTransfer-Encoding: chunked"
                 b"\r\n\r\n0\r\n\r\n"),
                (400, head + b"Transfer-Encoding: gzip\r\n\r\n"),
                (413, head + b"Content-Length: 9999999999999999999999\r\n\r\n"),
                (413, head + b"Content-Length: 67108865\r\n\r\n"),
                (400, head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"),
                (400, head + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabc\r\n"
                 b"0\r\n\r\n"),
                (414, b"GET /" + b"a" * 17000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"),
                (431, b"GET /health HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 70000
                 + b"\r\n\r\n"),
                (404, b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"),
                (404, b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n"),
                (404, b"GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n"),
                (400, b"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n"),
                (200, b"GET /health HTTP/1.0\r\n\r\n"),
                (200, b"GET http://x:1/health HTTP/1.1\r\nHost: x\r\n\r\n")):
            with self.subTest(text=text[:80]):
                if status:
                    self.assertEqual(self.said(text), status)
                else:  # not even that much: nothing is said
                    with self.connect() as it:
                        it.sendall(text)
        self.assertEqual(self.ask("GET", "/health").status, 200)

    def test_half_sent(self):
        arn, callback = self.waiting("h")
        target = INVOKE.format("raw")
        whole = (f"POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n"
                 f"\r\n" + '{"a":1}').encode()
        half = []
        for i in range(len(whole)):  # cut behind every byte
            it = self.connect()
            it.sendall(whole[:i])
            half.append(it)
        chunked = self.connect()
        chunked.sendall(f"POST {target} HTTP/1.1\r\nHost: x\r\nTransfer-"
                        "Encoding: chunked\r\n\r\nff\r\nabc".encode())
        half.append(chunked)
        self.assertEqual(self.invoke("raw", {"b": 1}).json, {"b": 1})
        for i, it in enumerate(half[:-1:7]):  # some come to their end
            it.sendall(whole[7 * i:])
            self.assertIn(b" 200 ", it.recv(65536).split(b"\r\n")[0])
        for it in half:
            it.close()
        self.assertEqual(self.ask("GET", "/health").status, 200)
        self.ends_well(arn, callback)

    def test_half_sent_at_the_end(self):
        half = [self.connect() for _ in range(50)]
        for it in half:
            it.sendall(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n"
                       b"\r\n{")
        self.assertEqual(self.invoke("raw", {"a": 1}).json, {"a": 1})
        self.assertEqual(self.end(), 0)
        for it in half:
            it.close()

    def test_idle_connections(self):
        idle = [self.connect() for _ in range(500)]
        self.assertEqual(self.at_once(
            32, lambda i: self.invoke("raw", {"i": i}).json["i"]),
            list(range(32)))
        for it in idle[::5]:  # they are still good
            it.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertIn(b" 200 ", it.recv(4096).split(b"\r\n")[0])
        for it in idle:
            it.close()

    def test_more_connections_than_there_may_be(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE,
                           (min(max(soft, 4096), hard), hard))
        idle = []
        try:
            for _ in range(2500):
                idle.append(self.connect())
        finally:
            for it in idle:
                it.close()
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

        def served():
            try:
                return self.ask("GET", "/health").status == 200
            except OSError:
                return False
        self.until(served)
        self.assertEqual(self.invoke("raw", {"a": 1}).json, {"a": 1})


class Files(RobustTest):
    program = ["sh", "-c", 'ulimit -n 256; exec "$0" "$@"', PROGRAM]
    functions = [raw_function("raw", durable=False)]

    def test_connections_leave_some_for_functions(self):
        mine = http.client.HTTPConnection("127.0.0.1", self.port,
                                          timeout=PATIENCE_S)
        self.assertEqual(self.ask("GET", "/health", connection=mine).status,
                         200)
        idle = [self.connect() for _ in range(400)]
        try:
            answer = self.ask("POST", INVOKE.format("raw"), "{}", mine)
            self.assertEqual(answer.body, b"{}")
        finally:
            for it in (*idle, mine):
                it.close()


class Requests(RobustTest):
    functions = [c_function("gate"), raw_function("raw")]

    def test_malformed_bodies(self):
        """At every route that takes one: 4xx with a type, and no change."""
        arn, callback = self.waiting("m")
        mine = urllib.parse.quote(arn, safe="")
        one = urllib.parse.quote(callback, safe="")
        bodies = (b"{", b"[]", b'"x"', b"5", b"\xff\xfe", b"\0",
                  b'{"Updates":[]} x', b"[" * 100000, b'{"a":' * 100000,
                  b'{"ErrorType":5,"CheckpointToken":1,"FunctionName":[],'
                  b'"command":5,"EndpointUrl":1}')
        for method, target in (
                ("POST", f"{API}durable-executions/{mine}/checkpoint"),
                ("POST", f"{API}durable-executions/{MISSING}/checkpoint"),
                ("POST", f"{API}durable-executions/{mine}/stop"),
                ("POST", f"{API}durable-executions/{MISSING}/stop"),
                ("POST", f"{API}durable-execution-callbacks/{one}/fail"),
                ("POST", f"{API}durable-execution-callbacks/bm9uZQ==/succeed"),
                ("POST", f"{API}durable-execution-callbacks/!/heartbeat"),
                ("POST", "/start-durable-execution"),
                ("PUT", "/functions/gate"), ("PUT", "/lambda-endpoint"),
                ("POST", INVOKE.format("none"))):
            for body in bodies:
                with self.subTest(target=target, body=body[:40]):
                    answer = self.ask(method, target, body)
                    if answer.status == 200:  # a stop or failure with no reason
                        self.fail(f"accepted: {answer.body}")
                    self.assertIn(answer.status, range(400, 500))
                    self.assertEqual(answer.headers["x-amzn-errortype"],
                                     answer.json["Type"])
                    self.assertTrue(answer.json.get("message") or
                                    answer.json.get("Message"))
        self.ends_well(arn, callback)

    def test_malformed_input(self):
        for body in (b"{", b"\xff\xfe", b"{} x", b"[" * 100000):
            with self.subTest(body=body[:20]):
                answer = self.ask("POST", INVOKE.format("raw"), body)
                self.assertEqual((answer.status, answer.json["Type"]),
                                 (400, "InvalidRequestContentException"))

    def test_malformed_targets(self):
        arn, callback = self.waiting("t")
        mine = urllib.parse.quote(arn, safe="")
        for method, target in (
                ("GET", f"{API}durable-executions/{mine}/nothing"),
                ("DELETE", f"{API}durable-executions/{mine}"),
                ("PUT", f"{API}durable-executions/{mine}/stop"),
                ("GET", f"{API}durable-executions/{mine}/state"),
                ("GET", f"{API}durable-executions/{mine}/state"
                 "?CheckpointToken=x"),
                ("GET", f"{API}durable-executions/{mine}/history?MaxItems=-1"),
                ("GET", f"{API}durable-executions/not-an-arn"),
                ("GET", f"{API}durable-executions?MaxItems=x"),
                ("GET", f"{API}functions/gate/durable-executions?Statuses=NO"),
                ("GET", f"{API}functions/gate/durable-executions"
                 "?StartedAfter=soon"),
                ("GET", "/" + "a/" * 200), ("GET", "//"), ("GET", "/%ff%fe"),
                ("POST", INVOKE.format("a%20b")),
                ("POST", INVOKE.format("x" * 300))):
            with self.subTest(target=target[:90]):
                answer = self.ask(method, target)
                self.assertIn(answer.status, range(400, 500))
                self.assertEqual(answer.headers["x-amzn-errortype"],
                                 answer.json["Type"])
        self.ends_well(arn, callback)

    def test_too_large(self):
        arn, callback = self.waiting("l")
        mine = urllib.parse.quote(arn, safe="")
        one = urllib.parse.quote(callback, safe="")
        for status, kind, target, body in (
                (413, "RequestTooLargeException", INVOKE.format("raw"),
                 json.dumps("x" * (6 * MIB))),
                (400, REFUSED,
                 f"{API}durable-execution-callbacks/{one}/succeed",
                 "x" * (256 * 1024 + 1)),
                (400, REFUSED, f"{API}durable-executions/{mine}/checkpoint",
                 json.dumps({"CheckpointToken": "x" * 7 * MIB,
                             "Updates": []}))):
            with self.subTest(target=target[-30:], size=len(body)):
                answer = self.ask("POST", target, body)
                self.assertEqual((answer.status,
                                  answer.headers["x-amzn-errortype"]),
                                 (status, kind))
        self.ends_well(arn, callback)


class Functions(RobustTest):
    options = ["--skip-time"]

    def setUp(self):
        self.functions = None
        super().setUp()
        self.late = self.directory / "late"
        self.late.touch()  # it is only written to while it is there
        self.serve(*self.options, functions=[
            raw_function(), raw_function("plain", durable=False),
            raw_function("late", timeout_s=1,
                         env={"LATE_FILE": str(self.late)}),
            raw_function("hung", timeout_s=1, env={"HANG_INIT": "1"}),
            raw_function("gone", env={"EXIT_INIT": "1"})])

    def outcome(self, function, payload):
        arn = self.invoke(function, payload, "Event").arn
        self.until(lambda: self.execution(arn).json["Status"] != "RUNNING")
        return self.execution(arn).json, self.completions(arn)

    def still_good(self, function="raw"):
        self.assertEqual(self.invoke(function, {"a": 1}).json, {"a": 1})

    def test_garbage(self):
        for text, what in (
                ("", "ends too early"), ("null", "not a JSON object"),
                ("[]", "not a JSON object"), ("{", "ends too early"),
                ("{} {}", "text follows"), ("\xff\xfe", "expected a value"),
                ("\0", "expected a value"), ("[" * 9999, "Invalid invocation"),
                ("{}", "no Status"), ('{"Status":5}', "not a string"),
                ('{"Status":"DONE"}', "DONE"),
                ('{"Status":"SUCCEEDED","Result":5}', "not a string"),
                ('{"Status":"FAILED","Error":5}', "not an object"),
                ('{"Status":"FAILED","Error":{"ErrorType":5}}', "ErrorType"),
                ('{"Status":"PENDING"}', "no pending operations")):
            with self.subTest(text=text[:40]):
                found, invocations = self.outcome("raw", {"do": "output",
                                                          "text": text})
                self.assertEqual(found["Status"], "FAILED")
                self.assertIn(what, found["Error"]["ErrorMessage"])
                self.assertEqual(found["Error"]["ErrorType"], REFUSED)
                self.assertEqual(invocations[-1]["Error"]["Payload"],
                                 found["Error"])
        self.still_good()

    def test_too_large_an_answer(self):
        answer = self.invoke("plain", {"do": "output", "text": "x" * 1024})
        self.assertEqual(answer.status, 200)
        self.ask("PUT", "/functions/large", json.dumps(raw_function(
            "large", durable=False)))
        answer = self.invoke("large", {"do": "large"})
        self.assertEqual(answer.json["errorType"],
                         "Function.ResponseSizeTooLarge")
        self.still_good("plain")

    def test_late(self):
        """The process is killed; a grandchild answers for it, later."""
        arn = self.invoke("late", {"do": "late"}, "Event").arn
        self.until(lambda: self.completions(arn))
        self.assertEqual(
            self.completions(arn)[0]["Error"]["Payload"]["ErrorType"],
            "Sandbox.Timedout")
        self.until(self.late.read_text)
        self.assertIn(self.late.read_text(), ("400", "403", "410",
                      "ConnectionRefusedError", "ConnectionResetError",
                      "RemoteDisconnected", "CannotSendRequest",
                      "BrokenPipeError"))
        self.assertNotEqual(self.execution(arn).json["Status"], "SUCCEEDED")
        self.still_good()

    def test_answers_twice(self):
        self.assertEqual(self.invoke("raw", {"do": "twice"}).json, "first")
        self.until(lambda: self.log("raw"))
        self.assertIn(self.log("raw")[0]["message"], ("202 403", "202 400"))
        self.still_good()

    def test_exits(self):
        for payload in ({"do": "exit"}, {"do": "signal"}):
            found, invocations = self.outcome("raw", payload)
            self.assertEqual(found["Status"], "FAILED")
            self.assertEqual([one["Error"]["Payload"]["ErrorType"]
                              for one in invocations],
                             ["Runtime.ExitError"] * 5)
        self.assertEqual(self.invoke("raw", {"do": "answer and exit"}).json,
                         {"do": "answer and exit"})
        self.still_good()

    def test_never_ready(self):
        for function, kind in (("hung", "Sandbox.Timedout"),
                               ("gone", "Runtime.ExitError")):
            with self.subTest(function=function):
                arn = self.invoke(function, kind="Event").arn
                self.until(lambda: self.completions(arn))
                self.assertEqual(self.completions(arn)[0]["Error"]["Payload"]
                                 ["ErrorType"], kind)
        self.still_good()

    def test_all_at_once(self):
        """The good are served while the bad fail."""
        bad = [("raw", {"do": "exit"}), ("raw", {"do": "output", "text": "{"}),
               ("late", {"do": "hang"}), ("gone", {}), ("hung", {})]
        arns = [self.invoke(function, payload, "Event").arn
                for function, payload in bad * 4]
        self.assertEqual(self.at_once(
            16, lambda i: self.invoke("plain", {"i": i}).json["i"]),
            list(range(16)))
        for arn in arns:
            self.until(lambda: self.completions(arn))
            self.assertIn("Error", self.completions(arn)[0])
        self.assertEqual(self.end(signal.SIGTERM), 0)


if __name__ == "__main__":
    unittest.main()
