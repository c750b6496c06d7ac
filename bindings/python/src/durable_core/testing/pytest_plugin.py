"""The pytest plugin: runners as fixtures, and a time limit for each test.

Installed with the package.

* ``durable_runner``: ``durable_runner(handler, **options)`` makes a
  DurableFunctionTestRunner, which is closed after the test.
* ``durable_cloud_runner``: of the function that ``--durable-function`` names; a test
  that uses it is skipped without one.
* ``@pytest.mark.durable_timeout(seconds)``: the test fails when it takes longer; the
  option ``--durable-timeout`` and the setting ``durable_timeout`` are for all tests.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest

from durable_core.testing.integration import DeployedFunction, time_limit
from durable_core.testing.runner import DurableFunctionTestRunner


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("durable", "durable functions")
    group.addoption("--durable-function", help="name or ARN of a deployed function")
    group.addoption("--durable-region", default="us-west-2", help="its region")
    group.addoption("--durable-endpoint", help="of its API; without: AWS's")
    group.addoption(
        "--durable-timeout", type=float, help="seconds that a test may take"
    )
    parser.addini("durable_timeout", "seconds that a test may take; 0: any")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "durable_timeout(seconds): fail when the test takes longer"
    )


def _limit_of(item: pytest.Item) -> float:
    """Seconds; 0: none."""
    mark = item.get_closest_marker("durable_timeout")
    if mark is not None:
        given = mark.args[0] if mark.args else mark.kwargs.get("seconds")
        if not isinstance(given, int | float) or given <= 0:
            raise pytest.UsageError(
                f"{item.nodeid}: durable_timeout takes seconds, more than 0, "
                f"got: {given!r}"
            )
        return float(given)
    option = item.config.getoption("--durable-timeout")
    if option is None:
        option = float(item.config.getini("durable_timeout") or 0)
    return float(option)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    seconds = _limit_of(item)
    with time_limit(seconds) if seconds else contextlib.nullcontext():
        return (yield)


@pytest.fixture
def durable_runner() -> Iterator[Callable[..., DurableFunctionTestRunner]]:
    """Makes local runners."""
    made: list[DurableFunctionTestRunner] = []

    def make(handler: Callable[..., Any], **options: Any) -> DurableFunctionTestRunner:
        made.append(DurableFunctionTestRunner(handler, **options))
        return made[-1]

    yield make
    for runner in reversed(made):
        runner.close()


@pytest.fixture
def durable_cloud_runner(request: pytest.FixtureRequest) -> DeployedFunction:
    """The function that the command line names."""
    name = request.config.getoption("--durable-function")
    if not name:
        pytest.skip("no --durable-function")
    endpoint = request.config.getoption("--durable-endpoint")
    return DeployedFunction(
        name,
        request.config.getoption("--durable-region"),
        endpoint,
        logs_endpoint=endpoint,
    )
