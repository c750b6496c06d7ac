"""A custom runtime that puts a journal on record, and suspends.

CONFORMANCE_DIR/journal.json is a list of updates, as a checkpoint has them.  The
last has to leave something pending.
"""

import http.client
import json
import os
import pathlib
import urllib.parse

RUNTIME = "/2018-06-01/runtime/invocation/"


def ask(host, method, target, body=None):
    connection = http.client.HTTPConnection(host)
    connection.request(method, target, body)
    response = connection.getresponse()
    content = response.read()
    if response.status >= 300:
        raise SystemExit(f"{target}: {response.status} {content.decode()}")
    return response, json.loads(content or "null")


def main():
    runtime = os.environ["AWS_LAMBDA_RUNTIME_API"]
    service = urllib.parse.urlsplit(os.environ["AWS_ENDPOINT_URL_LAMBDA"])
    response, event = ask(runtime, "GET", RUNTIME + "next")
    arn = urllib.parse.quote(event["DurableExecutionArn"], safe="")
    ask(service.netloc, "POST",
        f"/2025-12-01/durable-executions/{arn}/checkpoint", json.dumps({
            "CheckpointToken": event["CheckpointToken"],
            "Updates": json.loads(pathlib.Path(
                os.environ["CONFORMANCE_DIR"], "journal.json").read_text())}))
    request = response.headers["Lambda-Runtime-Aws-Request-Id"]
    ask(runtime, "POST", f"{RUNTIME}{request}/response",
        json.dumps({"Status": "PENDING"}))
    ask(runtime, "GET", RUNTIME + "next")  # until it is ended


if __name__ == "__main__":
    main()
