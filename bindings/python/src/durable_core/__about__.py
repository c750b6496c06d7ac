"""The version of this package, which is that of the core it was built with."""

from durable_core import _native

__version__: str = _native.durable_version_string()
