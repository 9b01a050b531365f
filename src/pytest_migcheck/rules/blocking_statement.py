"""A statement reads or rewrites a whole table under a lock that blocks others; no named rule explains it."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.finding import Severity
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    # TRUNCATE gets a new file without copying; REFRESH ... CONCURRENTLY lets readers pass.
    if parsed.kind == "truncate" or (parsed.kind == "refresh materialized view" and "CONCURRENTLY" in parsed.flags):
        return
    locks = context.blocking(statement)
    for table in sorted({lock.table for lock in locks}):
        mine = tuple(lock for lock in locks if lock.table == table)
        strongest = max(mine, key=lambda lock: lock.mode)
        work = "rewrites" if table in statement.rewrites else "reads the whole of"
        blocked = "reads and writes" if strongest.mode.blocks_reads else "writes"
        yield Explained(
            headline=f"a statement {work} {table} while it blocks {blocked} to it",
            fix="split the work: take the lock for an instant, and do the reading or rewriting without it",
            object=table,
            locks=mine,
            predicted=False,
        )


RULE = Rule(
    name="blocking-statement",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A statement scans or rewrites a table while it blocks others.",
    condition="a utility statement holds SHARE or stronger on a table that was there before, and scans or rewrites it",
    effect="everyone who uses the table waits for as long as it takes to read or copy all its rows",
    fix="split the work: take the lock for an instant, and do the reading or rewriting without it",
    bad=(Example(upgrade='op.execute("ALTER TABLE orders SET UNLOGGED")'),),
    good=(Example(upgrade='op.execute("ALTER TABLE orders SET (fillfactor = 80)")'),),
    look=look,
)
