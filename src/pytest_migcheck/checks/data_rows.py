"""The smallest rows that break a migration, as a table and as INSERT statements, and how to draw them again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_migcheck.core.rows import RowSet, Snapshot
from pytest_migcheck.core.table_shape import TableName
from pytest_migcheck.populate.candidates import is_number
from pytest_migcheck.populate.plan import Plan
from pytest_migcheck.populate.statements import insert_statement

_SHOWN_ROWS = 12


@dataclass(frozen=True, slots=True)
class Smallest:
    """The rows, of how many sets that were tried, with the seed that draws them."""

    rows: RowSet
    plan: Plan
    tried: int
    seed: int

    def details(self, before: Snapshot) -> tuple[tuple[str, str], ...]:
        """Labelled texts; ``before`` has what PostgreSQL let in."""
        table, inserts = self._shown(before)
        again = ("seed", f"--hypothesis-seed={self.seed}   (draws the same rows again)")
        if not table:
            return (("rows", "none are needed"), again)
        tried = ("tried", f"{self.tried} sets of rows, of which these are the smallest")
        return (("rows", "\n".join(_first(table))), ("insert", "\n".join(_first(inserts))), tried, again)

    def _shown(self, before: Snapshot) -> tuple[list[str], list[str]]:
        shapes = self.plan.shapes
        there = _Patterns(before)
        width = max((len(shapes[row.table].label) for row in self.rows), default=0)
        lines, inserts = [], []
        for row in self.rows:
            table = shapes[row.table]
            if there.has(row.table, dict(row.values)):
                pairs = ", ".join(_pair(name, value, self.plan.kind_of(table, name)) for name, value in row.values)
                lines.append(f"{table.label:<{width}}  {{{pairs}}}")
                inserts.append(f"{insert_statement(row, table)};")
        return lines, inserts


def _first(lines: list[str]) -> list[str]:
    more = len(lines) - _SHOWN_ROWS
    return [*lines[:_SHOWN_ROWS], f"... ({more} more)"] if more > 0 else lines


class _Patterns:
    """Which columns are NULL in the rows that were let in: PostgreSQL may spell the values otherwise."""

    def __init__(self, before: Snapshot) -> None:
        self._before = before
        self._of: dict[tuple[TableName, frozenset[str]], set[frozenset[str]]] = {}

    def has(self, table: TableName, wanted: Mapping[str, str | None]) -> bool:
        """Whether a row like this one is there."""
        found = self._before.get(table)
        if found is None:
            return False
        names = frozenset(wanted) & frozenset(name for name, _ in found.columns)
        if (table, names) not in self._of:
            nulls = (frozenset(n for n in names if row[n] is None) for row in found.as_rows())
            self._of[table, names] = set(nulls)
        return frozenset(n for n in names if wanted[n] is None) in self._of[table, names]


def _pair(name: str, value: str | None, kind: str) -> str:
    if value is None:
        return f"{name}: NULL"
    if is_number(kind) or kind == "boolean":
        return f"{name}: {value}"
    shown = value if len(value) <= 80 else f"{value[:20]}... ({len(value)} characters)"
    return f"{name}: '{shown}'"
