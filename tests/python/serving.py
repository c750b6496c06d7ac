"""Functions of this folder behind `durable serve`, as they are deployed."""
from __future__ import annotations

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y",
               "AWS_DEFAULT_REGION": "us-east-1"}


def function(name: str, *command: str, **env: str) -> dict:
    """The description of one that runs `python command...` in reach of this folder."""
    path = os.pathsep.join([os.environ["PYTHONPATH"], str(HERE)])
    return {"name": name, "env": {"PYTHONPATH": path, **env},
            "command": [sys.executable, "-B", *command]}


@contextlib.contextmanager
def serving(place: str | pathlib.Path, functions: list[dict], *options: str,
            end: signal.Signals = signal.SIGTERM):
    """The endpoint of a server on the database in |place|, which |end| ends."""
    config = pathlib.Path(place, "functions.json")
    config.write_text(json.dumps({"functions": functions}))
    process = subprocess.Popen(
        [os.environ["DURABLE_CLI"], "serve", "--port", "0", "--db", "test.db",
         "--config", config, "--log-dir", "logs", *options],
        cwd=place, text=True, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    try:
        line = process.stderr.readline()
        assert "serving on http://" in line, line
        yield "http://127.0.0.1:" + line.rsplit(":", 1)[1].strip()
    finally:
        process.send_signal(end)
        process.communicate(timeout=60)


@contextlib.contextmanager
def served(**functions: str):
    """The endpoint; |functions|: name -> "module.handler" of this folder."""
    with tempfile.TemporaryDirectory(prefix="durable-python-") as place, serving(
            place, [function(name, "-m", "durable_core.runtime", handler)
                    for name, handler in functions.items()]) as endpoint:
        yield endpoint
