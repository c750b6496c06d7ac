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
                 lists=True):
        self.name = name
        self.title = title or name
        self.command = [str(word) for word in command]
        self.env = {key: str(value) for key, value in (env or {}).items()}
        self.handler = handler
        self.lists = lists


def c(build):
    return Column("c", [build / "bin" / "conformance_c"])


def python(build, *more, **named):
    return Column(
        named.get("name", "python"),
        [sys.executable, HERE / "python" / "bootstrap.py", *more],
        named.get("title"), {"PYTHONPATH": build / "python"})


def python_sdk(build):
    """The same handlers with the official SDK: only the import differs."""
    return python(build, "--sdk", SDK.replace("-", "_"), name="python-sdk",
                  title="python-sdk " + importlib.metadata.version(SDK))


def lua(build):
    return Column("lua", [build / "bin" / "durable-lua"],
                  env={"LUA_PATH": f"{HERE}/lua/?.lua"},
                  handler="handlers.{}", lists=False)


ALL = {"c": c, "python": python, "lua": lua, "python-sdk": python_sdk}
