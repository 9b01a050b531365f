"""PostgreSQL's errors on rows, with the advice that fits the statement which failed."""

from __future__ import annotations

import pytest

from pytest_migcheck.checks.data_words import advice
from pytest_migcheck.core.step import StepFailure


@pytest.mark.parametrize(
    ("sqlstate", "message", "expected"),
    [
        ("23505", 'could not create unique index "u"', "before the unique index is made"),
        ("23505", 'duplicate key value violates unique constraint "u"', "that would become alike first"),
        ("23503", 'insert or update on table "o" violates foreign key constraint "f"', "give them a target"),
        (
            "23503",
            'update or delete on table "c" violates foreign key constraint "f" on table "o"\n'
            'DETAIL:  Key (id)=(1) is still referenced from table "o".',
            "delete the rows that refer to it first",
        ),
        ("23514", 'check constraint "k" of relation "o" is violated by some row', "before it is added"),
        ("23514", 'new row for relation "o" violates check constraint "k"', "write what the CHECK allows"),
        ("23P01", 'could not create exclusion constraint "x"', "before the constraint is added"),
        ("23P01", 'conflicting key value violates exclusion constraint "x"', "would exclude each other first"),
    ],
)
def test_the_advice_tells_a_new_constraint_from_one_that_a_write_breaks(sqlstate, message, expected):
    assert expected in advice(StepFailure(sqlstate=sqlstate, message=message, kind="Error", source=None))
