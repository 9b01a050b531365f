"""CREATE INDEX CONCURRENTLY is refused on a partitioned table.

https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _catalog, _partitions
from pytest_migcheck.rules._rule import Basis, Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement

_NOT_SUPPORTED = ("0A000", "42809")


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind not in ("create index", "drop index") or "CONCURRENTLY" not in parsed.flags:
        return
    if statement.error is None or statement.error.sqlstate not in _NOT_SUPPORTED or "ONLY" in parsed.flags:
        return
    if parsed.kind == "create index":
        table = parsed.table
    else:
        key = _catalog.index(context.catalog, parsed.name)
        table = f"{key.schema}.{key.parent}" if key else parsed.name
    build = parsed.kind == "create index"
    yield Explained(
        headline=f"{'building' if build else 'dropping'} {parsed.name or 'an index'} concurrently fails: "
        f"{table} is partitioned",
        fix=_partitions.index(parsed, context) if build else "# without CONCURRENTLY, with a short lock_timeout",
        object=table,
        basis=Basis.CONFIRMED,
    )


RULE = Rule(
    name="concurrently-on-partitioned",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="An index of a partitioned table is built or dropped CONCURRENTLY.",
    condition="CREATE INDEX CONCURRENTLY on a partitioned table, or DROP INDEX CONCURRENTLY of its index",
    effect="PostgreSQL refuses it with 0A000, so the migration fails",
    fix="CREATE INDEX ON ONLY the parent, build it concurrently on each partition, then ALTER INDEX "
    "... ATTACH PARTITION",
    bad=(
        Example(
            setup="""
                op.execute("CREATE TABLE events (id bigint, day date) PARTITION BY RANGE (day)")
                op.execute(
                    "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')"
                )
            """,
            upgrade="""
                with op.get_context().autocommit_block():
                    op.create_index("ix_day", "events", ["day"], postgresql_concurrently=True)
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
                with op.get_context().autocommit_block():
                    op.create_index("ix_day_1", "events_1", ["day"], postgresql_concurrently=True)
            """,
        ),
    ),
    look=look,
    measured=(
        "create-index-concurrently-partitioned",
        "drop-index-concurrently-partitioned",
        "create-index-only-partitioned",
    ),
)
