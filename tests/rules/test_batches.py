"""What is advised in place of a statement that changes many rows at once."""

from __future__ import annotations

import pytest

from pytest_migcheck.rules._code import batches
from pytest_migcheck.sql.statements import parse


@pytest.mark.parametrize(
    ("sql", "advised"),
    [
        ("UPDATE t SET a = 1;", "UPDATE t SET a = 1 WHERE id > :a AND id <= :b"),
        ("DELETE FROM t WHERE a = 1", "DELETE FROM t WHERE a = 1 AND id > :a AND id <= :b"),
        ("UPDATE t SET a = 1 WHERE b OR c", "UPDATE t SET a = 1 WHERE (b OR c) AND id > :a AND id <= :b"),
        ("UPDATE t SET a = (SELECT max(x) FROM u)", "UPDATE t SET a = (SELECT max(x) FROM u) WHERE id > :a AND id <= :b"),
        ("UPDATE t SET a = 'x :y'::text", "UPDATE t SET a = 'x \\\\:y'::text WHERE id > :a AND id <= :b"),
    ],
)
def test_a_plain_statement_is_run_in_ranges_of_the_key(sql: str, advised: str) -> None:
    code = batches(parse(sql), "id")
    assert f'sa.text("{advised}")' in code
    assert "SELECT min(id), max(id) FROM t" in code


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("INSERT INTO t SELECT * FROM u", "# the same insert in ranges of id,"),
        ("UPDATE t SET a = u.a FROM u WHERE u.id = t.id", "# the same update in ranges of id,"),
        ("DELETE FROM t USING u WHERE u.id = t.id", "# the same delete in ranges of id,"),
        ("DELETE FROM t WHERE a RETURNING id", "# the same delete in ranges of id,"),
        ("UPDATE t SET a = 1 WHERE id IN (SELECT id FROM t LIMIT 500)", "# the same update again until it changes no row,"),
    ],
)
def test_what_takes_more_than_a_condition_is_told_in_words(sql: str, words: str) -> None:
    assert batches(parse(sql), "id").startswith(words)


def test_negative_numbers_and_an_empty_table_are_in_the_ranges() -> None:
    code = batches(parse("DELETE FROM t"), "id")
    assert "for last in range((lowest or 0) - 1, highest or 0, 10000):" in code
