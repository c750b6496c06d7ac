"""Deploying for a test module, and taking it all away again.

::

    stack = terraform_fixture("infra", variables={"stage": "test"})

    def test_order(stack):
        function = DeployedFunction(stack.outputs["function_name"])
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from durable_core.testing.exceptions import DurableFunctionsTestError

logger = logging.getLogger(__name__)

CommandRunner = Callable[[Sequence[str], Path], str]
"""Runs a command in a directory and answers its standard output; raises when it
fails."""


def run_command(command: Sequence[str], directory: Path) -> str:
    """The command's standard output; its standard error goes where ours does.

    Raises DurableFunctionsTestError, with the end of what it said, when it cannot
    be started or ends with another status than 0.
    """
    try:
        done = subprocess.run(
            command,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    except OSError as cause:
        raise DurableFunctionsTestError(
            f"{command[0]} cannot be run in {directory}: {cause}"
        ) from cause
    if done.stderr:
        logger.info("%s: %s", " ".join(command[:2]), done.stderr)
    if done.returncode != 0:
        said = (done.stderr or done.stdout)[-2000:]
        raise DurableFunctionsTestError(
            f"{' '.join(command[:2])} ended with status {done.returncode}: {said}"
        )
    return done.stdout


class Terraform:
    """``terraform`` in a directory.

    In a ``with``: init and apply at its start; destroy at its end, whatever
    happened in between, and also when apply failed half way.

    * ``variables``: as ``-var NAME=VALUE``; what is no text, as JSON.
    * ``run``: how commands are run.
    * ``program``: ``tofu`` speaks the same.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        variables: Mapping[str, Any] | None = None,
        *,
        run: CommandRunner = run_command,
        program: str = "terraform",
    ) -> None:
        self.directory = Path(directory)
        self._run = run
        self._program = program
        self._variables = [
            f"-var={name}={value if isinstance(value, str) else json.dumps(value)}"
            for name, value in (variables or {}).items()
        ]
        self.outputs: dict[str, Any] = {}

    def _call(self, *command: str) -> str:
        return self._run([self._program, *command], self.directory)

    def init(self) -> None:
        self._call("init", "-input=false", "-no-color")

    def apply(self) -> dict[str, Any]:
        """The values of the outputs, also in :attr:`outputs`."""
        quiet = ("-auto-approve", "-input=false", "-no-color")
        self._call("apply", *quiet, *self._variables)
        said = json.loads(self._call("output", "-json", "-no-color"))
        self.outputs = {name: output["value"] for name, output in said.items()}
        return self.outputs

    def destroy(self) -> None:
        quiet = ("-auto-approve", "-input=false", "-no-color")
        self._call("destroy", *quiet, *self._variables)

    def __enter__(self) -> Self:
        self.init()
        try:
            self.apply()
        except BaseException as failure:
            self._destroy_after(failure)
            raise
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        if exc_val is None:
            self.destroy()
        else:
            self._destroy_after(exc_val)

    def _destroy_after(self, failure: BaseException) -> None:
        """A destroy that fails too is told of by that failure."""
        try:
            self.destroy()
        except Exception as left:
            failure.add_note(f"and what was deployed is left behind: {left}")


def terraform_fixture(
    directory: str | os.PathLike[str],
    variables: Mapping[str, Any] | None = None,
    *,
    run: CommandRunner = run_command,
    program: str = "terraform",
    scope: Literal["function", "class", "module", "package", "session"] = "module",
) -> Any:
    """A pytest fixture that is an applied :class:`Terraform`, one per module."""
    import pytest

    def stack() -> Iterator[Terraform]:
        with Terraform(directory, variables, run=run, program=program) as applied:
            yield applied

    return pytest.fixture(scope=scope)(stack)
