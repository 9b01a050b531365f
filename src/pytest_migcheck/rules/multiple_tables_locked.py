"""Several tables are locked by one transaction, one after the other.

https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-DEADLOCKS
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.lock import LockMode
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    earlier = {
        lock.table
        for seen in context.same_transaction(statement)
        for lock in context.held(seen.statement, LockMode.ACCESS_EXCLUSIVE)
        if lock.kind in ("r", "p")
    }
    own = tuple(
        lock
        for lock in context.acquired(statement, LockMode.ACCESS_EXCLUSIVE)
        if lock.kind in ("r", "p") and lock.table == lock.relation and lock.table not in earlier
    )
    # Once for a transaction: the third table says nothing new.
    if own and len(earlier) == 1 and parsed.kind != "unrecognised":
        (other,) = earlier
        yield Explained(
            headline=f"{own[0].table} is locked while {other} is locked already, both until the transaction ends",
            fix="# a revision of its own for each table",
            object=own[0].table,
            locks=own[:1],
        )


RULE = Rule(
    name="multiple-tables-locked",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="One transaction locks several tables against readers.",
    condition="a statement takes ACCESS EXCLUSIVE on a table while the transaction holds it on another one already",
    effect="the first table stays blocked while the second is waited for, and a query that uses both can deadlock",
    fix="one table in a revision",
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
                op.add_column("users", sa.Column("a", sa.Text))
            """,
        ),
    ),
    good=(
        Example(
            upgrade="""
                op.add_column("orders", sa.Column("a", sa.Text))
                op.create_table("fresh", sa.Column("a", sa.Text))
                op.add_column("fresh", sa.Column("b", sa.Text))
            """,
        ),
    ),
    look=look,
    measured=("add-column-nullable",),
)
