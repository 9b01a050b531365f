"""How many sets of rows it takes to find the one row that is to blame."""

from __future__ import annotations

from pytest_migcheck.core.rows import NewRow
from pytest_migcheck.core.table_shape import ColumnShape, ForeignKey, TableShape
from pytest_migcheck.populate.plan import Plan
from pytest_migcheck.populate.plan_parts import PlannedColumn, PlannedTable
from pytest_migcheck.populate.simplify import simplified

ID = PlannedColumn(shape=ColumnShape(name="id", type=23, typmod=-1, type_text="integer"), nullable=False)


def table(name: str, *targets: str) -> PlannedTable:
    keys = tuple(ForeignKey(columns=(t,), target=("public", t), target_columns=("id",)) for t in targets)
    columns = (ID, *(PlannedColumn(shape=ColumnShape(name=t, type=23, typmod=-1, type_text="integer")) for t in targets))
    shape = TableShape(schema="public", name=name, columns=tuple(c.shape for c in columns), foreign_keys=keys)
    return PlannedTable(shape=shape, columns=columns)


def row(name: str, **values: str) -> NewRow:
    return NewRow(("public", name), tuple(values.items()))


def test_one_row_of_many_is_left_with_what_it_refers_to() -> None:
    plan = Plan(tables=(table("team"), table("person", "team"), table("note", "person")), types={})
    numbers = range(40)
    rows = (
        *(row("team", id=f"{n}") for n in numbers),
        *(row("person", id=f"{n}", team=f"{39 - n}") for n in numbers),
        *(row("note", id=f"{n}", person=f"{n}") for n in numbers),
    )
    tried = 0

    def breaks(simpler) -> bool:
        nonlocal tried
        tried += 1
        # What refers to a row that is not there is not let in.
        return {row("team", id="32"), row("person", id="7", team="32")} <= set(simpler)

    assert simplified(rows, plan, breaks) == (row("team", id="32"), row("person", id="7", team="32"))
    assert tried < 40
