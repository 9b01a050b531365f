"""TRUNCATE ... CASCADE empties every table with a foreign key to it.

https://www.postgresql.org/docs/current/sql-truncate.html
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.lock import LockMode
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind != "truncate" or "CASCADE" not in parsed.flags:
        return
    locks = tuple(
        lock
        for lock in context.acquired(statement, LockMode.ACCESS_EXCLUSIVE)
        if lock.kind in ("r", "p") and lock.table == lock.relation
    )
    if locks:
        tables = ", ".join(code.bare(lock.table) for lock in locks)
        yield Explained(
            headline=f"TRUNCATE CASCADE throws away all rows of {tables}",
            fix=code.batches(code.delete_all(parsed.name), context.key_of(parsed.name)),
            object=locks[0].table,
            locks=locks,
        )


RULE = Rule(
    name="truncate-cascade",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A table and all that refer to it are emptied.",
    condition="TRUNCATE ... CASCADE of a table that was there before the revision",
    effect="all rows are lost, of tables that the statement does not name as well",
    fix="DELETE in batches of what is not needed any more, table by table",
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
                op.create_foreign_key("fk_user", "orders", "users", ["user_id"], ["id"])
            """,
            upgrade='op.execute("TRUNCATE users CASCADE")',
        ),
    ),
    good=(
        Example(
            setup="""
                op.create_table("users", sa.Column("id", sa.BigInteger, primary_key=True))
                op.create_table(
                    "orders",
                    sa.Column("id", sa.BigInteger, primary_key=True),
                    sa.Column("user_id", sa.BigInteger),
                )
                op.create_index("ix_user", "orders", ["user_id"])
                op.create_foreign_key("fk_user", "orders", "users", ["user_id"], ["id"])
            """,
            upgrade='op.execute("DELETE FROM users WHERE id = 3")',
        ),
    ),
    look=look,
    measured=("truncate-cascade",),
)
