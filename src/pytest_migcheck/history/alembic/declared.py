"""Build the models that env.py declares in a database of their own, and honour env.py's filters."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import create_engine
from sqlalchemy.dialects.postgresql import DOMAIN

from pytest_migcheck.core.catalog import Catalog, ObjectKey
from pytest_migcheck.core.finding import Change, Difference
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.history.alembic.environment import Environment
from pytest_migcheck.history.source import Declared, ModelsNotCreatableError
from pytest_migcheck.postgres.database_set import DatabaseSet
from pytest_migcheck.postgres.seeding import seed_for_models

_NO_MODELS = "no models declared: env.py passes target_metadata=None to context.configure()"


class DeclaredModels:
    """The models of one history, from env.py or from the setting ``migcheck_metadata``."""

    def __init__(
        self,
        calls: Sequence[dict[str, Any]],
        named: tuple[str, ...],
        environment: Environment,
        version_tables: tuple[tuple[str, str], ...],
    ) -> None:
        self._calls = calls
        self._named = named
        self._environment = environment
        self._version_tables = version_tables

    def declared(self) -> Declared | str:
        """What to build and what to leave out, or the reason why there is nothing to compare."""
        metadata = self._metadata()
        if not metadata:
            return _NO_MODELS
        if len(self._calls) > 1 and not self._named:
            return "several databases: comparing their models is not supported yet"
        if not any(m.tables for m in metadata):
            return "no models declared: target_metadata holds no table (does env.py import the models' modules?)"
        options = self._calls[0] if self._calls else {}
        filters = Filters(metadata, options)

        def build(databases: DatabaseSet, migrated: Catalog) -> None:
            _build(databases, migrated, metadata, filters)

        return Declared(label=models_label(self._calls) or ", ".join(self._named), build=build, ignore=filters.ignores)

    def _metadata(self) -> list[sa.MetaData]:
        if self._named:
            return [_import_metadata(name) for name in self._named]
        found: list[sa.MetaData] = []
        for call in self._calls:
            target = call.get("target_metadata")
            found += list(target) if isinstance(target, (list, tuple)) else [target] if target is not None else []
        return list({id(m): m for m in found}.values())


def models_label(calls: Sequence[dict[str, Any]]) -> str | None:
    """Where the models come from, for the header."""
    return "target_metadata (env.py)" if any(c.get("target_metadata") is not None for c in calls) else None


def _import_metadata(name: str) -> sa.MetaData:
    module_name, _, path = name.partition(":")
    try:
        value: Any = importlib.import_module(module_name)
        for part in (path or "metadata").split("."):
            value = getattr(value, part)
    except (ImportError, AttributeError) as error:
        raise MigcheckError(
            f"migcheck_metadata: {name!r}: {error}\nvalid: module:attribute, such as app.models:Base.metadata"
        ) from error
    if not isinstance(value, sa.MetaData):
        raise MigcheckError(f"migcheck_metadata: {name!r} is a {type(value).__name__}, not a MetaData")
    return value


def _build(databases: DatabaseSet, migrated: Catalog, metadata: Sequence[sa.MetaData], filters: Filters) -> None:
    with databases.main.connect() as connection:
        seed_for_models(connection, migrated, declared_types=_declared_types(metadata))
    engine = create_engine(databases.main.url)
    try:
        with engine.begin() as connection:
            for one in metadata:
                tables = [t for t in one.sorted_tables if not filters.hides_table(t)]
                one.create_all(connection, tables=tables, checkfirst=False)
    except Exception as error:
        original = getattr(error, "orig", None) or error
        raise ModelsNotCreatableError(f"{type(original).__name__}: {str(original).strip()}") from error
    finally:
        engine.dispose()


def _declared_types(metadata: Sequence[sa.MetaData]) -> frozenset[tuple[str, str]]:
    """(schema, name) of enums and domains that ``create_all`` makes itself."""
    found: set[tuple[str, str]] = set()
    for one in metadata:
        for table in one.tables.values():
            for column in table.columns:
                kind: Any = column.type
                kind = getattr(kind, "item_type", kind)
                name = getattr(kind, "name", None)
                made_here = isinstance(kind, (sa.Enum, DOMAIN)) and getattr(kind, "create_type", True)
                if made_here and name:
                    found.add((getattr(kind, "schema", None) or table.schema or one.schema or "public", name))
    return frozenset(found)


class Filters:
    """env.py's ``include_name``, ``include_object`` and ``include_schemas``, asked about differences."""

    def __init__(self, metadata: Sequence[sa.MetaData], options: dict[str, Any]) -> None:
        self._metadata = metadata
        self._include_name = options.get("include_name")
        self._include_object = options.get("include_object")
        self._include_schemas = bool(options.get("include_schemas"))
        self._schemas = {t.schema for m in metadata for t in m.tables.values() if t.schema}

    def hides_table(self, table: sa.Table) -> bool:
        if self._include_object is None:
            return False
        return not self._include_object(table, table.name, "table", False, None)

    def ignores(self, difference: Difference) -> bool:
        """Whether Alembic's autogenerate would not look at this object either."""
        key = _key(difference)
        if key.schema not in ("", "public", *self._schemas) and not self._include_schemas:
            return True
        table = key.parent or (key.name if difference.kind in ("table", "partitioned table", "comment") else "")
        if table and self._hides(table, "table", key.schema, difference):
            return True
        kind = _ALEMBIC_KINDS.get(difference.kind)
        return bool(kind and key.parent and self._hides(key.name, kind, key.schema, difference, parent=table))

    def _hides(self, name: str, kind: str, schema: str, difference: Difference, *, parent: str = "") -> bool:
        default = schema in ("", "public")
        if self._include_name is not None:
            parents = {"schema_name": None if default else schema}
            if kind != "table":
                parents["table_name"] = parent
            if not self._include_name(name, kind, parents):
                return True
        if self._include_object is None:
            return False
        table = self._table(parent or name, None if default else schema)
        reflected = difference.change is Change.ADDED
        item: Any = table
        if kind == "column":
            item = table.columns.get(name, sa.Column(name, sa.types.NULLTYPE))
        elif kind == "index":
            item = next((i for i in table.indexes if i.name == name), sa.Index(name))
        elif kind != "table":
            return False
        return not self._include_object(item, name, kind, reflected, None)

    def _table(self, name: str, schema: str | None) -> sa.Table:
        for one in self._metadata:
            for table in one.tables.values():
                if table.name == name and table.schema in (schema, schema or "public"):
                    return table
        return sa.Table(name, sa.MetaData(), schema=schema)


_ALEMBIC_KINDS = {"column": "column", "index": "index"}


def _key(difference: Difference) -> ObjectKey:
    parts = difference.object.split(".")
    if len(parts) >= 3:
        return ObjectKey(difference.kind, parts[0], parts[1], ".".join(parts[2:]))
    if len(parts) == 2:
        return ObjectKey(difference.kind, parts[0], "", parts[1])
    return ObjectKey(difference.kind, "", "", parts[0])
