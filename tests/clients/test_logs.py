"""boto3's client of CloudWatch Logs: what functions print, searched."""

import json
import pathlib
import sys
import time
import unittest

import boto3
import botocore.config
import botocore.exceptions

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent
                       / "serve"))
from support import ServeTest, raw_function  # noqa: E402

GROUP = "/aws/lambda/raw"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:raw:$LATEST/" \
    "durable-execution/a/b"
MS_MAX = 2**53 - 1


def record(**fields):
    return json.dumps(fields) + "\n"


class CloudWatch(ServeTest):
    functions = [raw_function(durable=False),
                 raw_function("silent", durable=False)]

    def setUp(self):
        super().setUp()
        self.connect_client()

    def connect_client(self):
        self.client = boto3.client(
            "logs", endpoint_url=f"http://127.0.0.1:{self.port}",
            region_name="us-east-1", aws_access_key_id="x",
            aws_secret_access_key="y",
            config=botocore.config.Config(retries={"total_max_attempts": 1}))

    def tearDown(self):
        self.client.close()
        super().tearDown()

    def write(self, *texts):
        self.invoke("raw", {"do": "write",
                            "parts": [[1, text] for text in texts]})

    def events(self, pattern=None, **more):
        if pattern is not None:
            more["filterPattern"] = pattern
        return self.client.filter_log_events(logGroupName=GROUP,
                                             **more)["events"]

    def found(self, pattern=None, **more):
        return [event["message"] for event in self.events(pattern, **more)]

    def refusal(self, operation, **arguments):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            getattr(self.client, operation)(**arguments)
        error = caught.exception.response
        self.assertEqual(error["ResponseMetadata"]["HTTPStatusCode"], 400)
        return error["Error"]["Code"], error["Error"]["Message"]

    # ---- FilterLogEvents

    def test_events(self):
        before = int(time.time() * 1000)
        self.write("one\n", "two\n")
        events = self.events()
        self.assertEqual([event["message"] for event in events],
                         ["one", "two"])
        self.assertEqual(len({event["eventId"] for event in events}), 2)
        for event in events:
            self.assertGreaterEqual(event["timestamp"], before)
            self.assertEqual(event["ingestionTime"], event["timestamp"])
            self.assertEqual(event["logStreamName"], "$LATEST")
        self.assertEqual(self.invoke("raw", {"do": "environment"}).json[
            "AWS_LAMBDA_LOG_STREAM_NAME"], "$LATEST")

    def test_one_execution(self):
        """As the conformance runner asks."""
        self.write(record(executionArn=ARN, message="mine"),
                   record(durableExecutionArn=ARN, message="mine, too"),
                   record(executionArn=ARN + "c", message="another's"),
                   record(message=record(executionArn=ARN)), f"text {ARN}\n",
                   record(executionArn=ARN)[:-2] + " \n",
                   record(executionArn=ARN)[:-1] + " trailing\n")
        found = self.found(f'{{ ($.durableExecutionArn = "{ARN}") || '
                           f'($.executionArn = "{ARN}") }}')
        self.assertEqual([json.loads(one)["message"] for one in found],
                         ["mine", "mine, too"])

    def test_patterns_of_fields(self):
        texts = [record(n=1, s="alpha", t=True, z=None, a=[{"b": "x y"}, 5]),
                 record(n=2.5, s="beta", t=False), record(s="12"), "no JSON\n"]
        self.write(*texts)
        for pattern, numbers in (
                ("{ $.n = 1 }", [0]), ("{ $.n = 1.0 }", [0]),
                ("{ $.n != 1 }", [1]), ("{ $.n >= 1 && $.n < 2.5 }", [0]),
                ("{ $.n > 1 || $.s = alpha }", [0, 1]),
                ("{ $.s = 12 }", [2]), ('{ $.s = "12" }', [2]),
                ('{ $.s = "*a" }', [0, 1]), ('{ $.s != "al*" }', [1, 2]),
                ("{ $.s = *et* }", [1]), ("{ $.s = %^[ab]l.{3}$% }", [0]),
                ("{ $.s = %\\d{2}% }", [2]), ("{ $.s != %a% }", [2]),
                ("{ $.t IS TRUE }", [0]), ("{ $.t is false }", [1]),
                ("{ $.z IS NULL }", [0]), ("{ $.z NOT EXISTS }", [1, 2, 3]),
                ('{ $.a[0].b = "x y" }', [0]), ("{ $.a[1] = 5 }", [0]),
                ("{ $.a[2] = 5 }", []), ("{ $.a[0].b.c = 5 }", []),
                ("{ $.n = 1 && $.s = alpha || $.s = beta }", [0, 1]),
                ("{ $.n = 1 && ($.s = beta || $.s = alpha) }", [0])):
            with self.subTest(pattern=pattern):
                self.assertEqual(self.found(pattern),
                                 [texts[i][:-1] for i in numbers])

    def test_patterns_of_terms(self):
        texts = ["ERROR one two", "WARN one", "error two", 'say "one two"']
        self.write(*[text + "\n" for text in texts])
        for pattern, numbers in (
                ("", [0, 1, 2, 3]), ("ERROR", [0]), ("one two", [0, 3]),
                ('"one two"', [0, 3]), ("one -ERROR", [1, 3]),
                ("?ERROR ?WARN", [0, 1]), ('"say \\"one"', [3]),
                ("%(?i)error%", [0, 2]), ("-%o[a-n]e%", [2])):
            with self.subTest(pattern=pattern):
                self.assertEqual(self.found(pattern),
                                 [texts[i] for i in numbers])

    def test_patterns_refused(self):
        for pattern, what in (
                ("{", "selector"), ("{ $.a }", "expected one of ="),
                ("{ $.a = }", "expected a value"), ("{ $.a = 1", "or }"),
                ("{ $.a = 1 } x", "behind"), ("{ a = 1 }", "selector"),
                ("{ $.a[ = 1 }", "selector"), ("{ $.a IS 5 }", "NULL, TRUE"),
                ("{ $.a NOT 5 }", "EXISTS"), ("{ $.a > x }", "only numbers"),
                ('{ $.a = "x }', "quote"), ("{ $.a = %[% }", "regular"),
                ("{ ($.a = 1 }", "expected )"), ("[a, b]", "space-delimited"),
                ("a ?b", "do not go"), ('"', "quote"), ("%a", "without an end"),
                ("{ " + "(" * 65 + "$.a = 1", "parentheses"),
                ("x" * 1025, "1024")):
            with self.subTest(pattern=pattern):
                code, text = self.refusal("filter_log_events",
                                          logGroupName=GROUP,
                                          filterPattern=pattern)
                self.assertEqual(code, "InvalidParameterException")
                self.assertIn(what, text)

    def test_times_and_streams(self):
        self.write("one\n")
        self.until(lambda: time.time() * 1000 >
                   self.events()[0]["timestamp"] + 1)
        self.write("two\n")
        first, second = [event["timestamp"] for event in self.events()]
        self.assertEqual(self.found(startTime=second), ["two"])
        self.assertEqual(self.found(endTime=first), ["one"])
        self.assertEqual(self.found(startTime=0, endTime=MS_MAX),
                         ["one", "two"])
        self.assertEqual(self.found(logStreamNames=["$LATEST"]),
                         ["one", "two"])
        self.assertEqual(self.found(logStreamNamePrefix="$L"), ["one", "two"])
        self.assertEqual(self.found(logStreamNamePrefix="2026/"), [])

    def test_pages(self):
        self.write(*[f"{i}\n" for i in range(25)], "x" * 2**20 + "\n",
                   "y" * 2**20 + "\n", "z\n")
        pages = list(self.client.get_paginator("filter_log_events").paginate(
            logGroupName=GROUP, PaginationConfig={"PageSize": 10}))
        sizes = [len(page["events"]) for page in pages]
        self.assertEqual(sizes, [10, 10, 6, 1, 1])
        self.assertEqual([event["message"][0] for page in pages
                          for event in page["events"]][-3:], ["x", "y", "z"])
        self.assertEqual(self.found("z", limit=1), ["z"])

    def test_groups(self):
        self.assertEqual(self.client.filter_log_events(
            logGroupName="/aws/lambda/silent")["events"], [])
        self.write("one\n")
        for identifier in (GROUP, f"arn:aws:logs:us-east-1:1:log-group:{GROUP}",
                           f"arn:aws:logs:us-east-1:1:log-group:{GROUP}:*"):
            self.assertEqual(self.client.filter_log_events(
                logGroupIdentifier=identifier)["events"][0]["message"], "one")

    def test_refusals(self):
        refused = "InvalidParameterException"
        missing = "ResourceNotFoundException"
        for code, arguments in (
                (missing, {"logGroupName": "/aws/lambda/none"}),
                (missing, {"logGroupName": "/other/raw"}),
                (missing, {"logGroupName": "/aws/lambda/../test"}),
                (missing, {"logGroupName": "/aws/lambda/" + "x" * 500}),
                (missing, {"logGroupName": GROUP, "logStreamNames": ["a"]}),
                (refused, {}),
                (refused, {"logGroupName": GROUP,
                           "logGroupIdentifier": GROUP}),
                (refused, {"logGroupIdentifier": "arn:aws:logs"}),
                (refused, {"logGroupName": GROUP, "limit": 10001}),
                (refused, {"logGroupName": GROUP, "nextToken": "x"}),
                (refused, {"logGroupName": GROUP, "nextToken": "f/-1"}),
                (refused, {"logGroupName": GROUP, "logStreamNames": ["$LATEST"],
                           "logStreamNamePrefix": "$"})):
            with self.subTest(arguments=arguments):
                self.assertEqual(self.refusal("filter_log_events",
                                              **arguments)[0], code)

    def test_protocol(self):
        def asked(target, body, **headers):
            answer = self.ask("POST", "/", body, **{
                "X-Amz-Target": target,
                "Content-Type": "application/x-amz-json-1.1", **headers})
            self.assertEqual(answer.headers["content-type"],
                             "application/x-amz-json-1.1")
            return answer.status, answer.json.get("__type")
        filtering = "Logs_20140328.FilterLogEvents"
        named = json.dumps({"logGroupName": GROUP})
        self.assertEqual(asked(filtering, named), (200, None))
        for body in ("", "{", "[]", "null", named + "x"):
            self.assertEqual(asked(filtering, body),
                             (400, "SerializationException"), body)
        for more in ({"limit": "5"}, {"limit": 0}, {"limit": 1.5},
                     {"startTime": -1}, {"endTime": True}, {"nextToken": 5},
                     {"filterPattern": []}, {"logStreamNames": [1]},
                     {"logStreamNames": []}, {"logStreamNamePrefix": {}}):
            self.assertEqual(asked(filtering, json.dumps(
                {"logGroupName": GROUP, **more})),
                (400, "InvalidParameterException"), more)
        for target in ("Logs_20140328.PutLogEvents", "DynamoDB_1.PutItem", "x"):
            self.assertEqual(asked(target, named),
                             (400, "UnknownOperationException"))

    # ---- Logs Insights

    def start(self, text, **more):
        more.setdefault("logGroupName", GROUP)
        return self.client.start_query(**{
            "startTime": 0, "endTime": int(time.time()) + 60,
            "queryString": text, **more})["queryId"]

    def rows(self, text, **more):
        answer = self.client.get_query_results(queryId=self.start(text, **more))
        self.assertEqual(answer["status"], "Complete")
        return [{field["field"]: field["value"] for field in row}
                for row in answer["results"]]

    def test_query(self):
        self.write(record(level="INFO", n=1, at={"x": [7]}), "no JSON\n",
                   record(level="ERROR", n=10, message="broken pipe"))
        request = self.log("raw")[0]["requestId"]
        rows = self.rows("fields @timestamp, @message, @requestId, @logStream, "
                         "@log, level, at.x.0 # all\n| sort n asc")
        self.assertEqual([row.get("level") for row in rows],
                         ["INFO", "ERROR", None])
        self.assertEqual(rows[0]["at.x.0"], "7")
        self.assertNotIn("at.x.0", rows[1])
        self.assertEqual(rows[2]["@message"], "no JSON")
        self.assertRegex(rows[0]["@timestamp"],
                         r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$")
        for row in rows:
            self.assertEqual((row["@requestId"], row["@logStream"],
                              row["@log"]), (request, "$LATEST", GROUP))
        self.assertEqual(len({row["@ptr"] for row in rows}), 3)

    def test_query_commands(self):
        self.write(*[record(n=i, s=s) for i, s in enumerate(
            ["alpha", "beta", "gamma delta", "Alpha"])])

        def found(text, **more):
            return [json.loads(row["@message"])["n"]
                    for row in self.rows(text, **more)]
        self.assertEqual(found("fields @message"), [3, 2, 1, 0])
        self.assertEqual(found("limit 2"), [3, 2])
        self.assertEqual(found("fields @message", limit=3), [3, 2, 1])
        self.assertEqual(found("sort @timestamp asc | limit 2"), [0, 1])
        for condition, numbers in (
                ("n = 1", [1]), ("n != 1", [0, 2, 3]), ("n >= 1 and n<3", [1, 2]),
                ("s = 'alpha'", [0]), ('s = "alpha" or n = 3', [0, 3]),
                ("not (n = 1 or n = 2)", [0, 3]), ("s like 'pha'", [0, 3]),
                ("s like /^[ab]/", [0, 1]), ("s not like /a$/", []),
                ("s =~ /(?i)ALPHA/", [0, 3]), ("@message like /gamma\\s/", [2]),
                ("n in [1, 3]", [1, 3]), ("s not in ['beta']", [0, 2, 3]),
                ("ispresent(s)", [0, 1, 2, 3]), ("ispresent(t)", []),
                ("`n` = 2", [2]), ("n > 0 | filter n < 2", [1])):
            with self.subTest(condition=condition):
                self.assertEqual(found(f"filter {condition} | sort n asc"),
                                 numbers)
        rows = self.rows("fields n, s | filter n = 1 | display s")
        self.assertEqual([set(row) for row in rows], [{"s", "@ptr"}])

    def test_query_of_an_execution(self):
        self.write(record(executionArn=ARN, message="one"),
                   record(executionArn="other", message="two"),
                   record(executionArn=ARN, message="three"))
        rows = self.rows(f'fields @timestamp, @message | filter executionArn = '
                         f'"{ARN}" | sort @timestamp asc | limit 10000')
        self.assertEqual([json.loads(row["@message"])["message"]
                          for row in rows], ["one", "three"])

    def test_query_times_and_groups(self):
        self.write("one\n")
        at = self.events()[0]["timestamp"]
        for first, last, count in ((at // 1000, at // 1000, 1), (at, at, 1),
                                   (at + 1, at + 10, 0), (0, 1, 0)):
            self.assertEqual(len(self.rows("limit 9", startTime=first,
                                           endTime=last)), count)
        for more in ({"logGroupNames": [GROUP, "/aws/lambda/silent"]},
                     {"logGroupIdentifiers": [GROUP]}):
            identifier = self.client.start_query(
                startTime=0, endTime=at, queryString="limit 9", **more)
            answer = self.client.get_query_results(
                queryId=identifier["queryId"])
            self.assertEqual(answer["statistics"]["recordsMatched"], 1)

    def test_query_refused(self):
        for text, what in (
                ("", "expected one of the commands"),
                ("stats count(*) by level", "expected one of the commands"),
                ("fields", "name of a field"), ("fields @other", "@message"),
                ("filter", "name of a field"), ("filter a", "expected one of"),
                ("filter a = b", "in quotes"), ("filter a like 5", "in quotes"),
                ("filter a = 'b", "without an end"),
                ("filter a like /[/", "regular"), ("filter (a = 1", "or )"),
                ("filter a in 1", "["), ("filter a not = 1", "after not"),
                ("limit 0", "1 to 10000"), ("limit x", "1 to 10000"),
                ("limit 5 5", "expected |"), ("sort", "name of a field"),
                ("fields a..b", "name of a field"),
                ("filter " + "(" * 65, "parentheses")):
            with self.subTest(text=text):
                with self.assertRaises(
                        self.client.exceptions.MalformedQueryException) as one:
                    self.start(text)
                answer = one.exception.response
                self.assertIn(what, answer["Error"]["Message"])
                self.assertIn("startCharOffset",
                              answer["queryCompileError"]["location"])
        refused = "InvalidParameterException"
        for code, more in (
                (refused, {"startTime": 5, "endTime": 4}),
                (refused, {"queryLanguage": "SQL"}),
                (refused, {"limit": 10001}),
                (refused, {"logGroupNames": [GROUP]}),
                ("ResourceNotFoundException",
                 {"logGroupName": "/aws/lambda/none"})):
            with self.subTest(more=more):
                self.assertEqual(self.refusal("start_query", **{
                    "startTime": 0, "endTime": 1, "queryString": "limit 1",
                    "logGroupName": GROUP, **more})[0], code)
        self.assertEqual(self.refusal("get_query_results", queryId="none")[0],
                         "ResourceNotFoundException")

    def test_results_are_kept_for_a_while(self):
        first = self.start("limit 1")
        later = [self.start("limit 1") for _ in range(20)]
        self.assertEqual(self.refusal("get_query_results", queryId=first)[0],
                         "ResourceNotFoundException")
        for one in later:
            self.client.get_query_results(queryId=one)

    def test_too_many_rows(self):
        self.invoke("raw", {"do": "write", "parts": [
            [1, "x" * 1024, 1024], [1, "\n"]] * 7})
        names = ", ".join(["@message"] * 10)
        code, text = self.refusal(
            "start_query", startTime=0, endTime=MS_MAX, logGroupName=GROUP,
            queryString=f"fields {names}")
        self.assertEqual(code, "LimitExceededException")
        self.assertIn("64 MiB", text)

    # ---- over a restart

    def test_after_a_restart(self):
        self.write("before\n")
        self.end()
        self.serve(functions=[])
        self.client.close()
        self.connect_client()
        self.assertEqual(self.found(), ["before"])
        self.assertEqual([row["@message"] for row in self.rows("limit 5")],
                         ["before"])


class InMemory(CloudWatch):
    """The same without a directory, but for what outlives the service."""
    test_after_a_restart = None

    def serve(self, *options, functions=()):
        super().serve(*options, functions=functions, logs=False)

    def log(self, function):
        return [json.loads(line) for line in self.ask(
            "GET", f"/functions/{function}/logs").body.splitlines()]


if __name__ == "__main__":
    unittest.main()
