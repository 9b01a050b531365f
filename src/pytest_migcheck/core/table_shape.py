"""What a table asks of its rows: columns with their types, keys, checks; names only, no oids outside of types."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

TableName = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeShape:
    """A type: ``form`` is base, enum, domain, composite, range, multirange, array or pseudo.

    ``inner`` is the type that an array, a domain, a range or a multirange is made of, with its ``typmod``.
    """

    name: str
    form: str
    category: str = ""
    inner: int | None = None
    inner_typmod: int = -1
    labels: tuple[str, ...] = ()
    attributes: tuple[tuple[str, int, int], ...] = ()
    checks: tuple[str, ...] = ()
    not_null: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnShape:
    """A column; ``type_text`` is its type as it is written, ``sequence`` what numbers it."""

    name: str
    type: int
    typmod: int
    type_text: str
    not_null: bool = False
    default: str | None = None
    identity: str = ""
    generated: bool = False
    sequence: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey:
    """Columns that must be found in another table, or the same."""

    columns: tuple[str, ...]
    target: TableName
    target_columns: tuple[str, ...]
    deferrable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A CHECK over one column or more."""

    columns: tuple[str, ...]
    expression: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableShape:
    """A table, or a partitioned one with what its partitions take (``bounds``)."""

    schema: str
    name: str
    columns: tuple[ColumnShape, ...]
    partitioned: bool = False
    partition_key: str = ""
    bounds: tuple[str, ...] = ()
    partitions: tuple[TableName, ...] = ()
    primary_key: tuple[str, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    checks: tuple[Check, ...] = ()
    predicates: tuple[str, ...] = ()
    triggers: bool = False
    deferred: bool = False

    @property
    def key(self) -> TableName:
        return (self.schema, self.name)

    @property
    def partition_columns(self) -> frozenset[str]:
        """The columns of the partition keys, those of the partitions that are partitioned themselves too."""
        words = set(re.findall(r"\w+", self.partition_key))
        return frozenset(column.name for column in self.columns if column.name in words)

    @property
    def label(self) -> str:
        """The name as people write it: without the schema where that is ``public``."""
        return self.name if self.schema == "public" else f"{self.schema}.{self.name}"

    def column(self, name: str) -> ColumnShape | None:
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shapes:
    """All tables of a database, and the types that their columns use."""

    tables: Mapping[TableName, TableShape]
    types: Mapping[int, TypeShape]

    def root_of(self, name: TableName) -> TableName:
        """The table itself, or the partitioned one that it is a part of."""
        return next((key for key, table in self.tables.items() if name in table.partitions), name)
