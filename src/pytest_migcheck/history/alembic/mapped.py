"""The classes that SQLAlchemy's registries have mapped in this process."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, registry
from sqlalchemy.orm.exc import UnmappedClassError

from pytest_migcheck.core.reading import is_users_file


def users_modules() -> Iterator[ModuleType]:
    """The modules that were imported from the users' own source files."""
    modules: list[Any] = list(sys.modules.values())  # which may hold anything
    for module in modules:
        path = getattr(module, "__file__", None)
        if path and path.endswith(".py") and is_users_file(path):
            yield module


def registries() -> list[registry]:
    """The registries of the classes and bases that the users' modules hold."""
    found: dict[int, registry] = {}
    for module in users_modules():
        for value in list(vars(module).values()):
            one = _registry_of(value)
            if one is not None:
                found[id(one)] = one
    return list(found.values())


def _registry_of(value: Any) -> registry | None:
    # A proxy is asked for nothing: it may answer in its own time only, as Flask's do.
    if issubclass(type(value), registry):
        return value  # type: ignore[no-any-return]
    if not issubclass(type(value), type):
        return None
    try:
        mapper: Any = sa.inspect(value, raiseerr=False)
    except UnmappedClassError:  # an AbstractConcreteBase, which is mapped when all of its classes are known
        return None
    if isinstance(mapper, Mapper):
        return mapper.registry
    # A declarative base holds its registry under one of these names.
    held = (vars(value).get(name) for name in ("registry", "_sa_registry"))
    return next((one for one in held if isinstance(one, registry)), None)


def mappers_of(one: registry) -> Iterator[Mapper[Any]]:
    """The mappers of a registry; an AbstractConcreteBase has none until all mappers are configured."""
    return (manager.mapper for manager in list(one._managers) if manager.is_mapped)


def attribute_of(value: Any, name: str) -> Any:
    """An attribute of whatever a module of the user's holds; None where there is none, or it cannot be had now."""
    try:
        return getattr(value, name, None)
    except Exception:  # noqa: BLE001 - a proxy outside of its context; it holds nothing that is looked for
        return None


def mapped_classes(metadata: Sequence[sa.MetaData]) -> list[Mapper[Any]]:
    """The mappers of classes whose table is in the metadata."""
    wanted = {id(one) for one in metadata}
    mappers = (mapper for one in registries() for mapper in mappers_of(one))
    return [m for m in mappers if isinstance(m.local_table, sa.Table) and id(m.local_table.metadata) in wanted]
