"""What functions print: kept whole, and found again."""

import json
import signal
import subprocess
import unittest

from support import PATIENCE_S, PROGRAM, ServeTest, raw_function

LINE_MAX = 16 << 20
KEPT_MAX = 16 << 20


def messages(lines):
    return [line["message"] for line in lines]


class LogTest(ServeTest):
    def write(self, *parts, function="raw", **more):
        return self.invoke(function, {"do": "write", "parts": parts, **more})

    def page(self, function, marker=None):
        answer = self.ask("GET", f"/functions/{function}/logs" +
                          (f"?Marker={marker}" if marker is not None else ""))
        self.assertEqual(answer.status, 200, answer.body)
        return ([json.loads(line) for line in answer.body.splitlines()],
                answer.headers["x-durable-next-marker"])

    def pages(self, function):
        """All lines, and how many pages they came in."""
        marker, found, count = None, [], 0
        while True:
            lines, marker = self.page(function, marker)
            if not lines:
                return found, count
            found += lines
            count += 1


class Lines(LogTest):
    functions = [raw_function(durable=False, timeout_s=120),
                 raw_function("one", durable=False, concurrency=1)]

    def test_every_byte(self):
        self.write([1, 'plain\n\n\ttab\r\n"\\quoted"\n\0\x01\x7f\n'],
                   [2, "caf\xc3\xa9 \xf0\x9f\x90\x8d\n"],
                   [2, "bad \xff\xc3(\xed\xa0\x80 end\n"])
        found = self.log("raw")
        self.assertEqual(messages(found[:5]), [
            "plain", "", "\ttab\r", '"\\quoted"', "\0\x01\x7f"])
        self.assertEqual(messages(found[5:]), [
            "caf\u00e9 \U0001f40d", "bad \ufffd\ufffd(\ufffd\ufffd\ufffd end"])
        for line in found:
            self.assertEqual(list(line), ["timestamp", "function", "requestId",
                                          "message"])

    def test_long_lines_are_whole(self):
        self.write([1, "a" * 1000, 3000], [1, "\nb\n"], [2, "c" * 70000 + "\n"])
        self.assertEqual({(m[0], len(m)) for m in messages(self.log("raw"))},
                         {("a", 3000000), ("b", 1), ("c", 70000)})

    def test_longest_line(self):
        self.write([1, "0123456789abcdef", LINE_MAX // 16], [1, "\n"],
                   [1, "0123456789abcdef", LINE_MAX // 16], [1, "over\n"])
        found = messages(self.log("raw"))
        self.assertEqual([len(message) for message in found],
                         [LINE_MAX, LINE_MAX, 4])
        self.assertEqual(found[2], "over")

    def test_the_end_of_a_process_ends_its_line(self):
        self.write([1, "first\nunfinished"], [2, "as well"], exit=True)
        self.assertEqual(messages(self.log("raw")),
                         ["first", "unfinished", "as well"])

    def test_the_next_invocation_ends_a_line(self):
        self.write([1, "of the first"], function="one")
        self.write([1, "of the second\n"], function="one")
        found = self.log("one")
        self.assertEqual(messages(found), ["of the first", "of the second"])
        self.assertEqual(len({line["requestId"] for line in found}), 2)

    def test_many_processes(self):
        self.at_once(8, lambda _: self.invoke(
            "raw", {"do": "lines", "count": 100, "size": 3000}))
        found = self.log("raw")
        self.assertEqual(len(found), 800)
        for line in found:
            request, number, text = line["message"].split(" ")
            self.assertEqual(line["requestId"], request)
            self.assertEqual(len(text), 3000)
        self.assertEqual(len({line["message"] for line in found}), 800)
        times = [line["timestamp"] for line in found]
        self.assertEqual(times, sorted(times))

    def test_who_prints_without_end_stops_nobody(self):
        """A child keeps the pipes full; the function itself answers."""
        self.ask("PUT", "/functions/flood", json.dumps(raw_function(
            "flood", durable=False, command=["/bin/sh", "-c",
                                             "yes $(printf %0999d 0) | "
                                             "head -c 100000000 & "
                                             'exec "$@"', "sh",
                                             *raw_function()["command"]])))
        for _ in range(3):
            self.assertEqual(self.invoke("flood", {"a": 1}).json, {"a": 1})
            self.assertEqual(self.invoke("raw", {"b": 1}).json, {"b": 1})
        self.assertEqual(self.invoke("flood", {"do": "exit"}).json["errorType"],
                         "Runtime.ExitError")

    def test_pages(self):
        self.write([1, "x" * 999 + "\n", 3000])
        found, count = self.pages("raw")
        self.assertEqual(messages(found), ["x" * 999] * 3000)
        self.assertGreater(count, 2)
        self.assertEqual(found, self.log("raw"))

    def test_pages_refused(self):
        for target, status in (("/functions/none/logs", 404),
                               ("/functions/raw/logs?Marker=-1", 400),
                               ("/functions/raw/logs?Marker=x", 400),
                               ("/functions/raw/logs?Marker=1x", 400),
                               ("/functions/..%2Ftest/logs", 404),
                               ("/functions/raw/others", 404)):
            with self.subTest(target=target):
                self.assertEqual(self.ask("GET", target).status, status)
        self.assertEqual(self.page("raw"), ([], "0"))
        self.assertEqual(self.page("raw", 10**15)[0], [])

    def test_moved_away(self):
        self.write([1, "before\n"])
        path = self.logs / "raw.jsonl"
        for make in (lambda: path.rename(self.logs / "raw.jsonl.1"),
                     lambda: path.rename(self.logs / "raw.jsonl.2")
                     and path.touch(), path.unlink,
                     lambda: path.write_text("")):
            make()
            self.write([1, "after\n"])
            self.assertEqual(messages(self.log("raw")), ["after"])
            self.assertEqual(messages(self.page("raw")[0]), ["after"])

    def test_after_a_kill(self):
        self.write([1, "before\n"])
        self.end(signal.SIGKILL)
        with open(self.logs / "raw.jsonl", "a") as log:
            log.write('{"timestamp": 1, "function": "raw", "mess')
        self.serve(functions=[raw_function(durable=False)])
        self.assertEqual(self.ask("GET", "/functions/raw/logs").body.count(
            b"\n"), 2)  # the torn line has got its end
        self.write([1, "after\n"])
        lines = (self.logs / "raw.jsonl").read_text().splitlines()
        self.assertEqual([json.loads(lines[i])["message"] for i in (0, 2)],
                         ["before", "after"])

    def test_of_a_function_that_is_gone(self):
        self.write([1, "kept\n"])
        self.end()
        self.serve(functions=[])
        self.assertEqual(messages(self.page("raw")[0]), ["kept"])


class Memory(LogTest):
    functions = None

    def test_newest_are_kept(self):
        self.serve(functions=[raw_function(durable=False)], logs=False)
        for i in range(24):
            self.write([1, f"{i:02}"], [1, "y" * 1024, 1024], [1, "\n"])
        found, _ = self.pages("raw")
        kept = [int(message[:2]) for message in messages(found)]
        self.assertEqual(kept, list(range(kept[0], 24)))
        self.assertIn(len(kept), range(KEPT_MAX // 2**21 - 1,
                                       KEPT_MAX // 2**20 + 1))
        self.assertEqual({len(message) for message in messages(found)},
                         {2 + 1024 * 1024})
        self.end()
        self.assertEqual([int(line[:2]) for line in self.said],
                         list(range(24)))
        self.assertFalse(self.logs.exists())

    def test_one_line_above_all(self):
        self.serve(functions=[raw_function(durable=False)], logs=False)
        self.write([1, "before\n"], [1, "\0" * 1024, 4096], [1, "\n"])
        self.assertEqual([len(m) for m in messages(self.pages("raw")[0])],
                         [4 << 20])

    def test_bad_directory(self):
        (self.directory / "file").write_text("")
        for path, what in (("file", "no directory"),
                           ("file/below", "Not a directory"),
                           ("no/such", "No such file")):
            answer = subprocess.run(
                [PROGRAM, "serve", "--port", "0", "--log-dir", path],
                cwd=self.directory, capture_output=True, text=True, timeout=60)
            self.assertEqual(answer.returncode, 2)
            self.assertIn(what, answer.stderr)


class Command(LogTest):
    functions = [raw_function(durable=False)]

    def durable(self, *arguments):
        return subprocess.run(
            [PROGRAM, "logs", *arguments], cwd=self.directory, text=True,
            capture_output=True, stdin=subprocess.DEVNULL, timeout=PATIENCE_S)

    def sources(self):
        return (("--log-dir", self.logs),
                ("--endpoint", f"http://127.0.0.1:{self.port}"))

    def output(self, *arguments):
        answer = self.durable(*arguments)
        self.assertEqual((answer.returncode, answer.stderr), (0, ""))
        return answer.stdout

    def test_output(self):
        self.write([1, "one\n\x1b[31mtwo\n"])
        self.write([1, "x" * 2**20 + "\n", 3])
        ids = [line["requestId"] for line in self.log("raw")]
        for source in self.sources():
            with self.subTest(source=source):
                lines = self.output("raw", *source).splitlines()
                self.assertEqual(len(lines), 5)
                self.assertRegex(lines[0], r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
                                 rf"\.\d{{3}} {ids[0][:8]} one$")
                self.assertTrue(lines[1].endswith(" ?[31mtwo"))
                self.assertEqual(self.output("raw", "--json", *source),
                                 (self.logs / "raw.jsonl").read_text())

    def test_filters(self):
        self.write([1, "one\n"])
        self.write([1, "two\n"])
        first = self.log("raw")[0]["requestId"]
        for source in self.sources():
            with self.subTest(source=source):
                def found(*filters):
                    return [line.split()[-1] for line in self.output(
                        "raw", *source, *filters).splitlines()]
                self.assertEqual(found("--request-id", first), ["one"])
                self.assertEqual(found("--request-id", first[:8]), ["one"])
                self.assertEqual(found("--request-id", "none"), [])
                for past in ("1d", "2000-01-01", "2000-01-01T00:00:00Z"):
                    self.assertEqual(found("--since", past), ["one", "two"])
                self.assertEqual(found("--since", "2999-01-01 00:00:00"), [])

    def test_follow(self):
        self.write([1, "old\n"])
        for source in self.sources():
            with self.subTest(source=source):
                with subprocess.Popen(
                        [PROGRAM, "logs", "raw", "--follow", *source],
                        cwd=self.directory, text=True,
                        stdout=subprocess.PIPE) as process:
                    self.assertIn("old", process.stdout.readline())
                    self.write([1, "new\n"])
                    while "new" not in process.stdout.readline():
                        pass
                    process.send_signal(signal.SIGINT)
                    self.assertEqual(process.wait(timeout=PATIENCE_S), 130)

    def test_refusals(self):
        dirs, service = self.sources()
        for arguments, what in (
                (("a/b", *dirs), "the function's name"),
                (("none", *dirs), "No such file"),
                (("none", *service), "404"),
                (("raw", *dirs, *service), "exclude"),
                (("raw", *dirs, "--since", "soon"), "is no time"),
                (("raw", *dirs, "--since", "-1h"), "is no time"),
                (("raw", "--endpoint", "x"), "no URL"),
                (("raw", "--endpoint", "http://127.0.0.1:1"),
                 "cannot be asked"), ((), "missing")):
            with self.subTest(arguments=arguments):
                answer = self.durable(*arguments)
                self.assertEqual((answer.returncode, answer.stdout), (2, ""))
                self.assertIn(what, answer.stderr)


if __name__ == "__main__":
    unittest.main()
