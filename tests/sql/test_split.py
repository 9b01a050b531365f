"""Scripts are cut where PostgreSQL would cut them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_migcheck.sql.split import split
from pytest_migcheck.sql.tokens import words


@pytest.mark.parametrize(
    ("script", "statements"),
    [
        ("", ()),
        (" ; ;", ()),
        ("-- only a comment", ()),
        ("SELECT 1", ("SELECT 1",)),
        ("SELECT 1; SELECT 2;", ("SELECT 1", "SELECT 2")),
        ("SELECT 'a;b'; SELECT $$c;d$$", ("SELECT 'a;b'", "SELECT $$c;d$$")),
        ('SELECT "a;b" /* ; */ -- ;\n; SELECT 2', ('SELECT "a;b" /* ; */ -- ;', "SELECT 2")),
        ("DO $f$ BEGIN PERFORM 1; END $f$; SELECT 2", ("DO $f$ BEGIN PERFORM 1; END $f$", "SELECT 2")),
        ("VACUUM a; REINDEX TABLE b; LOCK c", ("VACUUM a", "REINDEX TABLE b", "LOCK c")),
        ("BEGIN; SELECT 1; END; SELECT 2", ("BEGIN", "SELECT 1", "END", "SELECT 2")),
        (
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 3",
            (
                "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END",
                "SELECT 3",
            ),
        ),
        (
            "CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT 2); SELECT 3",
            ("CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT 2)", "SELECT 3"),
        ),
        ("SELECT 'never closed; SELECT 2", ("SELECT 'never closed; SELECT 2",)),
    ],
)
def test_split(script: str, statements: tuple[str, ...]) -> None:
    assert split(script) == statements


_PIECES = st.sampled_from(["SELECT", "BEGIN", "ATOMIC", "END", "(", ")", ";", "'a;'", '"b"', "$$;$$", "--c\n", "x"])


@given(st.lists(_PIECES).map(" ".join) | st.text())
def test_nothing_is_lost_and_nothing_raises(script: str) -> None:
    position = 0
    left = ""
    for statement in split(script):
        found = script.find(statement, position)
        assert found >= 0
        left += script[position:found]
        position = found + len(statement)
    # Whatever is in no statement separates statements, or is a statement of comments alone.
    assert not words((left + script[position:]).replace(";", " "))
