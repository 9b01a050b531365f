"""LOCK TABLE keeps a table locked until the transaction ends.

https://www.postgresql.org/docs/current/sql-lock.html
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind != "lock table":
        return
    for name in parsed.names:
        locks = tuple(lock for lock in context.held_on(statement, name) if lock.mode.blocks_writes)
        if locks:
            yield Explained(
                headline=f"LOCK TABLE {locks[0].mode.blocked} of {name} until the transaction ends",
                fix="# leave it out: each statement takes the lock that it needs",
                object=locks[0].table,
                locks=locks,
            )


RULE = Rule(
    name="explicit-lock-table",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A table is locked by hand.",
    condition="LOCK TABLE of a table that was there before the revision, in a mode that blocks reads or writes",
    effect="everything that the mode blocks waits until the whole transaction ends",
    fix="leave it out: each statement takes the lock that it needs",
    bad=(
        Example(
            upgrade='op.execute("LOCK TABLE orders")',
        ),
        Example(
            upgrade='op.execute("LOCK TABLE orders IN SHARE MODE")',
        ),
    ),
    good=(
        Example(
            upgrade='op.execute("LOCK TABLE orders IN ACCESS SHARE MODE")',
        ),
    ),
    look=look,
    measured=("lock-table",),
)
