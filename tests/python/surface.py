"""What two packages offer, and in what the second falls short of the first.

A surface is a flat table: dotted name -> facts.  The facts of a class are its
bases, its constructor and its kind; its members have rows of their own.  Defaults
are compared by value, and so are constants save __version__, which may be the same.
"""
from __future__ import annotations

import ast
import dataclasses
import enum
import importlib
import importlib.util
import inspect
import logging
import pathlib
import types
import typing

MODULES = (
    "", "config", "context", "execution", "types", "retries", "waits", "serdes",
    "filesystem_serdes", "preview", "exceptions", "plugin", "plugin_discovery",
    "lambda_service", "logger", "concurrency.models", "state",
)
TESTING_MODULES = ("", "runner")
_REQUIRED = inspect.Parameter.empty


def value_of(value: object) -> object:
    """A default, as something that the other package's can equal."""
    if isinstance(value, enum.Enum):
        return f"{type(value).__name__}.{value.name}"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        members = [value_of(getattr(value, field.name))
                   for field in dataclasses.fields(value)]
        return type(value).__name__, *members
    if value is None or isinstance(value, (bool, int, float, str, tuple)):
        return value
    if isinstance(value, (list, dict, set, frozenset)):
        return repr(value)
    if callable(value):
        return "something callable"
    return f"an instance of {type(value).__name__}"


def parameters_of(function) -> tuple | None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    return tuple(
        (p.name, p.kind.name,
         "required" if p.default is _REQUIRED else ("default", value_of(p.default)))
        for p in signature.parameters.values())


def _default_of(field: dataclasses.Field) -> object:
    if field.default is not dataclasses.MISSING:
        return "default", value_of(field.default)
    if field.default_factory is not dataclasses.MISSING:
        return "default", value_of(field.default_factory())
    return "required"


def _members_of(cls: type) -> typing.Iterator[tuple[str, object]]:
    if issubclass(cls, enum.Enum):
        for name, member in cls.__members__.items():
            yield name, ("member", member.value)
    if dataclasses.is_dataclass(cls):
        for field in dataclasses.fields(cls):
            yield field.name, ("field", _default_of(field), field.kw_only,
                               field.compare, field.repr)
    annotated = {name for base in cls.__mro__[:-1]
                 for name in base.__dict__.get("__annotations__", {})}
    fields = {f.name for f in dataclasses.fields(cls)} \
        if dataclasses.is_dataclass(cls) else set()
    for name in sorted({*dir(cls), *annotated}):
        if name.startswith("_") or name in fields:
            continue
        if issubclass(cls, enum.Enum) and name in cls.__members__:
            continue
        try:
            member = inspect.getattr_static(cls, name)
        except AttributeError:
            yield name, ("attribute",)
            continue
        if isinstance(member, property):
            yield name, ("property",)
        elif isinstance(member, (staticmethod, classmethod)):
            yield name, (type(member).__name__, parameters_of(member.__func__))
        elif inspect.isfunction(member):
            yield name, ("method", parameters_of(member))
        elif not isinstance(member, (types.BuiltinFunctionType, types.MethodType,
                                     types.MemberDescriptorType,
                                     types.MethodDescriptorType,
                                     types.WrapperDescriptorType,
                                     types.GetSetDescriptorType)):
            yield name, ("attribute",)


def _bases_of(cls: type, package: str) -> tuple[str, ...]:
    """Names of the bases that a user can name, own package's and builtins."""
    return tuple(base.__name__ for base in cls.__mro__[1:]
                 if base.__module__.split(".")[0] in
                 (package.split(".")[0], "builtins", "enum")
                 and not base.__name__.startswith("_"))


def _class_rows(name: str, cls: type, package: str):
    facts = {"kind": "class", "bases": _bases_of(cls, package)}
    if not issubclass(cls, enum.Enum) and not getattr(cls, "_is_protocol", False):
        facts["parameters"] = parameters_of(cls)
    if dataclasses.is_dataclass(cls):
        facts["frozen"] = cls.__dataclass_params__.frozen
    yield name, facts
    for member, known in _members_of(cls):
        yield f"{name}.{member}", {"kind": known[0], "facts": known[1:]}


def rows_of(name: str, value: object, package: str):
    if isinstance(value, type) and not isinstance(value, types.GenericAlias):
        yield from _class_rows(name, value, package)
    elif inspect.isfunction(value):
        yield name, {"kind": "function", "parameters": parameters_of(value)}
    else:
        told = isinstance(value, (str, int, float)) and name != "__version__"
        shown = value if told else None
        yield name, {"kind": "constant", "value": shown}


def is_own(name: str, value: object, module) -> bool:
    """Defined there, or at least not somewhere else for all one can see."""
    if name.startswith("_") or inspect.ismodule(value):
        return False
    if isinstance(value, (typing.TypeVar, typing.ParamSpec, logging.Logger,
                          types.BuiltinFunctionType)):
        return False
    home = getattr(value, "__module__", None)
    if inspect.isfunction(value) or isinstance(value, type):
        return home == module.__name__
    return name not in {"annotations", "TYPE_CHECKING", "Any", "Callable"} and not (
        isinstance(home, str) and home.split(".")[0] in ("typing", "collections"))


