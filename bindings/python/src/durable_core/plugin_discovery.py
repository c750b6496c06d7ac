"""Which plugins a handler has: those it names, and those of the environment.

``DURABLE_EXECUTION_PLUGINS`` lists names, with commas between, of entry points in
the group ``aws_durable_execution.plugins``.  An entry point names a factory: see
:class:`durable_core.plugin.DurableInstrumentationPluginFactory`.
"""

from __future__ import annotations

import inspect
import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from durable_core.exceptions import PluginLoadError
from durable_core.plugin import DurableInstrumentationPluginFactory

if TYPE_CHECKING:
    from importlib import metadata

logger = logging.getLogger(__name__)

PLUGIN_ENTRY_POINT_GROUP = "aws_durable_execution.plugins"
PLUGIN_ENVIRONMENT_VARIABLE = "DURABLE_EXECUTION_PLUGINS"

_Factory = DurableInstrumentationPluginFactory


def load_configured_plugins(
    explicit_plugins: Sequence[DurableInstrumentationPluginFactory] | None,
    *,
    environment: Mapping[str, str] | None = None,
) -> list[DurableInstrumentationPluginFactory]:
    """``explicit_plugins``, then those that ``environment`` names, in that order.

    ``environment`` None: the process's.  A factory that is given both ways counts
    once.  Raises PluginLoadError when one cannot be used.
    """
    seen: list[object] = list(explicit_plugins or [])
    try:
        for place, given in enumerate(explicit_plugins or []):
            _require_factory(given, f"plugins[{place}]")
        factories = list(explicit_plugins or [])
        names = _names_in(os.environ if environment is None else environment)
        for name, factory in _factories_named(names, seen):
            if any(factory is known for known in factories):
                logger.warning("Plugin '%s' is registered already", name)
            else:
                factories.append(factory)
        _require_exclusive(factories)
    except Exception:
        _tell(seen, registered=False)
        raise
    _tell(factories, registered=True)
    return factories


def _names_in(environment: Mapping[str, str]) -> list[str]:
    value = environment.get(PLUGIN_ENVIRONMENT_VARIABLE, "")
    if not value.strip():
        return []
    names = [name.strip() for name in value.split(",")]
    if not all(names):
        raise PluginLoadError(
            f"{PLUGIN_ENVIRONMENT_VARIABLE}: an empty name in {value!r}"
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise PluginLoadError(
            f"{PLUGIN_ENVIRONMENT_VARIABLE}: named more than once: {', '.join(twice)}"
        )
    return names


def _factories_named(
    names: list[str], seen: list[object]
) -> Iterable[tuple[str, _Factory]]:
    """Each name's factory; whatever was loaded is added to ``seen``."""
    if not names:
        return
    from importlib import metadata  # a quarter of the import of those who name none

    try:
        installed = list(metadata.entry_points(group=PLUGIN_ENTRY_POINT_GROUP))
    except Exception as cause:
        raise PluginLoadError(
            f"the entry points of {PLUGIN_ENTRY_POINT_GROUP} cannot be read: {cause}"
        ) from cause
    for name in names:
        entry_point = _only_one(name, installed)
        where = f"plugin '{name}' ({entry_point.value})"
        try:
            factory = entry_point.load()
        except Exception as cause:
            raise PluginLoadError(f"{where} cannot be loaded: {cause}") from cause
        seen.append(factory)
        yield name, _require_factory(factory, where)


def _only_one(name: str, installed: list[metadata.EntryPoint]) -> metadata.EntryPoint:
    found = [entry_point for entry_point in installed if entry_point.name == name]
    if len(found) == 1:
        return found[0]
    if not found:
        known = ", ".join(sorted({point.name for point in installed})) or "none"
        raise PluginLoadError(
            f"no plugin '{name}' is installed (group {PLUGIN_ENTRY_POINT_GROUP}); "
            f"installed are: {known}"
        )
    owners = ", ".join(point.dist.name if point.dist else "?" for point in found)
    raise PluginLoadError(f"plugin '{name}' is installed more than once: {owners}")


# ------------------------------------------------------------------ factories


def _require_factory(given: object, where: str) -> _Factory:
    if not _is_factory(given):
        raise PluginLoadError(
            f"{where}: expected a plugin factory, an object whose create_plugin(info) "
            f"answers a DurableInstrumentationPlugin, got {_described(given)}"
        )
    return given  # type: ignore[return-value]


def _is_factory(given: object) -> bool:
    """It has a create_plugin that takes one argument as it stands.

    A class whose create_plugin wants an instance is none.
    """
    create = getattr(given, "create_plugin", None)
    if not callable(create):
        return False
    if isinstance(given, type) and inspect.isfunction(create):
        declared = inspect.getattr_static(given, "create_plugin")
        if not isinstance(declared, staticmethod):
            return False
    try:
        inspect.signature(create).bind(None)
    except TypeError:
        return False
    except ValueError:  # of C, without a signature to be read
        return True
    return True


def _described(given: object) -> str:
    if isinstance(given, type):
        return f"the class {_name_of(given)}"
    if inspect.isroutine(given):
        return f"the function {_name_of(given)}"
    return f"an instance of {_name_of(type(given))}"


def _name_of(named: object) -> str:
    name = getattr(named, "__qualname__", None) or getattr(named, "__name__", "?")
    return f"{getattr(named, '__module__', None) or '?'}.{name}"


# --------------------------------------------------------------- registration


def _class_of(factory: object) -> type:
    return factory if isinstance(factory, type) else type(factory)


def _takes_part(cls: type) -> bool:
    """The nearest class that declares the marker says 1."""
    for owner in cls.__mro__:
        if "__durable_registration_api__" in vars(owner):
            marker = vars(owner)["__durable_registration_api__"]
            return type(marker) is int and marker == 1
    return False


def _groups_of(cls: type) -> set[str]:
    """Those of the class and of each base that takes part."""
    groups = set()
    for owner in cls.__mro__:
        if not ("__durable_registration_api__" in vars(owner) and _takes_part(owner)):
            continue
        group = getattr(owner, "exclusive_group", None)
        if group is None:
            continue
        if not isinstance(group, str) or not group.strip():
            raise PluginLoadError(
                f"{_name_of(cls)}: exclusive_group has to be a text or None, "
                f"got {group!r}"
            )
        groups.add(group)
    return groups


def _require_exclusive(factories: list[_Factory]) -> None:
    taken: dict[str, type] = {}
    for cls in map(_class_of, factories):
        for group in _groups_of(cls) if _takes_part(cls) else ():
            if group in taken:
                raise PluginLoadError(
                    f"{_name_of(taken[group])} and {_name_of(cls)} exclude each other "
                    f"(group '{group}'); keep one"
                )
            taken[group] = cls


def _tell(factories: Sequence[object], *, registered: bool) -> None:
    """Each factory that takes part, once, how it went."""
    told: list[object] = []
    for factory in factories:
        if any(factory is one for one in told):
            continue
        told.append(factory)
        try:
            if _takes_part(_class_of(factory)):
                tell = getattr(factory, "on_registration_result", None)
                if callable(tell):
                    tell(registered)
        except Exception:
            logger.exception("on_registration_result of a plugin failed")
