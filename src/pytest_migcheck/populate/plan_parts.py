"""How a table and its columns get their values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pytest_migcheck.core.table_shape import ColumnShape, TableShape

MOST_ROWS = 3
# Values that several columns have at the same time: (column, value).
Combination = tuple[tuple[str, "str | None"], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedColumn:
    """How a column gets its values.

    ``special`` are those of the candidates that come from constants of the migration; ``own`` is a strategy of the
    user's; ``open`` allows values beyond the candidates; ``distinct`` asks for another value in each row.
    """

    shape: ColumnShape
    candidates: tuple[str, ...] = ()
    special: tuple[str, ...] = ()
    nullable: bool = True
    distinct: bool = False
    open: bool = False
    own: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTable:
    """A table to fill: ``at_least`` and ``at_most`` bound the rows that are drawn, ``ceiling`` all that it may have.

    ``together`` are values that some columns may have at the same time.
    """

    shape: TableShape
    columns: tuple[PlannedColumn, ...]
    at_least: int = 0
    at_most: int = MOST_ROWS
    ceiling: int = 1000
    together: tuple[Combination, ...] = ()
