"""The handlers of the conformance suite as a custom runtime, in Python.

  bootstrap.py [--sdk PACKAGE | --awaited] [--list]

_HANDLER is the id of a requirement; --list prints the ids.  The handlers import
durable_core; with --sdk they import PACKAGE instead, and nothing else differs.
With --awaited they are `async` and await their operations.
"""

import argparse
import json
import logging
import os
import pathlib
import sys
import types

import awaited

HERE = pathlib.Path(__file__).resolve().parent
TESTS = HERE.parents[1]
SUITES = ("step", "wait", "child", "callback", "invoke", "wait_for_condition",
          "wait_for_callback", "parallel", "map", "plugin",
          "determinism", "combinators", "state", "faults", "handover")
PLAIN = set(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class JsonLines(logging.Formatter):
    """As AWS Lambda writes logs in the format JSON: with all extra members."""

    def format(self, record):
        line = {key: value for key, value in vars(record).items()
                if key not in PLAIN}
        return json.dumps({"level": record.levelname,
                           "message": record.getMessage(), **line},
                          default=str)


def load(name, options):
    """A module of this folder, with another name for durable_core in it."""
    path = HERE / f"{name}.py"
    source = path.read_text(encoding="utf-8").replace("durable_core",
                                                      options.sdk)
    if options.awaited:
        source = awaited.rewrite(source, path)
    module = sys.modules[f"conformance_{name}"] = types.ModuleType(name)
    exec(compile(source, path, "exec"), vars(module))  # it is our own
    return module


def runtime_of(package):
    """durable_core has one of its own."""
    if package == "durable_core":
        from durable_core.runtime import serve  # noqa: PLC0415
        return serve
    sys.path.insert(0, str(TESTS / "clients"))
    sys.dont_write_bytecode = True  # of the tests: of packages it is welcome
    from runtime import run  # noqa: PLC0415
    return run


def suite_of(name):
    number = name.partition("-")[0]
    return SUITES[int(number) - 1] if number.isdigit() else "invoke"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sdk", default="durable_core")
    parser.add_argument("--awaited", action="store_true")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    handlers = load("common", options).HANDLERS
    if options.list:
        for suite in SUITES:
            load(suite, options)
        print("\n".join(handlers))
        return
    name = os.environ["_HANDLER"]
    load(suite_of(name), options)
    lines = logging.StreamHandler(sys.stdout)
    lines.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[lines])
    runtime_of(options.sdk)(handlers[name])


if __name__ == "__main__":
    main()
