"""A custom runtime: ``python -m durable_core.runtime module.handler``.

Without an argument the handler is that of ``_HANDLER``.  The module is looked for in
``LAMBDA_TASK_ROOT``, or in the working directory; ``folder/module.handler`` works,
too.  Invocations are taken from the Lambda Runtime API at
``AWS_LAMBDA_RUNTIME_API``, ``AWS_LAMBDA_MAX_CONCURRENCY`` at once (1), until it is
gone.

A handler that is not durable is called as ``handler(event, context)``.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from types import ModuleType
from typing import Any

from durable_core import _native
from durable_core.execution import Handler

_BODY_MAX_LINES = 50


class LambdaContext:
    """What a handler gets of its invocation, as in the managed runtime."""

    def __init__(self, invocation: tuple[Any, ...]) -> None:
        (
            self.aws_request_id,
            self.invoked_function_arn,
            self.trace_id,
            client_context,
            identity,
            tenant_id,
            _,
            self._deadline_ms,
        ) = invocation
        self.client_context = json.loads(client_context) if client_context else None
        self.identity = json.loads(identity) if identity else None
        self.tenant_id = tenant_id or None
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int(self._deadline_ms) - int(time.time() * 1000))

    def log(self, msg: object) -> None:
        sys.stderr.write(str(msg))


class LoadError(Exception):
    """A handler cannot be loaded; ``kind`` is Lambda's name for the reason."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def load(name: str) -> Callable[..., Any]:
    """The handler that ``name`` stands for.  LoadError, or what its module raises."""
    module_name, dot, attribute = name.rpartition(".")
    if not dot or not module_name:
        message = f"bad handler {name!r}: expected MODULE.FUNCTION"
        raise LoadError("Runtime.MalformedHandlerName", message)
    root = os.environ.get("LAMBDA_TASK_ROOT") or os.getcwd()
    if root not in sys.path:
        sys.path.insert(0, root)
    module = _imported(module_name.replace("/", "."))
    found = getattr(module, attribute, None)
    if callable(found):
        return found  # type: ignore[no-any-return]
    message = f"the module {module_name} has no function or handler {attribute}"
    handlers = [key for key, value in vars(module).items() if isinstance(value, Handler)]
    if handlers:
        message += f"; its durable handlers: {', '.join(handlers)}"
    raise LoadError("Runtime.HandlerNotFound", message)


def _imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        message = f"cannot import the module {name}: {error}"
        raise LoadError("Runtime.ImportModuleError", message) from error
    except SyntaxError as error:
        raise LoadError("Runtime.UserCodeSyntaxError", str(error)) from error


def serve(handler: Callable[..., Any], *, alone: bool = True) -> None:
    """Take invocations on the calling thread until the Runtime API is gone."""
    client = _native.lambda_open(None, int(alone))
    try:
        while True:
            event, *rest = _native.lambda_next(client)
            _answer(client, handler, event, LambdaContext(tuple(rest)))
    finally:
        _native.lambda_close(client)


def _answer(
    client: Any, handler: Callable[..., Any], event: bytes, context: Any
) -> None:
    try:
        body = _called(handler, event, context)
    except Exception as error:
        _native.lambda_error(client, _described(error), None, 0)
    except BaseException as error:
        _native.lambda_error(client, _described(error), "Runtime.ExitError", 0)
        raise
    else:
        _native.lambda_respond(client, body)


def _called(handler: Callable[..., Any], event: bytes, context: Any) -> bytes:
    if isinstance(handler, Handler):
        deadline_ms = context._deadline_ms
        return handler.invoke(event, context, deadline_ms=deadline_ms)
    return json.dumps(handler(json.loads(event or b"{}"), context)).encode()


def _kind(error: BaseException) -> str | None:
    return error.kind if isinstance(error, LoadError) else None


def _described(error: BaseException) -> str:
    lines = traceback.format_tb(error.__traceback__)
    return json.dumps(
        {
            "errorMessage": str(error),
            "errorType": _kind(error) or type(error).__name__,
            "stackTrace": lines[-_BODY_MAX_LINES:],
        }
    )


def _serve_all(handler: Callable[..., Any], concurrency: int) -> None:
    """One of the threads is gone: so is the Runtime API, and the process ends."""
    gone: list[BaseException] = []
    ended = threading.Event()

    def work() -> None:
        try:
            serve(handler, alone=False)
        except BaseException as error:
            gone.append(error)
        finally:
            ended.set()

    for number in range(concurrency):
        threading.Thread(target=work, name=f"lambda-{number}", daemon=True).start()
    ended.wait()
    raise gone[0]


def _concurrency() -> int:
    given = os.environ.get("AWS_LAMBDA_MAX_CONCURRENCY") or "1"
    if given.isdecimal() and int(given) >= 1:
        return int(given)
    raise ValueError(
        f"AWS_LAMBDA_MAX_CONCURRENCY must be a number, 1 or more, got: {given!r}"
    )


def main(arguments: list[str]) -> int:
    name = arguments[0] if arguments else os.environ.get("_HANDLER", "")
    try:
        handler = load(name)
    except BaseException as error:
        if _kind(error) and not error.__cause__:
            print(f"durable_core.runtime: {_kind(error)}: {error}", file=sys.stderr)
        else:
            traceback.print_exc()
        _refuse(error)
        return 1
    try:
        concurrency = _concurrency()
        if concurrency > 1:
            _serve_all(handler, concurrency)
        else:
            serve(handler)
    except (OSError, ValueError) as error:
        print(f"durable_core.runtime: {error}", file=sys.stderr)
        return 1
    return 0


def _refuse(error: BaseException) -> None:
    """Tell the Runtime API, if there is one, that the function cannot start."""
    try:
        client = _native.lambda_open(None, 1)
    except ValueError:
        return
    try:
        kind = _kind(error) or "Runtime.UserCodeError"
        _native.lambda_error(client, _described(error), kind, 1)
    except OSError:
        traceback.print_exc()
    finally:
        _native.lambda_close(client)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
