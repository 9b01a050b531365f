"""Find the models' metadata by name: ``module:attribute`` of a setting or a hook."""

from __future__ import annotations

import difflib
import importlib
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from pytest_migcheck.core.outcome import MigcheckError

_VALID = "valid: module:attribute, such as app.models:Base.metadata"


def named_metadata(name: str, origin: str) -> sa.MetaData:
    """The metadata that a name means: itself, or that of a declarative base or a registry.

    Raises:
        MigcheckError: there is no such module or attribute, or it is something else.
    """
    if "," in name:
        one_by_one = " ".join(part.strip() for part in name.split(",") if part.strip())
        raise MigcheckError(f"{origin}: {name!r}: several are separated by blanks or lines: {one_by_one}\n{_VALID}")
    module_name, _, path = name.partition(":")
    value: Any = _module(module_name, name, origin)
    for part in (path or "metadata").split("."):
        if not hasattr(value, part):
            missing = f"{_described(value)} has no {part!r}{_near(part, value)}"
            raise MigcheckError(f"{origin}: {name!r}: {missing}\n{_VALID}")
        value = getattr(value, part)
    return _metadata(value, repr(name), origin)


def hooked_metadata(value: Any, origin: str) -> list[sa.MetaData] | Path:
    """What a hook returned: metadata, a name, several of these, or the path of a DDL file.

    Raises:
        MigcheckError: it returned something else, or nothing.
    """
    if isinstance(value, Path):
        if not value.is_file():
            raise MigcheckError(f"{origin}: there is no file {str(value)!r} (looked for {value.absolute()})")
        return value
    values = list(value) if isinstance(value, (list, tuple)) else [value]
    if not values:
        raise MigcheckError(
            f"{origin}: it returned {value!r}, which names no metadata\n"
            "valid: a MetaData, a declarative base, a 'module:attribute', a list of these, the Path of a file of DDL, "
            "or None for what the settings or env.py say"
        )
    return [named_metadata(v, origin) if isinstance(v, str) else _metadata(v, repr(v), origin) for v in values]


def all_named(names: Iterable[str], origin: str) -> list[sa.MetaData]:
    """The metadata of several names; one that is named twice counts once."""
    found = {id(m): m for m in (named_metadata(name, origin) for name in names)}
    return list(found.values())


def _module(module_name: str, name: str, origin: str) -> Any:
    if not module_name or module_name.startswith(".") or any(not p.isidentifier() for p in module_name.split(".")):
        raise MigcheckError(f"{origin}: {name!r} names no module\n{_VALID}")
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if not (error.name and f"{module_name}.".startswith(f"{error.name}.")):
            raise MigcheckError(f"{origin}: {name!r}: importing {module_name} fails: {error}\n{_VALID}") from error
        raise MigcheckError(
            f"{origin}: {name!r}: there is no module {error.name!r} (looked in the folders of sys.path, "
            f"such as {Path.cwd()}){_with_a_colon(name, error.name)}\n{_VALID}"
        ) from error
    except (Exception, SystemExit) as error:
        kind = type(error).__name__
        raise MigcheckError(f"{origin}: {name!r}: importing {module_name} fails: {kind}: {error}\n{_VALID}") from error


def _with_a_colon(name: str, missing: str) -> str:
    """What is meant by a dotted name whose first words are a module, and the next one is not."""
    module = missing.rpartition(".")[0]
    meant = name.removeprefix(f"{module}.")
    return f". Did you mean '{module}:{meant}'?" if module in sys.modules and ":" not in name else ""


def _metadata(value: Any, shown: str, origin: str) -> sa.MetaData:
    if isinstance(value, sa.MetaData):
        return value
    inner = getattr(value, "metadata", None)
    if isinstance(inner, sa.MetaData):
        return inner
    raise MigcheckError(f"{origin}: {shown} is a {type(value).__name__}, not a MetaData\n{_VALID}")


def _described(value: Any) -> str:
    name = getattr(value, "__name__", None)
    return f"{name}" if name else f"a {type(value).__name__}"


def _near(part: str, value: Any) -> str:
    """The nearest attribute, else those that hold metadata."""
    holders = [n for n in dir(value) if isinstance(getattr(getattr(value, n, None), "metadata", None), sa.MetaData)]
    holders = [f"{n}.metadata" for n in holders]
    holders += [n for n in dir(value) if isinstance(getattr(value, n, None), sa.MetaData)]
    near = difflib.get_close_matches(part, dir(value), 1, 0.6)
    if near:
        return f". Did you mean {near[0]!r}?"
    return f". It has metadata in: {', '.join(holders)}" if holders else ""
