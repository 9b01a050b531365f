"""What env.py's filters leave out of autogenerate is left out of drift, too."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from pytest_migcheck.core.catalog import Catalog, ObjectKey
from pytest_migcheck.core.finding import Change, Difference
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.history.alembic.reflected import ReflectedTables
from pytest_migcheck.history.alembic.schemas import SchemaView

_TABLES = ("table", "partitioned table", "comment")


class Filters:
    """env.py's ``include_name``, ``include_object`` and ``include_schemas``, asked about differences.

    Args:
        metadata: the models.
        options: what env.py handed to ``context.configure``.
        view: how its connection resolves names.
        left_out: tables that are in the metadata and do not belong to the models.
    """

    def __init__(
        self, metadata: Sequence[sa.MetaData], options: Mapping[str, Any], view: SchemaView | None = None, *,
        left_out: Collection[sa.Table] = (),
    ) -> None:  # fmt: skip
        self._metadata = metadata
        self._left_out = left_out
        self._include_name = options.get("include_name")
        self._include_object = options.get("include_object")
        self._include_schemas = bool(options.get("include_schemas"))
        self.view = view or SchemaView()
        self._schemas = {t.schema for m in metadata for t in m.tables.values() if t.schema}
        self._reflected = ReflectedTables(Catalog(), self.view)

    def see(self, migrated: Catalog) -> None:
        """Take the tables that ``include_object`` is asked about from this catalog, and the schemas that there are."""
        self.view = self.view.at({key.name for key in migrated.objects if key.kind == "schema"})
        self._reflected = ReflectedTables(migrated, self.view)

    def modelled(self, schema: str, name: str) -> list[sa.Table]:
        """The tables of the models that a table of the database stands for."""
        tables = (t for one in self._metadata for t in one.tables.values() if t.name == name)
        return [t for t in tables if self.view.real(t.schema) == schema]

    def shown(self, one: sa.MetaData) -> list[sa.Table]:
        """The tables of the models that are compared, and those that they need."""
        needed: set[sa.Table] = set()
        new = {t for t in one.sorted_tables if not self.hides_table(t)}
        while new:
            needed |= new
            new = {key.column.table for t in new for key in t.foreign_keys} & set(one.sorted_tables) - needed
        return [t for t in one.sorted_tables if t in needed]

    def hides_table(self, table: sa.Table) -> bool:
        """Whether a table of the models is left out."""
        return table in self._left_out or not self._includes(table, table.name, "table", reflected=False, other=None)

    def ignores(self, difference: Difference) -> bool:
        """Whether Alembic's autogenerate would not look at this object either."""
        key = _key(difference)
        if difference.change is Change.ADDED and not self._looks_into(key.schema):
            return True
        table = key.parent or (key.name if difference.kind in _TABLES else "")
        if table and self._hides(table, "table", key.schema, difference):
            return True
        kind = _alembic_kind(difference)
        return bool(kind and key.parent and self._hides(key.name, kind, key.schema, difference, parent=table))

    def _looks_into(self, schema: str) -> bool:
        if not schema:
            return True
        name = self.view.declared(schema)
        if name is not None and not self._include_schemas:
            return name in self._schemas
        return self._names(name, "schema", {})

    def _hides(
        self, name: str, kind: str, schema: str, difference: Difference, *, parent: str = ""
    ) -> bool:
        declared = self.view.declared(schema)
        parents = {"schema_name": declared, "schema_qualified_table_name": parent or name}
        if declared:
            parents["schema_qualified_table_name"] = f"{declared}.{parent or name}"
        if kind != "table":
            parents["table_name"] = parent
        if not self._names(name, kind, parents):
            return True
        if self._include_object is None:
            return False
        modelled = next(iter(self.modelled(schema, parent or name)), None)
        migrated = self._reflected.table(schema, parent or name)
        reflected = difference.change is Change.ADDED or modelled is None
        sides = [None if t is None else _part(t, name, kind) for t in (modelled, migrated)]
        item = sides[1] if reflected else sides[0]
        other = sides[1] if difference.change is Change.CHANGED and not reflected else None
        if item is None:
            item = _stand_in(name, kind)
        return not self._includes(item, name, kind, reflected=reflected, other=other)

    def _names(self, name: str | None, kind: str, parents: Mapping[str, str | None]) -> bool:
        include = self._include_name
        return include is None or _asked("include_name", include, f"{kind} {name}", (name, kind, dict(parents)))

    def _includes(self, item: Any, name: str, kind: str, *, reflected: bool, other: Any) -> bool:
        include = self._include_object
        arguments = (item, name, kind, reflected, other)
        return include is None or _asked("include_object", include, f"{kind} {name}", arguments)


def _asked(word: str, include: Callable[..., Any], about: str, arguments: Iterable[Any]) -> bool:
    try:
        return bool(include(*arguments))
    except Exception as error:
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename != __file__]
        place = f"{Path(frames[-1].filename)}:{frames[-1].lineno}" if frames else word
        raise MigcheckError(
            f"{word} of env.py raises for the {about}: {type(error).__name__}: {error} ({place})\n"
            "what to do: correct the function; Alembic's autogenerate would ask it the same"
        ) from error


def _part(table: sa.Table, name: str, kind: str) -> Any:
    if kind == "table":
        return table
    if kind == "column":
        return table.columns.get(name)
    parts: Iterable[Any] = table.indexes if kind == "index" else table.constraints
    return next((part for part in parts if part.name == name), None)


def _stand_in(name: str, kind: str) -> Any:
    """What is asked about where neither side has the object as such, as with a name that the database gave."""
    made: Mapping[str, Callable[[], Any]] = {
        "table": lambda: sa.Table(name, sa.MetaData()),
        "column": lambda: sa.Column(name, sa.types.NULLTYPE),
        "index": lambda: sa.Index(name),
        "unique_constraint": lambda: sa.UniqueConstraint(name=name),
        "foreign_key_constraint": lambda: sa.ForeignKeyConstraint((), (), name=name),
    }
    return made[kind]()


def _alembic_kind(difference: Difference) -> str:
    """The word of ``include_name`` and ``include_object`` for a part of a table; "" where they are not asked."""
    if difference.kind != "constraint":
        return difference.kind if difference.kind in ("column", "index") else ""
    first, _, _ = (difference.definition or "").partition(" ")
    return {"UNIQUE": "unique_constraint", "FOREIGN": "foreign_key_constraint"}.get(first, "")


def _key(difference: Difference) -> ObjectKey:
    parts = difference.object.split(".")
    if len(parts) >= 3:
        return ObjectKey(difference.kind, parts[0], parts[1], ".".join(parts[2:]))
    if len(parts) == 2:
        return ObjectKey(difference.kind, parts[0], "", parts[1])
    return ObjectKey(difference.kind, "", "", parts[0])
