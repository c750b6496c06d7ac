"""The part of a value that may be shown beside a payload that is stored elsewhere.

For a serdes of yours as well as for :mod:`durable_core.filesystem_serdes`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class PreviewMode(StrEnum):
    """What a preview starts from: all fields, or none."""

    INCLUDE_ALL = "INCLUDE_ALL"
    EXCLUDE_ALL = "EXCLUDE_ALL"


class FieldMatchMode(StrEnum):
    """What a field's name is compared with."""

    ANYWHERE = "ANYWHERE"  # any part of the path
    PATH = "PATH"  # the whole path, its parts joined by dots


@dataclass(frozen=True)
class PreviewField:
    """Names fields, and all that is below them."""

    name: str
    match: FieldMatchMode = FieldMatchMode.ANYWHERE

    def _names(self, path: tuple[str, ...]) -> bool:
        if self.match is FieldMatchMode.PATH:
            return self.name == ".".join(path)
        return self.name in path


@dataclass(frozen=True)
class PreviewConfig:
    """Of :func:`build_preview`.

    * ``mode``: which fields show without a rule.
    * ``include``, ``exclude``: fields to add or to leave out; ``exclude`` wins.
    * ``mask``: fields that show as ``mask_string``, whatever they hold.
    * ``max_preview_bytes``: of JSON text; fields beyond it are left out.
    """

    mode: PreviewMode
    include: list[PreviewField] = field(default_factory=list)
    exclude: list[PreviewField] = field(default_factory=list)
    mask: list[PreviewField] = field(default_factory=list)
    mask_string: str = "***"
    max_preview_bytes: int = 4096


_Path = tuple[str, ...]


def _any(rules: list[PreviewField], path: _Path) -> bool:
    return any(rule._names(path) for rule in rules)


def _shown(
    value: Any, above: _Path, config: PreviewConfig
) -> Iterator[tuple[_Path, Any]]:
    """Paths and values, depth first; lists are seen through, to the maps in them."""
    if isinstance(value, list):
        for item in value:
            yield from _shown(item, above, config)
    if not isinstance(value, dict):
        return
    for key, member in value.items():
        path = (*above, str(key))
        if "." in path[-1] or _any(config.exclude, path):
            continue
        if _any(config.mask, path):
            yield path, config.mask_string
        elif isinstance(member, dict | list):
            yield from _shown(member, path, config)
        elif config.mode is PreviewMode.INCLUDE_ALL or _any(config.include, path):
            yield path, member


def build_preview(value: Any, config: PreviewConfig) -> dict[str, Any] | None:
    """The fields of ``value`` that ``config`` shows, in the shape they had.

    None when there are none, or ``value`` is no dict.  The maps in a list are
    merged where the list stood, the later winning; what else is in a list is left
    out, and so is a key with a dot and all below it.  Raises TypeError for a
    field to be shown that has no JSON form.
    """
    if not isinstance(value, dict):
        return None
    preview: dict[str, Any] = {}
    left = config.max_preview_bytes - len("{}")
    for path, member in _shown(value, (), config):
        left -= len(f'"{".".join(path)}":{json.dumps(member)},'.encode())
        if left < 0:
            break
        place = preview
        for part in path[:-1]:
            if not isinstance(place.get(part), dict):
                place[part] = {}
            place = place[part]
        place[path[-1]] = member
    return preview or None
