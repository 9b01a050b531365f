"""DETACH PARTITION, or DROP TABLE of a partition, locks the partitioned table.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-DETACH-PARTITION
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.lock import LockMode
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _catalog
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    for partition, parent in _leaving(parsed, context):
        locks = tuple(lock for lock in context.held_on(statement, parent) if lock.mode is LockMode.ACCESS_EXCLUSIVE)
        if locks:
            table = code.identifier(parent)
            detach = f"ALTER TABLE {table} DETACH PARTITION {code.identifier(partition)} CONCURRENTLY"
            concurrent = code.autocommit(code.execute(detach))
            short = "# before PostgreSQL 14: keep the wait short\n" + code.short_wait(statement)
            yield Explained(
                headline=f"taking {partition} away blocks reads and writes of {parent}",
                fix=(concurrent if context.major >= 14 else short) + _then(parsed),
                object=locks[0].table,
                locks=locks,
            )


def _then(parsed: ParsedStatement) -> str:
    return f"\n# the next revision\n{code.execute(parsed.text)}" if parsed.kind == "drop table" else ""


def _leaving(parsed: ParsedStatement, context: RuleContext) -> Iterator[tuple[str, str]]:
    for action in parsed.actions if parsed.kind == "alter table" else ():
        if action.kind == "detach partition" and not action.flags & {"CONCURRENTLY", "FINALIZE"}:
            yield action.name, parsed.table
    for name in parsed.names if parsed.kind == "drop table" else ():
        values = _catalog.attributes(context.catalog, context.table_key(name))
        if values.get("partition bound"):
            yield name, str(values["parents"]).replace('"', "")


RULE = Rule(
    name="detach-partition-not-concurrent",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A partition is detached or dropped without CONCURRENTLY.",
    condition="DETACH PARTITION without CONCURRENTLY, or DROP TABLE of a partition that is attached",
    effect="it waits for every query on the partitioned table, and all later ones wait behind it",
    fix="DETACH PARTITION ... CONCURRENTLY in an autocommit block (PostgreSQL 14), then drop the table",
    bad=(
        Example(
            setup="""
                op.execute("CREATE TABLE events (id bigint, day date) PARTITION BY RANGE (day)")
                op.execute(
                    "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')"
                )
            """,
            upgrade='op.execute("ALTER TABLE events DETACH PARTITION events_1")',
        ),
        Example(
            setup="""
                op.execute("CREATE TABLE events (id bigint, day date) PARTITION BY RANGE (day)")
                op.execute(
                    "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')"
                )
            """,
            upgrade='op.drop_table("events_1")',
            also=("drop-table",),
        ),
    ),
    good=(
        Example(
            setup="""
                op.execute("CREATE TABLE events (id bigint, day date) PARTITION BY RANGE (day)")
                op.execute(
                    "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')"
                )
            """,
            upgrade="""
                with op.get_context().autocommit_block():
                    op.execute("ALTER TABLE events DETACH PARTITION events_1 CONCURRENTLY")
            """,
        ),
    ),
    look=look,
    measured=("detach-partition", "detach-partition-concurrently", "drop-partition"),
)
