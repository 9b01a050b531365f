"""Draw a set of rows from a plan; who chooses (Hypothesis, a seeded generator) is an argument."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from pytest_migcheck.core.rows import NewRow, RowSet
from pytest_migcheck.core.table_shape import ForeignKey, TableName, TypeShape
from pytest_migcheck.populate.candidates import base_name, is_text
from pytest_migcheck.populate.nth import nth_value
from pytest_migcheck.populate.plan import Plan
from pytest_migcheck.populate.plan_parts import PlannedColumn, PlannedTable

T = TypeVar("T")
# Numbers of keys beyond those that are candidates.
_FAR = 1000
_Drawn = dict[str, "str | None"]
_Rows = dict[TableName, list[_Drawn]]


def seed_of(name: str) -> int:
    """The same number in each run, so that runs draw the same rows."""
    return zlib.crc32(name.encode())


class Chooser(Protocol):
    """Makes the choices; the first of the options is the simplest."""

    def many(self, low: int, high: int, make: Callable[[int], T]) -> list[T]:
        """Between ``low`` and ``high`` things; each is told its number."""

    def pick(self, options: Sequence[T]) -> T: ...

    def value(self, column: PlannedColumn) -> str | None:
        """A value of a column that is neither NULL nor its default."""

    def key(self, column: PlannedColumn, n: int, types: Mapping[int, TypeShape]) -> str | None:
        """A value that the other rows are to differ from."""


class Plain:
    """A seeded chooser for rows that only have to be there: few NULLs, simple values."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)
        self._own: dict[int, tuple[str | None, ...]] = {}

    def many(self, low: int, high: int, make: Callable[[int], T]) -> list[T]:
        return [make(n) for n in range(max(low, high))]

    def pick(self, options: Sequence[T]) -> T:
        return options[self._random.randrange(len(options))]

    def value(self, column: PlannedColumn) -> str | None:
        if column.own is not None:
            from pytest_migcheck.populate.strategies import own_values

            # Drawing them takes Hypothesis a while; two tables may have columns of one name.
            if id(column) not in self._own:
                self._own[id(column)] = own_values(column)
            return self.pick(self._own[id(column)])
        return self.pick(column.candidates[:4]) if column.candidates else None

    def key(self, column: PlannedColumn, n: int, types: Mapping[int, TypeShape]) -> str | None:
        return simple_key(column, n, types)


class First(Plain):
    """A chooser of what comes first: NULL wherever that is allowed, else rows alike in all that need not differ."""

    def pick(self, options: Sequence[T]) -> T:
        return options[0]


class Sweeping(Plain):
    """A chooser that gives each column one candidate after the other: every value once, in one set of rows."""

    def __init__(self) -> None:
        super().__init__()
        self._given: dict[str, int] = {}

    def value(self, column: PlannedColumn) -> str | None:
        if column.own is not None or not column.candidates:
            return super().value(column)
        name = column.shape.name
        self._given[name] = self._given.get(name, -1) + 1
        return column.candidates[self._given[name] % len(column.candidates)]

    def key(self, column: PlannedColumn, n: int, types: Mapping[int, TypeShape]) -> str | None:
        known = column.candidates
        return known[n] if n < len(known) else simple_key(column, n + _FAR, types)


def sweep(plan: Plan) -> RowSet:
    """Rows enough for all candidates of the longest column, at most as many as the plan's bounds allow."""
    return draw_rows(plan, Sweeping(), nulls=False)


def draw_rows(plan: Plan, chooser: Chooser, *, nulls: bool = True) -> RowSet:
    """One set of rows, in the order of insertion.

    Args:
        plan: the tables.
        chooser: makes the choices.
        nulls: leave columns NULL where that is allowed; else only where nothing else is known.
    """
    rows: _Rows = {}
    # Backwards, so that what rows cannot be without is known before it is drawn.
    for table in reversed(plan.tables):
        made: list[_Drawn] = []

        def make(n: int, table: PlannedTable = table, made: list[_Drawn] = made) -> _Drawn:
            made.append(_row(table, n, plan, made, chooser, nulls=nulls))
            return made[-1]

        least = max(table.at_least, min(table.at_most, _needed(table, plan, rows)))
        rows[table.shape.key] = chooser.many(least, table.at_most, make)
    for table in plan.tables:
        for n, row in enumerate(rows[table.shape.key]):
            for key in table.shape.foreign_keys:
                _refer(row, n, key, table, rows, chooser, nulls=nulls)
    return tuple(NewRow(table.shape.key, tuple(row.items())) for table in plan.tables for row in rows[table.shape.key])


def _needed(table: PlannedTable, plan: Plan, rows: _Rows) -> int:
    """One where there are rows that cannot be without one here."""
    for other in plan.tables:
        strict = {c.shape.name for c in other.columns if not c.nullable}
        for key in other.shape.foreign_keys:
            if key.target == table.shape.key and rows.get(other.shape.key) and set(key.columns) <= strict:
                return 1
    return 0


def _row(table: PlannedTable, n: int, plan: Plan, before: Sequence[_Drawn], chooser: Chooser, *, nulls: bool) -> _Drawn:
    row: _Drawn = {}
    together = dict(chooser.pick(table.together)) if table.together else {}
    keys = {name for key in table.shape.foreign_keys for name in key.columns}
    for column in table.columns:
        name = column.shape.name
        if name in keys and column.own is None:
            row[name] = None
        elif name in together and not (column.distinct and together[name] is not None):
            row[name] = together[name]
        elif column.shape.sequence and column.own is None:
            # Sequences count from 1.
            row[name] = str(n + 1)
        elif column.nullable and nulls and name not in together and chooser.pick((True, False, False)):
            row[name] = None
        elif nulls and (earlier := _earlier(column, before)) and chooser.pick((False, False, True)):
            row[name] = _echo(chooser.pick(earlier), column, plan, chooser)
        elif column.distinct and column.own is None:
            row[name] = chooser.key(column, n, plan.types)
        else:
            row[name] = chooser.value(column)
    return row


def _earlier(column: PlannedColumn, before: Sequence[_Drawn]) -> list[str]:
    """The values of the rows before, for a column whose values are ours."""
    if column.own is not None:
        return []
    return [value for row in before if (value := row.get(column.shape.name)) is not None]


def _echo(value: str, column: PlannedColumn, plan: Plan, chooser: Chooser) -> str:
    """The value of another row once more, or one that is taken for it: what unique indexes stumble over."""
    if not is_text(base_name(column.shape.type, plan.types)) or not column.open:
        return value
    return chooser.pick((value, value.swapcase(), f"{value} "))


def simple_key(column: PlannedColumn, n: int, types: Mapping[int, TypeShape]) -> str | None:
    """The n-th of the simplest values; where CHECKs forbid it, of the candidates."""
    simple = nth_value(column.shape.type, n, types)
    if simple is None or (not column.open and simple not in column.candidates):
        return column.candidates[n % len(column.candidates)] if column.candidates else simple
    return simple


def _refer(
    row: _Drawn, n: int, key: ForeignKey, table: PlannedTable, rows: _Rows, chooser: Chooser, *, nulls: bool
) -> None:
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
