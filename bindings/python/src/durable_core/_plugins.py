"""Plugins of one invocation: the engine's records become calls of their hooks."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from durable_core import _native

if TYPE_CHECKING:
    from durable_core._calls import Call

_T = TypeVar("_T")

logger = logging.getLogger("durable_core")

_LEVELS = {"DEBUG": 10, "INFO": 20, "WARN": 30, "ERROR": 40}


class Plugins:
    """``wanted``: there are plugins, so the engine is to make records."""

    def __init__(self, factories: Sequence[Any] = ()) -> None:
        self.factories = factories
        self.wanted = bool(factories)

    def on_record(self, kind: int, op: int, text: str) -> None:
        if kind == _native.DURABLE_RECORD_LOG:
            line = json.loads(text)
            logger.log(_LEVELS.get(line["level"], 20), "%s", line["message"])

    def attempt(self, call: Call, attempt: int, body: Callable[[], _T]) -> _T:
        return body()

    def child(self, call: Call, attempt: int | None, body: Callable[[], _T]) -> _T:
        return body()
