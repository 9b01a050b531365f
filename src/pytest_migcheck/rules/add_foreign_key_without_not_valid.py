"""ADD FOREIGN KEY that validates at once.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.finding import Severity
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, on_table
from pytest_migcheck.sql.statements import Action, ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    keys = [a for a in parsed.actions if a.kind == "add foreign key" and "NOT VALID" not in a.flags]
    held = on_table(context.blocking(statement), parsed.table)
    if not held:
        return
    for key in keys:
        both = tuple(
            lock for lock in statement.held if lock.mode.blocks_writes and lock.kind in "rp" and lock.preexisting
        )
        name = key.name or "the foreign key"
        yield Explained(
            headline=f"adding {name} blocks writes to {' and '.join(sorted({lock.relation for lock in both}))} "
            "while both tables are read",
            fix=_fix(parsed.table, key),
            object=held[0].table,
            locks=both,
        )


def _fix(table: str, key: Action) -> str:
    name = key.name or "fk_name"
    return (
        f'# this revision\nop.execute("ALTER TABLE {table} {" ".join(key.text.split())} NOT VALID")\n'
        f"# (op.create_foreign_key(..., postgresql_not_valid=True))\n"
        f'# the next revision\nop.execute("ALTER TABLE {table} VALIDATE CONSTRAINT {name}")'
    )


_SETUP = (
    'op.create_table("users", sa.Column("id", sa.BigInteger, primary_key=True))\n'
    'op.create_table("orders", sa.Column("id", sa.BigInteger, primary_key=True), sa.Column("user_id", sa.BigInteger))'
)

RULE = Rule(
    name="add-foreign-key-without-not-valid",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A foreign key is added and validated in one statement.",
    condition="ADD FOREIGN KEY without NOT VALID on a table that was there before the revision",
    effect="INSERT, UPDATE and DELETE on both tables wait until all rows of both have been read",
    fix="add it NOT VALID, and VALIDATE CONSTRAINT in a later revision",
    bad=(Example(setup=_SETUP, upgrade='op.create_foreign_key("fk_user", "orders", "users", ["user_id"], ["id"])'),),
    good=(
        Example(
            setup=_SETUP,
            upgrade='op.create_foreign_key("fk_user", "orders", "users", ["user_id"], ["id"], postgresql_not_valid=True)',
        ),
    ),
    look=look,
)
