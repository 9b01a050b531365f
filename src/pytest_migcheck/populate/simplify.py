"""Make rows that break a migration as simple as a person would write them: fewer rows, NULLs, first values."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace

from pytest_migcheck.core.rows import NewRow, RowSet
from pytest_migcheck.populate.nth import nth_value
from pytest_migcheck.populate.plan import Plan
from pytest_migcheck.populate.plan_parts import PlannedColumn

# So many rows are tried without one after the other.
_FEW = 6


def simplified(rows: RowSet, plan: Plan, still: Callable[[RowSet], bool]) -> RowSet:
    """Simpler rows for which ``still`` holds, found step by step; the rows themselves if there are none."""
    changed = True
    while changed:
        changed = False
        for simpler in _simpler(rows, plan):
            if still(simpler):
                rows, changed = simpler, True
                break
    return rows


def _simpler(rows: RowSet, plan: Plan) -> Iterator[RowSet]:
    """A part of one table, without one of the rows, then with one value changed; the later ones first."""
    if len(rows) > _FEW:
        yield from _parts(rows, plan)
    size = len(rows) // 2
    while size > 1:
        yield from (rows[:n] + rows[n + size :] for n in range(0, len(rows), size))
        size //= 2
    for n in reversed(range(len(rows))):
        yield rows[:n] + rows[n + 1 :]
    yield from _alike(rows, plan)
    for n, row in enumerate(rows):
        for at, (name, value) in enumerate(row.values):
            for simple in _values(row, name, value, plan):
                values = (*row.values[:at], (name, simple), *row.values[at + 1 :])
                yield (*rows[:n], replace(row, values=values), *rows[n + 1 :])


def _parts(rows: RowSet, plan: Plan) -> Iterator[RowSet]:
    """Each half of the rows of one table with what they refer to, and nothing else: mostly one row is to blame."""
    for table in reversed(plan.tables):
        of_table = [n for n, row in enumerate(rows) if row.table == table.shape.key]
        half = (len(of_table) + 1) // 2
        for chosen in filter(None, (of_table[:half], of_table[half:])):
            kept = _with_targets(chosen, rows, plan)
            if len(kept) < len(rows):
                yield kept


def _with_targets(chosen: list[int], rows: RowSet, plan: Plan) -> RowSet:
    """The chosen rows and those that they refer to, at first or second hand, in the order of insertion."""
    keys = {table.shape.key: table.shape.foreign_keys for table in plan.tables}
    kept, pending = set(chosen), list(chosen)
    while pending:
        row = rows[pending.pop()]
        for key in keys[row.table]:
            values = [row.row.get(name) for name in key.columns]
            targets = (
                n
                for n, other in enumerate(rows)
                if other.table == key.target and [other.row.get(name) for name in key.target_columns] == values
            )
            found = next(targets, None) if None not in values else None
            if found is not None and found not in kept:
                kept.add(found)
                pending.append(found)
    return tuple(rows[n] for n in sorted(kept))


def _alike(rows: RowSet, plan: Plan) -> Iterator[RowSet]:
    """With one value in place of another that several rows have in common."""
    groups: dict[tuple[object, str, str], list[NewRow]] = {}
    for row in rows:
        for name, value in row.values:
            if value is not None:
                groups.setdefault((row.table, name, value), []).append(row)
    for (_, name, value), members in groups.items():
        for simple in _values(members[0], name, value, plan) if len(members) > 1 else ():
            yield tuple(
                replace(row, values=tuple((n, simple if n == name else v) for n, v in row.values))
                if row in members
                else row
                for row in rows
            )


def _values(row: NewRow, name: str, value: str | None, plan: Plan) -> Iterator[str | None]:
    """NULL, then the candidates that come before the value."""
    table = next(t for t in plan.tables if t.shape.key == row.table)
    column = next((c for c in table.columns if c.shape.name == name), None)
    if value is None or column is None or column.shape.sequence:
        return
    if column.nullable:
        yield None
    # The user's own values are not ours to replace.
    if _is_key(name, table.shape.foreign_keys) or column.own is not None:
        return
    if column.distinct:
        simple = (nth_value(column.shape.type, n, plan.types) for n in range(len(plan.tables) + 2))
        yield from itertools.takewhile(lambda other: other not in (None, value), simple)
    else:
        yield from _before(value, column)


def _before(value: str, column: PlannedColumn) -> Iterator[str]:
    known = column.candidates
    yield from known[: known.index(value) if value in known else len(known)]


def _is_key(name: str, keys: tuple[object, ...]) -> bool:
    return any(name in getattr(key, "columns", ()) for key in keys)
