"""TRUNCATE throws all rows away, under a lock that blocks readers.

https://www.postgresql.org/docs/current/sql-truncate.html
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind != "truncate" or "CASCADE" in parsed.flags:
        return
    for name in parsed.names:
        locks = context.held_on(statement, name)
        if locks:
            yield Explained(
                headline=f"TRUNCATE throws away all rows of {name} and blocks reads and writes",
                fix=code.batches(code.delete_all(name), context.key_of(name)),
                object=locks[0].table,
                locks=locks,
            )


RULE = Rule(
    name="truncate-table",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A table in use is emptied.",
    condition="TRUNCATE of a table that was there before the revision",
    effect="all rows are lost, and no downgrade brings them back; readers and writers wait for the transaction",
    fix="DELETE in batches of what is not needed any more",
    bad=(
        Example(
            upgrade='op.execute("TRUNCATE orders")',
        ),
    ),
    good=(
        Example(
            upgrade="""
                op.execute("CREATE TABLE fresh (id bigint)")
                op.execute("TRUNCATE fresh")
            """,
        ),
    ),
    look=look,
    measured=("truncate", "truncate-fk-child"),
)
