"""The file and line that declare a table, a column, a constraint or an index."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapper

from pytest_migcheck.core.catalog import ObjectKey
from pytest_migcheck.history.alembic.mapped import mapped_classes, users_modules
from pytest_migcheck.history.alembic.sources import SourceTable, tables_in

_TABLES = ("table", "partitioned table", "foreign table")


@dataclass(slots=True)
class Places:
    """Where the models of some metadata are declared; ``modelled`` gives their tables of a schema and name."""

    metadata: Sequence[sa.MetaData]
    modelled: Callable[[str, str], Sequence[sa.Table]]
    _sources: dict[str, SourceTable | None] = field(default_factory=dict)
    _mappers: list[Mapper[Any]] | None = None

    def locate(self, key: ObjectKey) -> tuple[str, int] | None:
        """The line of an object, or of the table that it belongs to."""
        table = self._table(key)
        source = self._source(table) if table is not None else None
        if table is None or source is None:
            return None
        line = None if key.kind in _TABLES else self._line_of(key, table, source)
        return source.path, line or source.first

    def _table(self, key: ObjectKey) -> sa.Table | None:
        own = key.kind in _TABLES or (key.kind == "comment" and not key.parent)
        name = key.name if own else key.parent
        found = self.modelled(key.schema, name)
        if found:
            return found[0]
        tables = [t for one in self.metadata for t in one.tables.values()]
        named = (t for t in tables if any(type_name(c) == key.name for c in t.columns))
        return next(named, None) if key.kind == "type" else None

    def _line_of(self, key: ObjectKey, table: sa.Table, source: SourceTable) -> int | None:
        """The first line that declares the part, else one that names it; of a nameless one the first of its columns."""
        words = {key.name, *self._attributes(table, key.name)}
        if key.kind == "type":
            words |= {c.name for c in table.columns if type_name(c) == key.name}
        either = "|".join(map(re.escape, words))
        for pattern in (rf"^\s+(?:{either})\s*[:=]", rf"""["'](?:{either})["']"""):
            found = next((n for n, line in source.lines() if re.search(pattern, line)), None)
            if found is not None:
                return found
        columns = _columns_of(table, key.name)
        return self._line_of(key._replace(kind="column", name=columns[0]), table, source) if columns else None

    def _attributes(self, table: sa.Table, column: str) -> list[str]:
        """The names that a column has in mapped classes."""
        mappers = (m for m in self._mapped() if m.local_table is table and column in table.columns)
        return [p.key for m in mappers for p in m.column_attrs if table.columns[column] in p.columns]

    def _source(self, table: sa.Table) -> SourceTable | None:
        if table.key not in self._sources:
            classes = (_class_source(m, table) for m in self._mapped() if m.local_table is table)
            found = next(filter(None, classes), None)
            self._sources[table.key] = found or _call_source(table)
        return self._sources[table.key]

    def _mapped(self) -> list[Mapper[Any]]:
        if self._mappers is None:
            self._mappers = mapped_classes(self.metadata)
        return self._mappers


def _columns_of(table: sa.Table, name: str) -> list[str]:
    """The columns of an index or a constraint."""
    parts: list[Any] = [*table.indexes, *table.constraints]
    return [c.name for part in parts if str(part.name) == name for c in part.columns]


def type_name(column: sa.Column[Any]) -> str | None:
    kind: Any = column.type
    return getattr(getattr(kind, "item_type", kind), "name", None)


def _class_source(mapper: Mapper[Any], table: sa.Table) -> SourceTable | None:
    try:
        path = inspect.getsourcefile(mapper.class_)
        lines, first = inspect.getsourcelines(mapper.class_)
    except (OSError, TypeError):
        return None  # a class that no file holds
    # Decorators come first; a person looks for the class.
    offset = next((n for n, line in enumerate(lines) if line.lstrip().startswith("class ")), 0)
    return SourceTable(table.name, path, first + offset, first + len(lines) - 1) if path else None


def _call_source(table: sa.Table) -> SourceTable | None:
    """The call of ``Table``: first in modules that hold the table, then in those that hold its metadata."""
    ranked = []
    for module in users_modules():
        values = list(vars(module).values())
        rank = 0 if any(v is table for v in values) else 1 if any(v is table.metadata for v in values) else 2
        ranked.append((rank, str(module.__file__)))
    calls = [t for _, path in sorted(ranked) for t in tables_in(path) if t.name == table.name and not t.bases]
    # The schema may be the metadata's, and not be written there.
    return next((t for t in calls if t.schema == (table.schema or "")), calls[0] if calls else None)
