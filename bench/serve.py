"""What `durable serve` and the official emulator take and give over HTTP.

Each is started as a process of its own on a file of its own; the time to the
first answer counts from that.  The load on ours comes from bench_load in C, so
that the client is not the limit; the emulator's from Python, which it does not
keep busy.
"""
import http.client
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent


def free_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


class Server:
    """A process, from its start to its first answer to its end."""

    def __init__(self, command, port, path, folder, **environment):
        self.port = port
        begin = time.perf_counter()
        self.process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        env={**os.environ, **environment})
        while not self.answers(path):
            if self.process.poll() is not None:
                raise OSError(f"{command[0]} ended with {self.process.returncode}")
            time.sleep(0.0005)
        self.first_answer_s = time.perf_counter() - begin

    def answers(self, path):
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            client.request("GET", path)
            return client.getresponse().status == 200
        except OSError:
            return False
        finally:
            client.close()

    def resident_mb(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def ours(build, work, concurrency):
    """measure(Server) of a fresh `durable serve` with the function "load"."""
    with tempfile.TemporaryDirectory(dir=build) as folder:
        config = pathlib.Path(folder) / "functions.json"
        config.write_text(json.dumps({"functions": [
            {"name": "load", "command": [str(build / "bin" / "bench_load")], "concurrency": concurrency}]}))
        port = free_port()
        with Server([build / "bin" / "durable", "serve", "--port", str(port), "--config", config], port,
                    "/2025-12-01/durable-executions", folder) as server:
            return work(server)


def load(build, server, executions, checkpoints, connections):
    done = subprocess.run([build / "bin" / "bench_load", "run", str(server.port), str(executions), str(checkpoints),
                           str(connections)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def rate(build, executions, checkpoints):
    def work(server):
        load(build, server, executions, 0, executions)  # starts the processes
        return load(build, server, executions, checkpoints, executions)["per_s"]
    return ours(build, work, executions)


def memory(build, executions):
    def work(server):
        load(build, server, executions, 1, 8)
        return server.resident_mb()
    return ours(build, work, 8)


def first_answer(build):
    return ours(build, lambda server: server.first_answer_s, 1)


def emulator(build):
    """The same figures of the official emulator, or None: not installed."""
    runner = next((runner for place in ("peers/python", "venv")
                   if (runner := build / place / "bin" / "dex-local-runner").exists()), None)
    if runner is None:
        return None
    found = {}
    for executions, checkpoints in ((1, 300), (100, 5)):
        with tempfile.TemporaryDirectory(dir=build) as folder:
            port, endpoint = free_port(), free_port()
            command = [runner, "start-server", "--host", "127.0.0.1", "--port", str(port), "--store-type", "sqlite",
                       "--store-path", "emulator.db", "--lambda-endpoint", f"http://127.0.0.1:{endpoint}"]
            with Server(command, port, "/health", folder, AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x") as server:
                done = subprocess.run(
                    [sys.executable, HERE / "peers" / "bench_emulator.py", str(port), str(endpoint), str(executions),
                     str(checkpoints)], capture_output=True, text=True, check=True)
                found[f"per_s_{executions}"] = json.loads(done.stdout)["per_s"]
                found["first_answer_s"] = server.first_answer_s
                found["resident_mb"] = server.resident_mb()
    return found
