"""A foreign key locks the table that it refers to, even where no row is read.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.lock import LockMode
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind not in ("alter table", "create table") or not context.waits_for_ever(statement):
        return
    # One that reads the rows as well is the business of add-foreign-key-without-not-valid.
    if context.blocking(statement):
        return
    for target in dict.fromkeys(action.target for action in parsed.actions if action.target):
        locks = tuple(lock for lock in context.held_on(statement, target) if lock.mode >= LockMode.SHARE_ROW_EXCLUSIVE)
        if locks and target != parsed.table:
            yield Explained(
                headline=f"the foreign key of {parsed.table} also blocks writes to {target} until the transaction ends",
                fix=code.short_wait(statement),
                object=locks[0].table,
                locks=locks,
            )


RULE = Rule(
    name="foreign-key-locks-referenced-table",
    severity=Severity.INFO,
    since="0.1.0",
    summary="A foreign key also locks the table that it refers to, until the transaction ends.",
    condition="FOREIGN KEY NOT VALID, CREATE TABLE or ADD COLUMN with a key to an older table, and no "
    "lock_timeout is set",
    effect="writes to the referenced table stop until the transaction ends; while it waits for its "
    "lock, they queue behind it",
    fix="set a lock_timeout, and keep the transaction short: one busy table in a revision",
    bad=(
        Example(
            setup="""
                op.create_table("users", sa.Column("id", sa.BigInteger, primary_key=True))
                op.create_table(
                    "orders",
                    sa.Column("id", sa.BigInteger, primary_key=True),
                    sa.Column("user_id", sa.BigInteger),
                )
                op.create_index("ix_user", "orders", ["user_id"])
            """,
            upgrade="""
                op.create_foreign_key(
                    "fk_user", "orders", "users", ["user_id"], ["id"], postgresql_not_valid=True
                )
            """,
        ),
        Example(
            setup='op.create_table("users", sa.Column("id", sa.BigInteger, primary_key=True))',
            upgrade="""
                op.create_table(
                    "items", sa.Column("user_id", sa.BigInteger, sa.ForeignKey("users.id"), index=True)
                )
            """,
        ),
    ),
    good=(
        Example(
            setup='op.create_table("users", sa.Column("id", sa.BigInteger, primary_key=True))',
            upgrade="""
                op.execute("SET LOCAL lock_timeout = '2s'")
                op.create_table(
                    "items", sa.Column("user_id", sa.BigInteger, sa.ForeignKey("users.id"), index=True)
                )
            """,
        ),
    ),
    look=look,
    measured=("add-fk-not-valid", "create-table-with-fk", "add-column-references-no-default"),
)
