"""The columns of the table: in what the handlers are written, and how they run."""

import importlib.metadata
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
SDK = "aws-durable-execution-sdk-python"


class Column:
    """|command| is a custom runtime whose handlers are named by _HANDLER: the id
    of a requirement in |handler|.  |lists|: with --list it prints its ids."""

    def __init__(self, name, command, title=None, env=None, handler="{}",
                 lists=True, is_official=False):
        self.name = name
        self.title = title or name
        self.command = [str(word) for word in command]
        self.env = {key: str(value) for key, value in (env or {}).items()}
        self.handler = handler
        self.lists = lists
        self.is_official = is_official  # an SDK of others


def c(build):
    return Column("c", [build / "bin" / "conformance_c"])


def python(build):
    return Column("python", [sys.executable, HERE / "python" / "bootstrap.py"],
                  env={"PYTHONPATH": build / "python"})


def python_async(build):
    """The same handlers, awaiting their operations."""
    return Column("python-async",
                  [sys.executable, HERE / "python" / "bootstrap.py",
                   "--awaited"], env={"PYTHONPATH": build / "python"})


def python_sdk(build):
    """The same handlers with the official SDK: only the import differs."""
    return Column("python-sdk", [sys.executable, HERE / "python" / "bootstrap.py",
                                 "--sdk", SDK.replace("-", "_")],
                  title="python-sdk " + importlib.metadata.version(SDK),
                  is_official=True)


def js_sdk(build):
    """The official SDK for JavaScript begins executions that others end."""
    modules = HERE.parents[1] / "build" / "node" / "node_modules"
    return Column("js-sdk", [modules / ".bin" / "node",
                             HERE / "js" / "handlers.mjs"],
                  env={"DURABLE_NODE_MODULES": modules}, is_official=True)


def journal(build):
    """Puts on record what a requirement begins with."""
    return Column("journal", [sys.executable, "-B", HERE / "journal.py"])


def lua(build):
    return Column("lua", [build / "bin" / "durable-lua"],
                  env={"LUA_PATH": f"{HERE}/lua/?.lua"},
                  handler="handlers.{}", lists=False)


def mixed(build):
    """Requirements that say which columns they take part of."""
    return Column("mixed", ["false"], lists=False)


ALL = {"c": c, "python": python, "python-async": python_async, "lua": lua,
       "python-sdk": python_sdk, "mixed": mixed}
PARTS = {"journal": journal, "js-sdk": js_sdk, **ALL}
