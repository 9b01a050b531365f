"""Build the models that env.py declares in a database of their own, and honour env.py's filters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import create_engine
from sqlalchemy.dialects.postgresql import DOMAIN

from pytest_migcheck.core.catalog import Catalog, ObjectKey
from pytest_migcheck.core.finding import Change, Difference
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.history.alembic.environment import Configured
from pytest_migcheck.history.alembic.forgotten import forgotten_tables
from pytest_migcheck.history.alembic.metadata import all_named, hooked_metadata
from pytest_migcheck.history.alembic.places import Places
from pytest_migcheck.history.ddl import DdlSource, declared_by_ddl
from pytest_migcheck.history.source import Declared, ModelsNotCreatableError
from pytest_migcheck.postgres.database_set import DatabaseSet
from pytest_migcheck.postgres.seeding import seed_for_models

_HOOK = "pytest_migcheck_metadata"
_FROM_ENV = "target_metadata (env.py)"
_NO_MODELS = "no models declared: env.py passes target_metadata=None to context.configure()"
_NO_TABLES = "no models declared: target_metadata holds no table (does env.py import the models' modules?)"
_NO_METADATA = (
    "{}: target_metadata: {} is no MetaData, so Alembic's autogenerate fails, too\n"
    "what to do: hand the MetaData to context.configure(), such as Base.metadata, or name it for these checks: "
    "migcheck_metadata = module:attribute"
)
_PASSES = (
    "env.py migrates one database in several passes with the same models (a schema for each tenant?): "
    "which schema the models belong to is not known"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredElsewhere:
    """What settings and hooks say in place of env.py: names of metadata, DDL, what a hook returned."""

    metadata: tuple[str, ...] = ()
    ddl: DdlSource | None = None
    hooked: Sequence[Any] = ()


class DeclaredModels:
    """The models of one history, from env.py or from what is declared elsewhere."""

    def __init__(self, configured: Configured, elsewhere: DeclaredElsewhere, env_path: Path) -> None:
        self._configured = configured
        self._env_path = env_path
        self._elsewhere = elsewhere

    def declared(self) -> tuple[Declared, ...] | str:
        """What to build and what to leave out for each database, or the reason why there is nothing to compare.

        Raises:
            MigcheckError: what env.py calls its metadata is something else.
        """
        named = self._named()
        if named is not None:
            return named
        by_database: dict[str, list[dict[str, Any]]] = {}
        for label, call in zip(self._configured.labels, self._configured.calls, strict=True):
            if call.get("target_metadata") is not None:
                by_database.setdefault(label, []).append(call)
        if not by_database:
            return _NO_MODELS
        if any(_repeats(calls) for calls in by_database.values()):
            return _PASSES
        metadata_of = {label: self._metadata_of(calls) for label, calls in by_database.items()}
        found = [
            replace(_declared(metadata_of[label], calls[0], _FROM_ENV), database=label)
            for label, calls in by_database.items()
        ]
        return self._kept(found, list(metadata_of.values()))

    def _metadata_of(self, calls: Sequence[dict[str, Any]]) -> list[sa.MetaData]:
        found = [m for call in calls for m in _metadata_of(call)]
        for one in found:
            if not isinstance(one, sa.MetaData):
                raise MigcheckError(_NO_METADATA.format(self._env_path, getattr(one, "__name__", None) or repr(one)))
        return found

    def _named(self) -> tuple[Declared, ...] | str | None:
        """What is declared elsewhere; None where that is env.py's business."""
        elsewhere = self._elsewhere
        options = self._configured.calls[0] if self._configured.calls else {}
        ddl = elsewhere.ddl
        metadata: list[sa.MetaData] = []
        for value in elsewhere.hooked:
            found = hooked_metadata(value, _HOOK)
            if isinstance(found, Path):
                ddl = DdlSource(value=str(found), root=Path.cwd(), origin=_HOOK)
            else:
                metadata += found
        if ddl is not None:
            filters = Filters((), {**options, "include_schemas": True})
            return (replace(declared_by_ddl(ddl, filters.ignores), others=self._labels()),)
        metadata = metadata or all_named(elsewhere.metadata, "migcheck_metadata")
        if not metadata:
            return None
        label = _HOOK if elsewhere.hooked else ", ".join(elsewhere.metadata)
        return self._kept([_declared(metadata, options, label)], [metadata])

    def _labels(self) -> tuple[str, ...]:
        return tuple(sorted(set(self._configured.labels) - {""}))

    def _kept(self, found: Sequence[Declared], metadata: Sequence[Sequence[sa.MetaData]]) -> tuple[Declared, ...] | str:
        """Without those that declare no table."""
        kept = tuple(
            replace(declared, others=self._labels())
            for declared, group in zip(found, metadata, strict=True)
            if any(m.tables for m in group)
        )
        return kept or _NO_TABLES


def _metadata_of(call: dict[str, Any]) -> list[sa.MetaData]:
    target = call.get("target_metadata")
    return list(target) if isinstance(target, (list, tuple)) else [target] if target is not None else []


def _repeats(calls: Sequence[dict[str, Any]]) -> bool:
    seen = [id(m) for call in calls for m in _metadata_of(call)]
    return len(seen) != len(set(seen))


def _declared(metadata: Sequence[sa.MetaData], options: dict[str, Any], label: str) -> Declared:
    filters = Filters(metadata, options)

    def build(databases: DatabaseSet, migrated: Catalog) -> None:
        _build(databases, migrated, metadata, filters)

    return Declared(
        label=label,
        build=build,
        ignore=filters.ignores,
        locate=Places(metadata).locate,
        forgotten=lambda: forgotten_tables(metadata),
    )


def _build(
    databases: DatabaseSet, migrated: Catalog, metadata: Sequence[sa.MetaData], filters: Filters
) -> None:
    with databases.main.connect() as connection:
        seed_for_models(connection, migrated, declared_types=_declared_types(metadata))
    engine = create_engine(databases.main.url)
    made: set[tuple[str | None, str]] = set()
    try:
        with engine.begin() as connection:
            for one in metadata:
                # A table that several of them declare is made once, by the first, as create_all() does that looks.
                tables = [
                    t for t in one.sorted_tables if (t.schema, t.name) not in made and not filters.hides_table(t)
                ]
                one.create_all(connection, tables=tables, checkfirst=False)
                made |= {(t.schema, t.name) for t in tables}
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

    def _hides(
        self, name: str, kind: str, schema: str, difference: Difference, *, parent: str = ""
    ) -> bool:
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
