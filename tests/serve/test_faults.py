"""durable serve --test-faults: checkpoints that fail as a test asks."""

import json
import unittest

from support import ServeTest, c_function, raw_function

REFUSED = "InvalidParameterValueException"


class FaultTest(ServeTest):
    functions = [raw_function(), raw_function("other")] + [
        c_function(name) for name in ("steps", "call", "echo")]
    options = ["--test-faults"]

    def put(self, *faults):
        answer = self.ask("PUT", "/faults", json.dumps(faults))
        self.assertEqual((answer.status, answer.body), (200, b"{}"))

    def left(self):
        answer = self.ask("GET", "/faults")
        self.assertEqual(answer.status, 200)
        return answer.json

    def checkpoints(self, *ids, function="raw", **more):
        """One for each id, an id twice with the same ClientToken."""
        answer = self.invoke(function, {"do": "checkpoint", "calls": [
            {"id": one, "client": f"token-{one}", **more} for one in ids]})
        self.steps = [event.get("Id") for event in self.events(answer.arn)
                      if event["EventType"] == "StepSucceeded"]
        return answer.json


class OnTheWire(FaultTest):
    def test_stale_token(self):
        self.put({"call": 2, "kind": "stale_token"})
        seen = self.checkpoints("a", "b", "b")
        self.assertEqual([one[:2] for one in seen],
                         [[200, None], [400, REFUSED], [200, None]])
        self.assertEqual(json.loads(seen[1][2])["message"],
                         "Invalid checkpoint token")
        self.assertEqual(self.steps, ["a", "b"])
        self.assertEqual(self.left(), [])

    def test_a_really_stale_token_is_told_the_same(self):
        self.put({"call": 2, "kind": "stale_token"})
        told = self.checkpoints("a", "b")[1]
        really = self.checkpoints("a", "b", keep=True)[1]
        self.assertEqual(told, really)

    def test_no_token(self):
        self.put({"call": 1, "kind": "no_token"})
        seen = self.checkpoints("a", "a")
        without, whole = [json.loads(one[2]) for one in seen]
        self.assertEqual([one[:2] for one in seen], [[200, None]] * 2)
        self.assertTrue(whole.pop("CheckpointToken"))
        self.assertEqual(without, whole)
        self.assertEqual(self.steps, ["a"])

    def test_429_and_500(self):
        self.put({"call": 1, "kind": "429", "times": 2},
                 {"call": 4, "kind": 500})
        seen = self.checkpoints("a", "a", "a", "b", "b")
        self.assertEqual([one[:2] for one in seen], [
            [429, "TooManyRequestsException"]] * 2 + [
            [200, None], [500, "ServiceException"], [200, None]])
        self.assertEqual(self.steps, ["a", "b"])

    def test_reset_after_apply(self):
        self.put({"call": 1, "kind": "reset_after_apply", "times": 2})
        seen = self.checkpoints("a", "a", "a", "b")
        self.assertEqual([one[:2] for one in seen], [
            [0, "ConnectionResetError"]] * 2 + [[200, None]] * 2)
        self.assertEqual(self.steps, ["a", "b"])  # once each

    def test_a_resend_is_answered_byte_for_byte(self):
        self.put({"call": 1, "kind": "reset_after_apply"})
        after, again = [one[2] for one in self.checkpoints(
            "a", "a", "a", keep=True)[1:]]
        self.assertEqual(after, again)
        self.assertIn('"Id":"a"', after.replace('": "', '":"'))
        self.assertEqual(self.steps, ["a"])


