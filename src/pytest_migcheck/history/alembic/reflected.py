"""Tables of a catalog as SQLAlchemy's objects, such as env.py's ``include_object`` gets them from autogenerate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.base import ischema_names

from pytest_migcheck.core.catalog import Attributes, Catalog, ObjectKey
from pytest_migcheck.core.describe import text
from pytest_migcheck.core.foreign_keys import read_foreign_key
from pytest_migcheck.core.index_definition import read_definition
from pytest_migcheck.core.quoting import name_parts
from pytest_migcheck.history.alembic.schemas import SchemaView


class ReflectedTables:
    """Makes the tables of a catalog when they are asked for."""

    def __init__(self, catalog: Catalog, view: SchemaView) -> None:
        self._view = view
        self._metadata = sa.MetaData()
        self._parts: dict[tuple[str, str], list[tuple[ObjectKey, Attributes]]] = defaultdict(list)
        for key, attributes in catalog.objects.items():
            if key.parent:
                self._parts[key.schema, key.parent].append((key, attributes))

    def table(self, schema: str, name: str) -> sa.Table:
        """A table of the database with its columns, indexes and constraints; without any where there is none."""
        declared = self._view.declared(schema)
        known = self._metadata.tables.get(f"{declared}.{name}" if declared else name)
        if known is not None:
            return known
        parts = self._parts.get((schema, name), [])
        columns = (_column(key, attributes) for key, attributes in parts if key.kind == "column")
        table = sa.Table(name, self._metadata, *columns, schema=declared)
        for key, attributes in parts:
            self._add(table, key, text(attributes.get("definition")))
        return table

    def _add(self, table: sa.Table, key: ObjectKey, definition: str) -> None:
        if key.kind == "index":
            read = read_definition(definition)
            names = [name_parts(e.rest)[0] for e in read.elements if not e.expression] if read else []
            sa.Index(key.name, *_columns(table, names), unique="CREATE UNIQUE" in definition)
        elif definition.startswith("UNIQUE ("):
            listed = name_parts(definition.partition("(")[2].partition(")")[0])
            table.append_constraint(sa.UniqueConstraint(*_columns(table, listed), name=key.name))
        elif found := read_foreign_key(definition):
            target = self.table(found.target.schema, found.target.name)
            own, theirs = _columns(table, found.columns), _columns(target, found.referred)
            if own and len(own) == len(theirs):
                table.append_constraint(sa.ForeignKeyConstraint(own, theirs, name=key.name))


def _column(key: ObjectKey, attributes: Attributes) -> sa.Column[object]:
    kind = ischema_names.get(text(attributes.get("type")).partition("(")[0])
    default = attributes.get("default")
    server_default = None if default is None else sa.text(str(default).replace(":", "\\:"))
    type_ = sa.types.NULLTYPE if kind is None else kind()
    return sa.Column(key.name, type_, nullable=not attributes.get("not null"), server_default=server_default)


def _columns(table: sa.Table, names: Iterable[str]) -> list[sa.Column[object]]:
    return [table.columns[name] for name in names if name in table.columns]
