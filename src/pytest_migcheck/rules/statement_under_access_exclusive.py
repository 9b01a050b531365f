"""Slow work while a table is locked against its readers by an earlier statement.

https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.lock import LockMode
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    # What changes rows is the business of backfill-with-ddl.
    if context.found or parsed.kind in ("truncate", "update", "delete", "insert"):
        return
    worked_on = {name for name in (*statement.scans, *statement.rewrites) if not context.is_new(name)}
    if not worked_on or context.blocking(statement):
        return
    locks = tuple(
        lock
        for seen in context.same_transaction(statement)
        for lock in context.acquired(seen.statement, LockMode.ACCESS_EXCLUSIVE)
        if lock.kind in ("r", "p")
    )
    if locks:
        yield Explained(
            headline=f"{locks[0].table} stays locked while {', '.join(sorted(worked_on))} is read",
            fix=f"# in a revision of its own\n{code.execute(parsed.text)}",
            object=locks[0].table,
            locks=locks[:1],
        )


RULE = Rule(
    name="statement-under-access-exclusive",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A slow statement runs while a table is locked.",
    condition="a statement scans or rewrites a table while the transaction holds ACCESS EXCLUSIVE on one "
    "from an earlier statement",
    effect="the lock, which alone would last an instant, lasts as long as the slow statement",
    fix="put the slow statement in a revision of its own",
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
                op.add_column("orders", sa.Column("a", sa.Text))
                op.execute("CREATE TABLE copy AS SELECT * FROM users")
            """,
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
            """,
            upgrade="""
                op.execute("CREATE TABLE copy AS SELECT * FROM users")
                op.add_column("orders", sa.Column("a", sa.Text))
            """,
            note="the lock comes last",
        ),
    ),
    look=look,
    last=True,
    measured=("create-table-as", "validate-check"),
)
