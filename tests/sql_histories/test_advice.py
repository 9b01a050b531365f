"""Advice is written as Alembic code; for a folder of SQL it is SQL that can be pasted."""

from __future__ import annotations

import pytest

from pytest_migcheck.history.alembic.as_sql import sql_of


@pytest.mark.parametrize(
    ("code", "sql"),
    [
        (
            'op.drop_column("a#b", "c")   # in downgrade()',
            '-- in the script of the way back\nALTER TABLE "a#b" DROP COLUMN c;',
        ),
        ('op.drop_column("a", "b")   # or declare it', "ALTER TABLE a DROP COLUMN b;   -- or declare it"),
        ("op.execute(\"UPDATE a SET b = '50%' WHERE b LIKE '%a'\")", "UPDATE a SET b = '50%' WHERE b LIKE '%a';"),
        ('op.create_table_comment("a", "100%")', "COMMENT ON TABLE a IS '100%';"),
        ('sa.Column("id", sa.BigInteger, primary_key=True)', "id BIGINT PRIMARY KEY"),
        ('sa.Column("a b", sa.BigInteger, sa.Identity(always=True))', '"a b" BIGINT GENERATED ALWAYS AS IDENTITY'),
        ("sa.Column(..., sa.Text, sa.CheckConstraint(\"... IN ('x')\"))", "... TEXT CHECK (... IN ('x'))"),
        ('sa.Column("j", postgresql.JSONB)', "j JSONB"),
        ("with op.get_context().autocommit_block():\n    ...  # what", "-- outside of a transaction\n-- what"),
        ("# a revision of its own for each table", "-- a migration of its own for each table"),
        ("give the column a default", "give the column a default"),
    ],
)
def test_advice_in_code_is_told_as_sql(code: str, sql: str) -> None:
    assert sql_of(code) == sql
