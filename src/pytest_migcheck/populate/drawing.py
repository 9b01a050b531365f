"""Draw a set of rows from a plan; who chooses (Hypothesis, a seeded generator) is an argument."""

from __future__ import annotations

import random
import zlib
from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from pytest_migcheck.core.rows import NewRow, RowSet
from pytest_migcheck.core.table_shape import ForeignKey, TableName
from pytest_migcheck.populate.nth import nth_value
from pytest_migcheck.populate.plan import Plan, PlannedColumn, PlannedTable

T = TypeVar("T")
_Rows = dict[TableName, list[dict[str, "str | None"]]]


def seed_of(name: str) -> int:
    """The same number in each run, so that runs draw the same rows."""
    return zlib.crc32(name.encode())


class Chooser(Protocol):
    """Makes the choices; the first of the options is the simplest."""

    def number(self, low: int, high: int) -> int: ...

    def pick(self, options: Sequence[T]) -> T: ...

    def value(self, column: PlannedColumn) -> str | None:
        """A value of a column that is neither NULL nor its default."""


class Plain:
    """A seeded chooser for rows that only have to be there: few NULLs, simple values."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)

    def number(self, low: int, high: int) -> int:
        return high if low < high else low

    def pick(self, options: Sequence[T]) -> T:
        return options[self._random.randrange(len(options))]

    def value(self, column: PlannedColumn) -> str | None:
        return self.pick(column.candidates[:4])


def draw_rows(plan: Plan, chooser: Chooser, *, nulls: bool = True) -> RowSet:
    """One set of rows, in the order of insertion.

    Args:
        plan: the tables.
        chooser: makes the choices.
        nulls: leave columns NULL where that is allowed; else only where nothing else is known.
    """
    rows: _Rows = {}
    numbers = _numbers(plan, chooser)
    for table in plan.tables:
        number = numbers[table.shape.key]
        rows[table.shape.key] = [_row(table, n, plan, chooser, nulls=nulls) for n in range(number)]
    for table in plan.tables:
        for n, row in enumerate(rows[table.shape.key]):
            for key in table.shape.foreign_keys:
                _refer(row, n, key, table, rows, chooser, nulls=nulls)
    return tuple(
        NewRow(table.shape.key, tuple(row.items())) for table in plan.tables for row in rows[table.shape.key]
    )


def _numbers(plan: Plan, chooser: Chooser) -> dict[TableName, int]:
    """How many rows each table gets; one at least where rows of another cannot be without."""
    numbers = {table.shape.key: chooser.number(table.at_least, table.at_most) for table in plan.tables}
    most = {table.shape.key: table.at_most for table in plan.tables}
    for table in reversed(plan.tables):
        strict = {c.shape.name for c in table.columns if not c.nullable}
        for key in table.shape.foreign_keys:
            needs = numbers[table.shape.key] and set(key.columns) <= strict
            if needs and key.target in numbers and most[key.target]:
                numbers[key.target] = max(numbers[key.target], 1)
    return numbers


def _row(table: PlannedTable, n: int, plan: Plan, chooser: Chooser, *, nulls: bool) -> dict[str, str | None]:
    row: dict[str, str | None] = {}
    keys = {name for key in table.shape.foreign_keys for name in key.columns}
    for column in table.columns:
        name = column.shape.name
        if name in keys and column.own is None:
            row[name] = None
        elif column.shape.sequence and column.own is None:
            # Sequences count from 1.
            row[name] = str(n + 1)
        elif column.nullable and nulls and chooser.pick((True, False, False)):
            row[name] = None
        elif column.distinct and column.own is None:
            row[name] = _distinct(column, n, plan, chooser)
        else:
            row[name] = chooser.value(column)
    return row


def _distinct(column: PlannedColumn, n: int, plan: Plan, chooser: Chooser) -> str | None:
    simple = nth_value(column.shape.type, n, plan.types)
    if simple is None or (not column.open and simple not in column.candidates):
        simple = column.candidates[n % len(column.candidates)] if column.candidates else None
    return simple if simple is not None and chooser.pick((True, True, False)) else chooser.value(column)


def _refer(
    row: dict[str, str | None], n: int, key: ForeignKey, table: PlannedTable, rows: Mapping[TableName, list[dict[str, str | None]]],
    chooser: Chooser, *, nulls: bool,
) -> None:  # fmt: skip
    """Let a row refer to one that is there."""
    columns = {c.shape.name: c for c in table.columns}
    if any(name not in columns or columns[name].own is not None for name in key.columns):
        return
    there = rows.get(key.target, [])
    if key.target == table.shape.key:
        there = there[: n + 1]
    there = [target for target in there if all(target.get(name) is not None for name in key.target_columns)]
    nullable = any(columns[name].nullable for name in key.columns)
    if not there or (nullable and nulls and chooser.pick((True, False))):
        return
    # Rows that must differ refer to different ones.
    distinct = any(set(key.columns) == set(unique) for unique in table.shape.unique)
    target = there[n % len(there)] if distinct else chooser.pick(there)
    row.update({own: target[other] for own, other in zip(key.columns, key.target_columns, strict=True)})
