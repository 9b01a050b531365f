"""All rows of a table are changed by one statement.

https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-ROWS
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind not in ("update", "delete") or parsed.where or "backfill-with-ddl" in context.found:
        return
    if context.existed(parsed.table) and statement.error is None:
        verb = "updating" if parsed.kind == "update" else "deleting"
        yield Explained(
            headline=f"{verb} all rows of {parsed.table} in one statement keeps every row locked until the last",
            fix=code.batches(parsed, context.key_of(parsed.table)),
            object=parsed.table,
        )


RULE = Rule(
    name="unbatched-backfill",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="All rows of a table are changed by one statement.",
    condition="UPDATE or DELETE without WHERE, of a table that was there before the revision",
    effect="every row stays locked until the last one is written, and the log grows by the whole table",
    fix="batches of key ranges, each in a transaction of its own",
    bad=(
        Example(
            upgrade="op.execute(\"UPDATE orders SET email = 'x'\")",
        ),
        Example(
            upgrade='op.execute("DELETE FROM orders")',
        ),
    ),
    good=(
        Example(
            upgrade="""
                with op.get_context().autocommit_block():
                    op.execute("UPDATE orders SET email = 'x' WHERE id BETWEEN 1 AND 1000")
            """,
        ),
    ),
    look=look,
    last=True,
    measured=("update-all", "delete-all", "update-batch"),
)
