"""What env.py's filters leave out of autogenerate is left out of drift, too."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from pytest_migcheck.core.catalog import ObjectKey
from pytest_migcheck.core.finding import Change, Difference


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
        if difference.change is Change.ADDED and not self._looks_into(key.schema):
            return True
        table = key.parent or (key.name if difference.kind in ("table", "partitioned table", "comment") else "")
        if table and self._hides(table, "table", key.schema, difference):
            return True
        kind = _alembic_kind(difference)
        return bool(kind and key.parent and self._hides(key.name, kind, key.schema, difference, parent=table))

    def _looks_into(self, schema: str) -> bool:
        if schema in ("", "public"):
            return True
        if not self._include_schemas:
            return schema in self._schemas
        return self._include_name is None or bool(self._include_name(schema, "schema", {}))

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
        elif kind in _CONSTRAINTS:
            item = next((c for c in table.constraints if c.name == name), _CONSTRAINTS[kind](name))
        return not self._include_object(item, name, kind, reflected, None)

    def _table(self, name: str, schema: str | None) -> sa.Table:
        for one in self._metadata:
            for table in one.tables.values():
                if table.name == name and table.schema in (schema, schema or "public"):
                    return table
        return sa.Table(name, sa.MetaData(), schema=schema)


_CONSTRAINTS: Mapping[str, Callable[[str], sa.Constraint]] = {
    "unique_constraint": lambda name: sa.UniqueConstraint(name=name),
    "foreign_key_constraint": lambda name: sa.ForeignKeyConstraint((), (), name=name),
}


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
