"""SET NOT NULL that has to read the whole table.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-SET-DROP-NOT-NULL
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.finding import Severity
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, on_table
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    columns = [a.name for a in parsed.actions if a.kind == "set not null"]
    # A rewrite (ALTER TYPE in the same statement) reads the table anyway; its own rule says so.
    locks = on_table(context.blocking(statement), parsed.table)
    if not columns or not locks or locks[0].table in statement.rewrites:
        return
    for column in columns:
        yield Explained(
            headline=f"SET NOT NULL on {parsed.table}.{column} blocks reads and writes while the table is scanned",
            fix=_fix(parsed.table, column),
            object=locks[0].table,
            locks=locks,
        )


def _fix(table: str, column: str) -> str:
    schema, _, name = table.rpartition(".")
    extra = f', schema="{schema}"' if schema else ""
    check = f"ck_{name}_{column}_not_null"
    return (
        f'# this revision\nop.create_check_constraint("{check}", "{name}", "{column} IS NOT NULL"{extra}, '
        "postgresql_not_valid=True)\n"
        f'# the next revision\nop.execute("ALTER TABLE {table} VALIDATE CONSTRAINT {check}")\n'
        f'# the one after that\nop.alter_column("{name}", "{column}", nullable=False{extra})\n'
        f'op.drop_constraint("{check}", "{name}"{extra})'
    )


RULE = Rule(
    name="set-not-null-scan",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="SET NOT NULL scans the table under ACCESS EXCLUSIVE.",
    condition="ALTER COLUMN ... SET NOT NULL, and no validated CHECK proves that there are no NULLs",
    effect="nobody can read or write the table until every row has been looked at",
    fix="add a CHECK (column IS NOT NULL) NOT VALID, validate it in the next revision, then SET NOT NULL",
    bad=(Example(upgrade='op.alter_column("orders", "email", nullable=False)'),),
    good=(
        Example(
            setup='op.create_table("orders", sa.Column("id", sa.BigInteger, primary_key=True), '
            'sa.Column("email", sa.String(80)), sa.CheckConstraint("email IS NOT NULL", name="ck"))',
            upgrade='op.alter_column("orders", "email", nullable=False)\nop.drop_constraint("ck", "orders")',
        ),
    ),
    look=look,
)
