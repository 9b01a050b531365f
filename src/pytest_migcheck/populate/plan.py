"""Decide which tables get rows, in which order, and which values each column may take."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pytest_migcheck.core.table_shape import ColumnShape, Shapes, TableName, TableShape, TypeShape
from pytest_migcheck.populate.candidates import Candidates, base_name
from pytest_migcheck.populate.literals import Literals, literals_of_sql
from pytest_migcheck.populate.plan_parts import MOST_ROWS, PlannedColumn, PlannedTable
from pytest_migcheck.populate.statements import Query, accepted
from pytest_migcheck.populate.together import combinations

# Asks the user for a Hypothesis strategy of a table's column; None where there is none.
OwnStrategy = Callable[[str, str], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The tables in the order of insertion, with what is needed to draw their rows.

    ``notes`` name what cannot be filled.
    """

    tables: tuple[PlannedTable, ...]
    types: Mapping[int, TypeShape]
    notes: tuple[str, ...] = ()

    @property
    def shapes(self) -> dict[TableName, TableShape]:
        return {table.shape.key: table.shape for table in self.tables}

    def kind_of(self, table: TableShape, name: str) -> str:
        """The name of the type of a column, below its domains."""
        column = table.column(name)
        return base_name(column.type, self.types) if column is not None else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be filled: the tables, constants worth trying, bounds on rows, the user's own strategies."""

    tables: Collection[TableName]
    literals: Literals = field(default_factory=Literals)
    bounds: Mapping[str, int] = field(default_factory=dict)
    own: OwnStrategy = lambda table, column: None
    rows: tuple[int, int] = (0, MOST_ROWS)


def make_plan(query: Query, shapes: Shapes, wanted: Wanted) -> Plan:
    """Plan the wanted tables with all that their foreign keys need."""
    chosen = _with_parents(shapes, [shapes.root_of(name) for name in wanted.tables])
    candidates = Candidates(shapes.types)
    planned: list[PlannedTable] = []
    notes: list[str] = []
    for table in in_order(chosen):
        made = _planned(query, table, candidates, shapes, wanted)
        if isinstance(made, str):
            notes.append(made)
        else:
            planned.append(made)
    return Plan(tables=tuple(planned), types=shapes.types, notes=tuple(notes))


def _with_parents(shapes: Shapes, names: Iterable[TableName]) -> list[TableShape]:
    found: dict[TableName, TableShape] = {}
    pending = list(names)
    while pending:
        name = shapes.root_of(pending.pop(0))
        table = shapes.tables.get(name)
        if table is not None and name not in found:
            found[name] = table
            pending += [key.target for key in table.foreign_keys]
    return list(found.values())


def in_order(tables: Iterable[TableShape]) -> list[TableShape]:
    """Each after those that it refers to, as far as circles allow."""
    waiting = {table.key: table for table in tables}
    ordered: list[TableShape] = []
    while waiting:
        free = [t for t in waiting.values() if not _needed(t, waiting)]
        # In a circle the table that needs the fewest others comes first.
        free = free or [min(waiting.values(), key=lambda t: (len(_needed(t, waiting)), t.key))]
        for table in free:
            ordered.append(waiting.pop(table.key))
    return ordered


def _needed(table: TableShape, among: Mapping[TableName, TableShape]) -> set[TableName]:
    """What must have rows before: a foreign key that may be NULL can wait."""
    strict = {c.name for c in table.columns if c.not_null}
    return {
        key.target
        for key in table.foreign_keys
        if key.target in among and key.target != table.key and (set(key.columns) <= strict or not key.deferrable)
    }


def _planned(
    query: Query, table: TableShape, candidates: Candidates, shapes: Shapes, wanted: Wanted
) -> PlannedTable | str:
    literals = literals_of_sql((*(c.expression for c in table.checks), *table.bounds, *table.predicates)).and_also(
        wanted.literals
    )
    columns = [c for c in table.columns if not c.generated]
    tried = {c.name: candidates.of(c.type, literals, written=c.type_text) for c in columns}
    tried |= _in_partitions(table, candidates)
    let_in = accepted(query, table, tried, shapes.types)
    general = {c.name: candidates.of(c.type, Literals(), written=c.type_text) for c in columns}
    keys = {name for key in table.foreign_keys for name in key.columns}
    planned = []
    for column in columns:
        made = _column(column, let_in.get(column.name, ()), general[column.name], table, shapes, wanted)
        if made.candidates or made.own is not None or column.name in keys:
            planned.append(made)
        elif column.not_null and column.default is None and not column.identity:
            return (
                f"no rows in {table.label}: no value is known for {column.name} {column.type_text} that its type "
                "and CHECKs let in (give some: pytest_migcheck_strategy in the root conftest.py)"
            )
    least, most = wanted.rows
    ceiling = _bound_of(table, wanted.bounds, 1000)
    most = min(most, ceiling)
    return PlannedTable(
        shape=table, columns=tuple(planned), at_least=min(least, most), at_most=most, ceiling=ceiling,
        together=combinations(query, table, planned, shapes.types),
    )  # fmt: skip


def _in_partitions(table: TableShape, candidates: Candidates) -> dict[str, tuple[str, ...]]:
    """For the columns of a partition key, where no partition takes the rest, the values that the bounds name."""
    bounded_ = any("IN (" in bound or "FROM (" in bound for bound in table.bounds)
    if not bounded_ or "DEFAULT" in table.bounds:
        return {}
    named = literals_of_sql(table.bounds)
    found: dict[str, tuple[str, ...]] = {}
    for column in table.columns:
        general = candidates.of(column.type, Literals())
        values = tuple(v for v in candidates.of(column.type, named) if v in named.strings or v not in general)
        if column.name in table.partition_columns and values:
            found[column.name] = values
    return found


def _column(
    column: ColumnShape, values: tuple[str, ...], general: tuple[str, ...], table: TableShape, shapes: Shapes,
    wanted: Wanted,
) -> PlannedColumn:  # fmt: skip
    return PlannedColumn(
        shape=column,
        candidates=values,
        special=tuple(value for value in values if value not in general),
        nullable=not column.not_null and not _not_null_domain(column, shapes.types),
        distinct=any(column.name in key for key in table.unique),
        open=not table.partitioned and all(column.name not in check.columns for check in table.checks),
        own=wanted.own(table.label, column.name),
    )


def _bound_of(table: TableShape, bounds: Mapping[str, int], otherwise: int) -> int:
    names = (f"{table.schema}.{table.name}", table.name)
    return next((bounds[name] for name in names if name in bounds), otherwise)


def _not_null_domain(column: ColumnShape, types: Mapping[int, TypeShape]) -> bool:
    shape = types.get(column.type)
    while shape is not None and shape.form == "domain":
        if shape.not_null:
            return True
        shape = types.get(shape.inner or 0)
    return False


def bounded(plan: Plan, rows: tuple[int, int]) -> Plan:
    """The plan with other numbers of rows, as far as its bounds allow."""
    least, most = rows
    tables = (replace(t, at_least=min(least, t.ceiling), at_most=min(most, t.ceiling)) for t in plan.tables)
    return replace(plan, tables=tuple(tables))
