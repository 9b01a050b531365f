"""DDL on tables in use, without a limit to the wait for the lock.

https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-LOCK-TIMEOUT
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.lock import LockMode
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if not statement.utility or not context.waits_for_ever(statement):
        return
    locks = tuple(
        lock
        for lock in context.acquired(statement, LockMode.ACCESS_EXCLUSIVE)
        if lock.kind in ("r", "p") and lock.table == lock.relation
    )
    if locks:
        yield Explained(
            headline=f"{locks[0].table} is locked without a lock_timeout",
            fix=code.short_wait(statement),
            object=locks[0].table,
            locks=locks,
        )


RULE = Rule(
    name="missing-lock-timeout",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A table is locked without a lock_timeout.",
    condition="a statement takes ACCESS EXCLUSIVE on a table that was there before, and lock_timeout is 0 "
    "at that moment",
    effect="while it waits for a running query, every later query on the table waits behind it",
    fix="set lock_timeout in env.py (options=-c lock_timeout=2000), or SET LOCAL lock_timeout in the "
    "revision; and retry",
    bad=(
        Example(
            upgrade='op.add_column("orders", sa.Column("a", sa.Text))',
        ),
    ),
    good=(
        Example(
            upgrade="""
                op.execute("SET LOCAL lock_timeout = '2s'")
                op.add_column("orders", sa.Column("a", sa.Text))
            """,
        ),
    ),
    look=look,
    off=True,
    measured=("add-column-nullable", "lock-table"),
)
