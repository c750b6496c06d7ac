"""What one package began before `durable serve` was killed, the other one ends.

Time is real before and virtual after it, so nothing that is pending for an hour
can go on before the other package has the functions.
"""

from __future__ import annotations

import collections
import json
import pathlib
import signal
import time
import urllib.parse
import urllib.request
from typing import Any

import pytest
import serving
from both import OFFICIAL, OWN
from handed_over import PROGRAMS

PATIENCE_S = 200
Answer = tuple[Any, Any]


def ask(url: str, body: bytes | None = None, **headers: str) -> Answer:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    request = urllib.request.Request(url, body, named)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read() or b"null"), answer.headers


class Executions:
    """One of each program, by name, on the server at |endpoint|."""

    def __init__(self, endpoint: str, first: str) -> None:
        self.endpoint = endpoint
        self.arns = {name: self._start(name, first) for name in PROGRAMS}

    def _start(self, name: str, first: str) -> str:
        _, headers = ask(
            f"{self.endpoint}/2015-03-31/functions/{name}/invocations",
            json.dumps({"first": first}).encode(),
            X_Amz_Invocation_Type="Event",
        )
        return str(headers["X-Amz-Durable-Execution-Arn"])

    def _get(self, name: str, more: str = "") -> Any:
        path = urllib.parse.quote(self.arns[name], safe="")
        return ask(f"{self.endpoint}/2025-12-01/durable-executions/{path}{more}")[0]

    def events(self, name: str) -> list[Any]:
        found: list[Any] = []
        marker: str | None = ""
        while marker is not None:
            page = self._get(name, f"/history?IncludeExecutionData=true{marker}")
            found += page["Events"]
            marker = page.get("NextMarker")
            marker = marker and "&Marker=" + urllib.parse.quote(marker, safe="")
        return found

    def until(self, is_so: Any) -> None:
        """Of every program."""
        end = time.monotonic() + PATIENCE_S
        late = set(self.arns)
        while late := {name for name in late if not is_so(name)}:
            assert time.monotonic() < end, {one: self.events(one) for one in late}
            time.sleep(0.1)

    def suspend(self) -> None:
        """Until every execution waits for what only time or a callback brings."""
        with_invoke = {"invoke": 1, "errors": 2}

        def is_suspended(name: str) -> bool:
            kinds = [one["EventType"] for one in self.events(name)]
            assert not kinds[-1].startswith("Execution") or len(kinds) == 1, (
                name, self._get(name).get("Error"))
            ended = kinds.count("InvocationCompleted")
            return ended >= with_invoke.get(name, 1)

        self.until(is_suspended)

    def answer_callbacks(self) -> None:
        for name in PROGRAMS:
            for one in self.events(name):
                if one["EventType"] != "CallbackStarted":
                    continue
                callback = one["CallbackStartedDetails"]["CallbackId"]
                url = f"{self.endpoint}/2025-12-01/durable-execution-callbacks/"
                url += urllib.parse.quote(callback, safe="")
                if name == "rejected":
                    error = {"ErrorMessage": "no", "ErrorType": "No", "ErrorData": "d"}
                    ask(url + "/fail", json.dumps(error).encode())
                else:
                    ask(url + "/succeed", b'"yes"')

    def result(self, name: str) -> Any:
        got = self._get(name)
        assert got["Status"] == "SUCCEEDED", (name, got.get("Error"))
        return json.loads(got["Result"])


def functions(package: str, ledgers: pathlib.Path) -> list[dict[str, Any]]:
    program = str(serving.HERE / "handed_over.py")
    return [
        serving.function(name, program, name, DURABLE_PACKAGE=package,
                         LEDGER=str(ledgers / name), **serving.CREDENTIALS)
        for name in (*PROGRAMS, "reject")
    ]


def expected(first: str, second: str) -> dict[str, Any]:
    large = [first, True]
    done, begun, both = [first, first], [first, second], [first, second, second]
    nothing = "nothing there"
    return {
        "wait": None,
        "step_retry": second,
        "callback": '"yes"',
        "wait_for_callback": '"yes"',
        "rejected": ["no", "d"],
        "nested": [first, begun],
        "mapped": [[done, begun, both] * 2, "ALL_COMPLETED"],
        "throttled": [[first, second, second], ["the third"]],
        "parallel": [first, second, '"yes"', [None, None]],
        "condition": both,
        "with_retry": [second, 2],
        "loose": [second, 2],
        "invoke": [first, None, second],
        "large_child": [large] * 2,
        "large_map": [large] * 3,
        "errors": [
            ["StepError", nothing, "LookupError"],
            ["ChildContextError", nothing, "LookupError"],
            ["InvokeError", "no", "ValueError"],
            ["ChildContextError", nothing, "LookupError"],
        ],
    }


@pytest.mark.parametrize(("first", "second"), [(OFFICIAL, OWN), (OWN, OFFICIAL)])
def test_taken_over(first: str, second: str, tmp_path: pathlib.Path) -> None:
    ledgers = tmp_path / "ledgers"
    ledgers.mkdir()
    begin = functions(first, ledgers)
    with serving.serving(tmp_path, begin, end=signal.SIGKILL) as endpoint:
        executions = Executions(endpoint, first)
        executions.suspend()
    end = functions(second, ledgers)
    with serving.serving(tmp_path, end, "--skip-time") as endpoint:
        executions.endpoint = endpoint
        executions.answer_callbacks()
        executions.until(lambda name: executions._get(name)["Status"] != "RUNNING")
        found = {name: executions.result(name) for name in PROGRAMS}
    wanted = expected(first, second)
    assert found == {name: [first, wanted[name], second] for name in PROGRAMS}
    for ledger in ledgers.iterdir():
        counts = collections.Counter(ledger.read_text(encoding="ascii").splitlines())
        again = {"again 2": 2, "again 5": 2, "retried": 2}
        assert {k: n for k, n in counts.items() if n != again.get(k, 1)} == {}
