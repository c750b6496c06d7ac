"""The version of this package."""

from importlib import metadata

try:
    __version__ = metadata.version("durable-core")
except metadata.PackageNotFoundError:  # a build tree, which is not installed
    __version__ = "0"
