"""CREATE TABLE ... PARTITION OF locks the parent, and reads the default partition.

https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-PARTITION
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
    if parsed.kind != "create table" or "PARTITION OF" not in parsed.flags:
        return
    parent = parsed.names[0]
    locks = tuple(lock for lock in context.held_on(statement, parent) if lock.mode is LockMode.ACCESS_EXCLUSIVE)
    if locks:
        default = tuple(lock for lock in context.blocking(statement) if lock not in locks)
        yield Explained(
            headline=f"creating {parsed.name} as a partition blocks reads and writes of {parent}",
            fix=_fix(parsed.name, parent, parsed.tail, context),
            object=locks[0].table,
            locks=(*locks, *default),
        )


def _fix(name: str, parent: str, bounds: str, context: RuleContext) -> str:
    partition, table = code.identifier(name), code.identifier(parent)
    condition = _catalog.partition_condition(context.catalog, parent, bounds)
    check = "# and a CHECK that equals the bounds, so that nothing is read"
    return "\n".join(
        (
            code.execute(f"CREATE TABLE {partition} (LIKE {table} INCLUDING ALL)"),
            check if condition is None else code.bounds_check(name, condition, valid=True),
            code.execute(f"ALTER TABLE {table} ATTACH PARTITION {partition} {bounds}"),
        )
    )


RULE = Rule(
    name="create-partition-locks-parent",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A partition is created in place, which locks the partitioned table.",
    condition="CREATE TABLE ... PARTITION OF a table that was there before the revision",
    effect="it waits for every query on the partitioned table, and all later ones wait behind it; a "
    "default partition is read",
    fix="create the table alone, with a CHECK equal to the bounds, then ATTACH PARTITION",
    bad=(
        Example(
            setup="""
                op.execute("CREATE TABLE events (id bigint, day date) PARTITION BY RANGE (day)")
                op.execute(
                    "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')"
                )
            """,
            upgrade="""
                op.execute(
                    "CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')"
                )
            """,
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
                op.execute("CREATE TABLE events_2 (LIKE events INCLUDING ALL)")
                op.execute(
                    "ALTER TABLE events ATTACH PARTITION events_2 FOR VALUES FROM "
                    "('2026-01-01') TO ('2027-01-01')"
                )
            """,
        ),
    ),
    look=look,
    measured=("create-table-partition-of", "create-table-partition-of-with-default"),
)
