"""Values that columns may have at the same time, where a CHECK is about several of them."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Mapping, Sequence

from pytest_migcheck.core.table_shape import TableShape, TypeShape
from pytest_migcheck.populate.plan_parts import Combination, PlannedColumn
from pytest_migcheck.populate.statements import Query, accepted_together

_OPTIONS = 6
_TRIED = 400
_KEPT = 40


def combinations(
    query: Query, table: TableShape, planned: Sequence[PlannedColumn], types: Mapping[int, TypeShape]
) -> tuple[Combination, ...]:
    """What PostgreSQL lets in of the first candidates of such columns, those with the most NULLs first."""
    keys = {name for key in table.foreign_keys for name in key.columns}
    known = {c.shape.name: c for c in planned if c.candidates and c.own is None and c.shape.name not in keys}
    checks = [c for c in table.checks if len(c.columns) > 1 and set(c.columns) <= known.keys()]
    names = sorted({name for check in checks for name in check.columns})
    if not checks:
        return ()
    options = [_options(known[name]) for name in names]
    if math.prod(map(len, options)) <= _TRIED:
        tried = list(itertools.product(*options))
    else:
        chooser = random.Random(0)
        tried = list(dict.fromkeys(tuple(chooser.choice(some) for some in options) for _ in range(_TRIED)))
    columns = [known[name].shape for name in names]
    kept = accepted_together(query, columns, [check.expression for check in checks], tried, types)
    simplest = sorted(kept, key=lambda values: -sum(value is None for value in values))
    return tuple(tuple(zip(names, values, strict=True)) for values in simplest[:_KEPT])


def _options(column: PlannedColumn) -> list[str | None]:
    # As many NULLs as values: such a CHECK mostly asks which of the columns have any.
    values: list[str | None] = list(column.candidates[:_OPTIONS])
    return [*values, *([None] * len(values))] if column.nullable else values
