"""A statement reads or rewrites a whole table under a lock that blocks others; no named rule explains it.

It is seen on the server, not in the text: DO blocks, functions, domains and partitions hide nothing from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_migcheck.core.finding import Severity
from pytest_migcheck.core.lock import LockMode
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext
from pytest_migcheck.sql.statements import ParsedStatement

_FIX = "split the work: take the lock for an instant, and do the reading or rewriting without it"


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    yield from unexplained(statement, (parsed,), context)


def unexplained(statement: Statement, parts: Sequence[ParsedStatement], context: RuleContext) -> Iterator[Explained]:
    """Yield the tables that a statement works through while others wait, whatever the cause."""
    if parts and all(map(_harmless, parts)):
        return
    locks = context.blocking(statement)
    if not statement.utility:
        # No query takes such a lock itself: a function that it calls does.
        locks = tuple(lock for lock in locks if lock in context.acquired(statement, LockMode.SHARE))
    for table in sorted({lock.table for lock in locks}):
        mine = tuple(lock for lock in locks if lock.table == table)
        strongest = max(lock.mode for lock in mine)
        work = "rewriting" if table in statement.rewrites else "reading all of"
        blocked = "reads and writes" if strongest.blocks_reads else "writes"
        yield Explained(headline=f"{work} {table} blocks {blocked} to it", fix=f"# {_FIX}", object=table, locks=mine)


def _harmless(parsed: ParsedStatement) -> bool:
    # TRUNCATE gets a new file without copying; REFRESH ... CONCURRENTLY lets readers pass.
    return parsed.kind == "truncate" or (parsed.kind == "refresh materialized view" and "CONCURRENTLY" in parsed.flags)


RULE = Rule(
    name="blocking-statement",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A statement scans or rewrites a table while it blocks others.",
    condition="a utility statement scans or rewrites a table that is not new, and holds SHARE or stronger on it",
    effect="everyone who uses the table waits for as long as it takes to read or copy all its rows",
    fix=_FIX,
    bad=(
        Example(
            upgrade="op.execute(\"DO $$ BEGIN EXECUTE 'ALTER TABLE orders ALTER email SET NOT NULL'; END $$\")",
            note="no text names the hazard; the server shows it",
        ),
        Example(
            setup="""
                op.create_table("orders", sa.Column("id", sa.BigInteger, primary_key=True), sa.Column("a", sa.Text))
                op.execute(
                    "CREATE FUNCTION require_a() RETURNS void LANGUAGE plpgsql "
                    "AS 'BEGIN ALTER TABLE orders ALTER a SET NOT NULL; END'"
                )
            """,
            upgrade='op.execute("SELECT require_a()")',
            note="nor is a query harmless whose function changes the schema",
        ),
    ),
    good=(Example(upgrade='op.execute("ALTER TABLE orders SET (fillfactor = 80)")'),),
    look=look,
    measured=("do-block-ddl", "enforce-fk"),
)