class Scope(FaultTest):
    def test_counted_per_execution(self):
        self.put({"call": 2, "kind": "429"})
        self.assertEqual([self.checkpoints("a")[0][0] for _ in range(3)],
                         [200] * 3)
        self.assertEqual(len(self.left()), 1)
        self.assertEqual([one[0] for one in self.checkpoints("a", "b", "b")],
                         [200, 429, 200])
        self.assertEqual(self.left(), [])

    def test_of_one_function(self):
        self.put({"call": 1, "kind": "429", "function": "other"},
                 {"call": 1, "kind": "500", "function": "raw"})
        self.assertEqual([one[0] for one in self.checkpoints("a", "a")],
                         [500, 200])
        self.assertEqual([fault["function"] for fault in self.left()],
                         ["other"])
        self.assertEqual([one[0] for one in self.checkpoints(
            "a", "a", function="other")], [429, 200])

    def test_belongs_to_the_first(self):
        self.put({"call": 1, "kind": "429", "times": 3})
        self.assertEqual(self.checkpoints("a")[0][0], 429)
        self.assertEqual(self.checkpoints("a")[0][0], 200)
        self.assertEqual(self.left(), [
            {"call": 1, "kind": "429", "times": 3, "left": 2}])

    def test_put_replaces(self):
        self.put({"call": 1, "kind": "429", "times": 9})
        self.checkpoints("a")
        self.put({"call": 1, "kind": "500"})
        self.assertEqual(self.left(), [
            {"call": 1, "kind": "500", "times": 1, "left": 1}])
        self.put()
        self.assertEqual(self.left(), [])
        self.assertEqual(self.checkpoints("a")[0][0], 200)

    def test_refused(self):
        self.put({"call": 7, "kind": "429"})
        good = {"call": 1, "kind": "429"}
        for body, what in (
                ("", "JSON array"), ("{}", "JSON array"), ("[", "JSON array"),
                ("[] []", "JSON array"), ("[1]", "fault 1: expected a JSON"),
                (json.dumps([good] * 257), "at most 256"),
                (json.dumps([{}]), '"call" is missing'),
                (json.dumps([{"call": 1}]), '"kind" is missing'),
                *((json.dumps([{**good, "call": 2}, {**good, **bad}]), what)
                  for bad, what in (
                      ({"call": 0}, 'fault 2: "call" is no integer'),
                      ({"call": 1.5}, "integer"), ({"call": "1"}, "integer"),
                      ({"call": 1000001}, "integer"),
                      ({"times": 0}, '"times"'), ({"times": None}, '"times"'),
                      ({"kind": "400"}, "none of stale_token"),
                      ({"kind": 404}, "none of stale_token"),
                      ({"kind": None}, "none of stale_token"),
                      ({"function": ""}, "name of a function"),
                      ({"function": 1}, "name of a function"),
                      ({"other": 1}, 'unknown key "other"'),
                      ({"times": 2}, "same calls as fault 1"),
                      ({"function": "raw", "times": 9}, "same calls")))):
            with self.subTest(body=body):
                answer = self.ask("PUT", "/faults", body)
                self.assertEqual((answer.status,
                                  answer.headers["x-amzn-errortype"]),
                                 (400, REFUSED))
                self.assertIn(what, answer.json["message"])
        self.assertEqual([fault["call"] for fault in self.left()], [7])
        self.assertEqual(self.ask("POST", "/faults", "[]").status, 404)


class Workflows(FaultTest):
    """The C front end under each fault: the same result, each step once."""
    options = ["--test-faults", "--skip-time"]

    def test_each(self):
        whole = self.invoke("steps")
        count = len(self.checkpoint_kinds(whole.arn))
        for kind in ("stale_token", "no_token", "429", "500",
                     "reset_after_apply"):
            for call in range(1, 4):
                with self.subTest(kind=kind, call=call):
                    self.put({"call": call, "kind": kind})
                    answer = self.invoke("steps")
                    self.assertEqual(answer.json, "done")
                    self.assertEqual(self.left(), [])
                    self.assertEqual(len(self.checkpoint_kinds(answer.arn)),
                                     count)

    def checkpoint_kinds(self, arn):
        return [kind for kind in self.kinds(arn)
                if kind.endswith(("Succeeded", "Failed"))]

    def test_a_child_counts_for_itself(self):
        self.put({"call": 1, "kind": "429", "function": "call"})
        self.assertEqual(self.invoke("call", {"x": 1}).json, {"x": 1})
        self.assertEqual(self.left(), [])


class Without(ServeTest):
    functions = []

    def test_there_are_none(self):
        for method in ("PUT", "GET"):
            self.assertEqual(self.ask(method, "/faults", "[]").status, 404)


if __name__ == "__main__":
    unittest.main()
