"""The same code under both packages: pairs of modules, and what to compare."""
from __future__ import annotations

import dataclasses
import enum
import importlib
import json
import pathlib

OFFICIAL, OWN = "aws_durable_execution_sdk_python", "durable_core"
ROOT = pathlib.Path(__file__).resolve().parents[2]


class Package:
    """A package by attribute: Package(OWN).config.Duration"""

    def __init__(self, name: str):
        self._name = name

    def __getattr__(self, module: str):
        return importlib.import_module(f"{self._name}.{module}")


official, own = Package(OFFICIAL), Package(OWN)


def vectors(name: str):
    path = ROOT / "tests/vectors/core-vectors.json"
    return json.loads(path.read_text(encoding="utf-8"))[name]


def plain(value):
    """Without the classes that tell the two packages apart."""
    if isinstance(value, enum.Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name))
                for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, BaseException):
        return [type(value).__name__, str(value),
                {k: plain(v) for k, v in vars(value).items()}]
    return value


def outcome(call):
    """What |call| answers or raises, in a form that both packages can equal."""
    try:
        return "answered", plain(call())
    except Exception as error:
        return "raised", type(error).__name__, plain(error)
