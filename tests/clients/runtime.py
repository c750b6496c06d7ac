"""A custom runtime: takes invocations from the Runtime API, one at a time."""

import http.client
import json
import os
import sys
import time
import traceback

ROOT = "/2018-06-01/runtime/invocation/"


class Context:
    """What a handler is told about its invocation, as on AWS Lambda."""

    def __init__(self, headers):
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.invoked_function_arn = headers[
            "lambda-runtime-invoked-function-arn"]
        self.deadline_ms = int(headers["lambda-runtime-deadline-ms"])
        self.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = None
        self.client_context = None

    def get_remaining_time_in_millis(self):
        return max(0, self.deadline_ms - int(time.time() * 1000))


def answer_of(handler, event, context):
    try:
        return "response", handler(event, context)
    except Exception as error:  # the invocation's failure, not ours
        traceback.print_exc()
        return "error", {"errorType": type(error).__name__,
                         "errorMessage": str(error)}


def run(handler):
    """Until the service is gone."""
    api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

    def ask(method, path, body=None):
        api.request(method, ROOT + path, body)
        response = api.getresponse()
        headers = {k.lower(): v for k, v in response.getheaders()}
        body = response.read()
        if response.status >= 300:
            sys.exit(0)
        return headers, body

    try:
        while True:
            headers, body = ask("GET", "next")
            context = Context(headers)
            how, value = answer_of(handler, json.loads(body), context)
            ask("POST", f"{context.aws_request_id}/{how}", json.dumps(value))
    except (OSError, http.client.HTTPException):
        sys.exit(0)
