"""How a search for rows ends, other than by having drawn all that it was asked for."""

from __future__ import annotations

import pytest

from pytest_migcheck.core.table_shape import ColumnShape, TableShape, TypeShape
from pytest_migcheck.populate.plan import Plan
from pytest_migcheck.populate.plan_parts import PlannedColumn, PlannedTable
from pytest_migcheck.populate.search import search

COLUMN = PlannedColumn(
    shape=ColumnShape(name="n", type=23, typmod=-1, type_text="integer"), candidates=("0", "1", "2", "3"), nullable=False
)
TABLE = PlannedTable(shape=TableShape(schema="public", name="t", columns=(COLUMN.shape,)), columns=(COLUMN,), at_least=1)
PLAN = Plan(tables=(TABLE,), types={23: TypeShape(name="integer", form="base")})


def test_what_goes_wrong_in_judging_is_raised_at_once() -> None:
    asked = []

    def judge(rows):
        asked.append(rows)
        raise RuntimeError("the server is gone")

    with pytest.raises(RuntimeError, match="the server is gone"):
        search(PLAN, judge, name="error", examples=20, time_left=lambda: 1.0)
    assert len(asked) == 1


@pytest.mark.parametrize("judged", range(8))
def test_whenever_the_time_is_up_what_was_found_is_the_answer(judged: int) -> None:
    left = iter([1.0] * judged)
    found = search(PLAN, lambda rows: ("broken",), name=f"time {judged}", examples=20, time_left=lambda: next(left, 0.0))
    assert found.tried <= judged
    assert list(found.smallest) == (["broken"] if judged else [])
    assert found.cut or judged > found.tried
