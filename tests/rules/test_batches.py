"""What is advised in place of a statement that changes many rows at once."""

from __future__ import annotations

import pytest

from pytest_migcheck.rules._code import batches
from pytest_migcheck.sql.statements import parse


@pytest.mark.parametrize(
    ("sql", "advised"),
    [
        ("UPDATE t SET a = 1;", "UPDATE t SET a = 1 WHERE id BETWEEN :first AND :last"),
        ("DELETE FROM t WHERE a = 1", "DELETE FROM t WHERE a = 1 AND id BETWEEN :first AND :last"),
        ("UPDATE t SET a = 1 WHERE b OR c", "UPDATE t SET a = 1 WHERE (b OR c) AND id BETWEEN :first AND :last"),
        ("UPDATE t SET a = (SELECT max(x) FROM u)", "UPDATE t SET a = (SELECT max(x) FROM u) WHERE id BETWEEN :first AND :last"),
        ("UPDATE t SET a = 'x :y'::text", "UPDATE t SET a = 'x \\\\:y'::text WHERE id BETWEEN :first AND :last"),
    ],
)
def test_a_plain_statement_is_run_in_ranges_of_the_key(sql: str, advised: str) -> None:
    code = batches(parse(sql), "id")
    assert f'sa.text("{advised}")' in code
    assert "(row_number() OVER (ORDER BY id) - 1) / 10000 AS batch FROM t" in code


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


EXTREMES = """
op.execute('''
    CREATE TABLE t (id bigint PRIMARY KEY, a int, b int);
    INSERT INTO t (id, a) VALUES (-9223372036854775808, 1), (0, 2), (9223372036854775807, 3)
''')
"""


def test_the_ranges_are_of_rows_not_of_numbers(run_example) -> None:
    code = batches(parse("UPDATE t SET b = a"), "id")
    check = "op.execute('DO $$ BEGIN ASSERT (SELECT count(b) FROM t) = 3; END $$')"
    run_example(EXTREMES, f"{code}\n{check}", every=True)
    assert run_example.unfinished == []


def test_a_key_whose_type_has_no_order_is_told_in_words(run_example) -> None:
    table = 'op.create_table("t", sa.Column("id", sa.Uuid, primary_key=True), sa.Column("a", sa.Integer))'
    (finding,) = run_example(table, 'op.execute("UPDATE t SET a = 1")')
    assert dict(finding.details)["fix"] == "# the same update in ranges of a key, each in a transaction of its own"