def surface(package: str, modules, wanted=None) -> dict[str, dict]:
    """Rows of |modules|; with |wanted| (module -> names), of those names alone."""
    table: dict[str, dict] = {}
    for path in modules:
        try:
            module = importlib.import_module(f"{package}.{path}".rstrip("."))
        except ModuleNotFoundError as missing:
            if not str(missing.name).startswith(package):
                raise
            continue
        table[path or "(root)"] = {"kind": "module"}
        if wanted is not None:
            names = wanted.get(path, ())
        elif hasattr(module, "__all__"):
            names = module.__all__
        else:
            names = [n for n, v in vars(module).items() if is_own(n, v, module)]
        for name in names:
            value = getattr(module, name, None)
            if value is not None or name in vars(module):
                table.update(rows_of(f"{path}.{name}".lstrip("."), value, package))
    return table


def names_in(table: dict[str, dict]) -> dict[str, list[str]]:
    """module -> the names of its rows, to be looked up in the other package."""
    wanted: dict[str, list[str]] = {}
    for name, facts in table.items():
        if facts["kind"] == "module":
            wanted.setdefault("" if name == "(root)" else name, [])
    for name in table:
        for module in sorted(wanted, key=len, reverse=True):
            rest = name.removeprefix(f"{module}.") if module else name
            if module and rest == name:
                continue
            if "." not in rest and name not in wanted:
                wanted[module].append(rest)
            break
    return wanted


def imports_of(user: str, package: str) -> dict[str, set[str]]:
    """What the modules of package |user| import at run time of |package|."""
    root = pathlib.Path(importlib.util.find_spec(user).origin).parent
    found: dict[str, set[str]] = {}
    for path in root.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and \
                    node.module.split(".")[0] == package:
                module = node.module.removeprefix(package).lstrip(".")
                found.setdefault(module, set()).update(a.name for a in node.names)
    return found


def _shortfalls(name: str, theirs: dict, ours: dict):
    """(whose, what): whose is the name, or "name()" for the constructor."""
    for fact, expected in theirs.items():
        found = ours.get(fact)
        if fact == "bases":
            missing = [base for base in expected if base not in found]
            if missing:
                yield name, f"does not derive from {', '.join(missing)}"
        elif fact == "parameters":
            whose = f"{name}()" if theirs["kind"] == "class" else name
            for what in _parameter_shortfalls(expected, found):
                yield whose, what
        elif fact == "facts" and theirs["kind"] == ours["kind"] and \
                theirs["kind"] in ("method", "staticmethod", "classmethod"):
            for what in _parameter_shortfalls(expected[0], found[0]):
                yield name, what
        elif expected != found:
            yield name, f"{fact} is {found!r}, expected {expected!r}"


def _parameter_shortfalls(expected, found):
    if expected is None or found is None:
        if expected is not found and expected is not None:
            yield f"has no signature, expected {expected!r}"
        return
    ours = {p[0]: p for p in found}
    order = [p[0] for p in found]
    for at, parameter in enumerate(expected):
        if parameter[0] not in ours:
            yield f"parameter {parameter[0]} is missing"
        elif ours[parameter[0]] != parameter:
            yield (f"parameter {parameter[0]} is "
                   f"{ours[parameter[0]][1:]!r}, expected {parameter[1:]!r}")
        elif parameter[1] != "KEYWORD_ONLY" and order[at:at + 1] != [parameter[0]]:
            yield f"parameter {parameter[0]} is not number {at}"
    known = {p[0] for p in expected}
    for parameter in found:
        if parameter[0] not in known and parameter[2] == "required" and \
                not parameter[1].startswith("VAR_"):
            yield f"parameter {parameter[0]} is required and new"


def excepted_by(whose: str, exceptions: dict[str, str]) -> str | None:
    """The exception that covers it: itself or something it is a part of."""
    while whose:
        if whose in exceptions:
            return whose
        whose = whose[:-2] if whose.endswith("()") else whose.rpartition(".")[0]
    return None


def compare(theirs, ours, exceptions) -> list[str]:
    """Complaints: what is missing or differs, and exceptions that cover nothing."""
    complaints, used = [], set()
    for name, facts in theirs.items():
        found = [(name, "is missing")] if name not in ours else \
            list(_shortfalls(name, facts, ours[name]))
        for whose, what in found:
            cover = excepted_by(whose, exceptions)
            if cover:
                used.add(cover)
            else:
                complaints.append(f"{whose}: {what}")
    complaints += [f"{name}: listed as an exception, but nothing differs"
                   for name in exceptions if name not in used]
    return complaints


def read_exceptions(path: pathlib.Path) -> dict[str, str]:
    """Lines "name: reason"; a line that begins with blanks goes on."""
    table: dict[str, str] = {}
    last = None
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line[0].isspace():
            table[last] += " " + line.strip()
            continue
        last, _, reason = line.partition(": ")
        if not reason.strip() or last in table:
            raise ValueError(f"{path}: no reason, or listed twice: {line}")
        table[last] = reason.strip()
    return table
