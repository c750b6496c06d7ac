"""Payloads in files, for values that are too large for a checkpoint.

The directory has to be the same one for every environment that runs the function:
S3 Files or EFS.  Lambda's /tmp is not: a replay may run elsewhere and find nothing.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-filesystem.html
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from durable_core import _native
from durable_core.serdes import EXTENDED_TYPES_SERDES, SerDes, SerDesContext


class FileSystemSerDesMode(StrEnum):
    """Which payloads go into a file.

    OVERFLOW: those whose envelope would be over 261,120 bytes.
    """

    ALWAYS = "ALWAYS"
    OVERFLOW = "OVERFLOW"


class FileSystemPathEncoding(StrEnum):
    """What the names below the base path are made of.

    URI: ``FUNCTION/EXECUTION/INVOCATION/OPERATION_ID.json``, percent-encoded where
    a part could leave its place; a name over the file system's limit is refused.
    HASH: SHA-256 digests, 64 characters each.
    """

    URI = "URI"
    HASH = "HASH"


class GeneratePreview(Protocol):
    """Answers what may be shown of a value, or None; see durable_core.preview."""

    def __call__(self, value: Any) -> dict[str, Any] | None: ...


@dataclass(frozen=True)
class FileSystemSerDesConfig:
    """Of :class:`FileSystemSerDes`.

    ``generate_preview``: makes what is kept in the checkpoint beside the file's
    name.  ``serdes``: makes the text that the file holds.
    """

    storage_mode: FileSystemSerDesMode = FileSystemSerDesMode.ALWAYS
    path_encoding: FileSystemPathEncoding = FileSystemPathEncoding.URI
    generate_preview: GeneratePreview | None = None
    serdes: SerDes[Any] = EXTENDED_TYPES_SERDES


class FileSystemSerDes(SerDes[Any]):
    """Stores values below ``base_path``, and in the checkpoint where they are.

    The checkpoint holds ``{"file": PATH}``, with a ``"preview"`` where there is
    one, or ``{"data": TEXT}``.  A file is written whole or not at all.  One outside
    of ``base_path`` is not read: that is a SerDesError, as is a file that is gone.
    """

    def __init__(
        self, base_path: str, config: FileSystemSerDesConfig | None = None
    ) -> None:
        self._base_path = os.fspath(base_path)
        self._config = config or FileSystemSerDesConfig()

    def serialize(self, value: Any, serdes_context: SerDesContext) -> str:
        config = self._config
        shown = config.generate_preview(value) if config.generate_preview else None
        return _native.files_store(
            self._base_path,
            serdes_context.durable_execution_arn,
            serdes_context.operation_id,
            config.serdes.serialize(value, serdes_context),
            json.dumps(shown) if shown else None,
            config.storage_mode is FileSystemSerDesMode.OVERFLOW,
            config.path_encoding is FileSystemPathEncoding.HASH,
        )

    def deserialize(self, data: str, serdes_context: SerDesContext) -> Any:
        config = self._config
        text = _native.files_load(
            self._base_path,
            data,
            config.storage_mode is FileSystemSerDesMode.OVERFLOW,
            config.path_encoding is FileSystemPathEncoding.HASH,
        )
        return config.serdes.deserialize(text, serdes_context)
