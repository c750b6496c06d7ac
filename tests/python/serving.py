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


@contextlib.contextmanager
def served(**functions: str):
    """The endpoint; |functions|: name -> "module.handler" of this folder."""
    with tempfile.TemporaryDirectory(prefix="durable-python-") as place:
        config = pathlib.Path(place, "functions.json")
        path = os.pathsep.join([os.environ["PYTHONPATH"], str(HERE)])
        config.write_text(json.dumps({"functions": [
            {"name": name, "env": {"PYTHONPATH": path}, "command":
             [sys.executable, "-B", "-m", "durable_core.runtime", handler]}
            for name, handler in functions.items()]}))
        process = subprocess.Popen(
            [os.environ["DURABLE_CLI"], "serve", "--port", "0", "--db", "test.db",
             "--config", config, "--log-dir", "logs"],
            cwd=place, text=True, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        try:
            line = process.stderr.readline()
            assert "serving on http://" in line, line
            yield "http://127.0.0.1:" + line.rsplit(":", 1)[1].strip()
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
