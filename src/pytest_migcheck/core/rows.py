"""Rows as texts: what is put into tables, and what is found in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pytest_migcheck.core.table_shape import TableName

# Column to PostgreSQL's text form, None for NULL; a column that is missing takes its default.
Row = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class NewRow:
    """A row to be inserted; ``origin`` is the place in the user's file that it comes from."""

    table: TableName
    values: tuple[tuple[str, str | None], ...]
    origin: str = field(default="", compare=False)

    @property
    def row(self) -> Row:
        return dict(self.values)


# In the order in which they are inserted.
RowSet = tuple[NewRow, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The rows that were found in a table, with the names and types of their columns."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str | None, ...], ...]

    def as_rows(self) -> tuple[Row, ...]:
        names = [name for name, _ in self.columns]
        return tuple(dict(zip(names, row, strict=True)) for row in self.rows)


# Tables that are not there any more are missing.
Snapshot = Mapping[TableName, Found]
