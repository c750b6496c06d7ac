"""The terraform fixture, by a fake `terraform` on PATH, and the pytest plugin."""
from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys
import textwrap
import time

import pytest

from durable_core.testing.exceptions import DurableFunctionsTestError
from durable_core.testing.integration import time_limit
from durable_core.testing.terraform import Terraform

FAKE = """#!/bin/sh
echo "$*" >> "$CALLS"
case " $FAIL " in *" $1 "*) echo "no $1 today" >&2; exit 3;; esac
if [ "$1" = output ]; then
  echo '{"function_name": {"value": "orders", "sensitive": false},
         "count": {"value": 3}}'
fi
"""


@pytest.fixture
def stage(tmp_path, monkeypatch):
    """A directory with configuration, and `terraform` before all others on PATH."""
    program = tmp_path / "bin" / "terraform"
    program.parent.mkdir()
    program.write_text(FAKE)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("FAIL", "")
    place = tmp_path / "infra"
    place.mkdir()
    return place


def calls(stage):
    path = stage.parent / "calls"
    return [line.split()[0] for line in path.read_text().splitlines()] \
        if path.exists() else []


def test_what_is_deployed_is_destroyed(stage):
    with Terraform(stage, {"stage": "test", "tags": {"a": 1}}) as applied:
        assert applied.outputs == {"function_name": "orders", "count": 3}
        assert calls(stage) == ["init", "apply", "output"]
    assert calls(stage) == ["init", "apply", "output", "destroy"]
    lines = (stage.parent / "calls").read_text().splitlines()
    for line in (lines[1], lines[3]):
        assert "-auto-approve" in line
        assert line.endswith('-var=stage=test -var=tags={"a": 1}')


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit, ValueError])
def test_it_is_destroyed_whatever_happens(stage, end):
    with pytest.raises(end):
        with Terraform(stage):
            raise end
    assert calls(stage)[-1] == "destroy"


@pytest.mark.parametrize("step", ["apply", "output"])
def test_what_was_deployed_half_way_is_destroyed(stage, monkeypatch, step):
    monkeypatch.setenv("FAIL", step)
    with pytest.raises(DurableFunctionsTestError,
                       match=f"terraform {step} ended with status 3: no {step} today"):
        with Terraform(stage):
            pytest.fail("it was not applied")
    assert calls(stage)[-1] == "destroy"


def test_nothing_is_destroyed_that_was_never_begun(stage, monkeypatch):
    monkeypatch.setenv("FAIL", "init")
    with pytest.raises(DurableFunctionsTestError, match="init"):
        with Terraform(stage):
            pytest.fail("it was not applied")
    assert calls(stage) == ["init"]


def test_a_destroy_that_fails_is_told(stage, monkeypatch):
    monkeypatch.setenv("FAIL", "destroy")
    with pytest.raises(DurableFunctionsTestError, match="no destroy today"):
        with Terraform(stage):
            pass
    with pytest.raises(ValueError) as raised:
        with Terraform(stage):
            raise ValueError("the test's own")
    assert "left behind" in raised.value.__notes__[0]


def test_the_runner_can_be_another(stage):
    said = []

    def run(command, directory):
        said.append((*command[:2], directory))
        return '{"a": {"value": 1}}'
    with Terraform(stage, run=run, program="tofu") as applied:
        assert applied.outputs == {"a": 1}
    assert said == [("tofu", what, stage)
                    for what in ("init", "apply", "output", "destroy")]
    assert calls(stage) == []


def test_a_program_that_is_not_there(stage):
    with pytest.raises(DurableFunctionsTestError, match="cannot be run"):
        Terraform(stage, program="no-such-program").init()


# ------------------------------------------------------------------ pytest plugin


def pytest_run(place: pathlib.Path, text: str, *options: str):
    """Outcomes of a test module, and what pytest printed."""
    (place / "test_it.py").write_text(textwrap.dedent(text))
    path = os.pathsep.join([os.environ["PYTHONPATH"],
                            str(pathlib.Path(__file__).parent)])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "durable_core.testing."
         "pytest_plugin", "-p", "no:cacheprovider", "-rA", *options],
        cwd=place, env={**os.environ, "PYTHONPATH": path}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    found = dict((name, outcome) for outcome, name in re.findall(
        r"^(PASSED|FAILED|ERROR|SKIPPED) (?:\[\d+\] )?test_it.py::(\w+)", done.stdout,
        re.M))
    return found, done.stdout


def test_a_module_has_one_deployment(stage):
    found, said = pytest_run(stage.parent, f"""
        from durable_core.testing.terraform import terraform_fixture
        stack = terraform_fixture({str(stage)!r}, {{"stage": "t"}})
        def test_one(stack): assert stack.outputs["count"] == 3
        def test_two(stack): assert 0
        def test_three(stack): pass
    """)
    assert found == {"test_one": "PASSED", "test_two": "FAILED", "test_three": "PASSED"}
    assert calls(stage) == ["init", "apply", "output", "destroy"], said


def test_fixtures_and_limits(tmp_path):
    found, said = pytest_run(tmp_path, """
        import threading, time
        import pytest
        import orders
        from durable_core import durable_execution

        def test_runner(durable_runner):
            runner = durable_runner(orders.order, skip_time=True)
            assert runner.run('{"total": 2}').get_result() == {"charged": 2}

        @pytest.mark.durable_timeout(0.2)
        def test_slow():
            time.sleep(60)

        @pytest.mark.durable_timeout(0.3)
        def test_blocked_in_c(durable_runner):
            gate = threading.Event()
            slow = durable_execution(lambda event, context: gate.wait())
            try:
                durable_runner(slow).run()
            finally:
                gate.set()

        @pytest.mark.durable_timeout(seconds=60)
        def test_quick(): pass

        @pytest.mark.durable_timeout("soon")
        def test_wrong(): pass

        def test_cloud(durable_cloud_runner): pass
    """)
    assert found["test_runner"] == found["test_quick"] == "PASSED", said
    assert found["test_slow"] == found["test_blocked_in_c"] == "FAILED", said
    assert found["test_wrong"] == "FAILED" and "durable_timeout takes seconds" in said
    assert "no --durable-function" in said
    assert said.count("TimeoutError: not done within") >= 2


def test_a_limit_for_all_tests(tmp_path):
    text = "import time\ndef test_slow(): time.sleep(60)\n"
    for options in (["--durable-timeout", "0.2"], ["-o", "durable_timeout=0.2"]):
        found, said = pytest_run(tmp_path, text, *options)
        assert found == {"test_slow": "FAILED"} and "not done within 0.2" in said


def test_a_deployed_function_by_option(tmp_path):
    found, said = pytest_run(tmp_path, """
        def test_cloud(durable_cloud_runner):
            assert durable_cloud_runner.function_name == "orders:live"
            assert durable_cloud_runner.log_group == "/aws/lambda/orders"
            assert durable_cloud_runner.region == "eu-west-1"
    """, "--durable-function", "orders:live", "--durable-region", "eu-west-1")
    assert found == {"test_cloud": "PASSED"}, said


def test_limits_within_limits():
    with pytest.raises(TimeoutError, match="0.2"):
        with time_limit(0.2):
            with time_limit(30):
                time.sleep(0.001)
            time.sleep(30)
    with time_limit(30):
        pass
    time.sleep(0.01)
