"""REFRESH MATERIALIZED VIEW without CONCURRENTLY.

https://www.postgresql.org/docs/current/sql-refreshmaterializedview.html
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind != "refresh materialized view" or "CONCURRENTLY" in parsed.flags:
        return
    locks = context.blocking_on(statement, parsed.name)
    if locks:
        refresh = f"REFRESH MATERIALIZED VIEW CONCURRENTLY {code.identifier(parsed.name)}"
        yield Explained(
            headline=f"refreshing {parsed.name} blocks its readers while its query runs",
            fix=f"# it needs a unique index\n{code.execute(refresh)}",
            object=locks[0].table,
            locks=locks,
        )


RULE = Rule(
    name="refresh-matview-not-concurrent",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A materialized view is refreshed without CONCURRENTLY.",
    condition="REFRESH MATERIALIZED VIEW without CONCURRENTLY, of one that was there before the revision",
    effect="nobody can read the view until its query has run and its rows are written",
    fix="REFRESH ... CONCURRENTLY; it needs a unique index over plain columns",
    bad=(
        Example(
            setup="""
                op.create_table(
                    "orders",
                    sa.Column("id", sa.BigInteger, primary_key=True),
                    sa.Column("email", sa.String(80)),
                )
                op.execute("CREATE MATERIALIZED VIEW totals AS SELECT id FROM orders")
            """,
            upgrade='op.execute("REFRESH MATERIALIZED VIEW totals")',
        ),
    ),
    good=(
        Example(
            setup="""
                op.create_table(
                    "orders",
                    sa.Column("id", sa.BigInteger, primary_key=True),
                    sa.Column("email", sa.String(80)),
                )
                op.execute("CREATE MATERIALIZED VIEW totals AS SELECT id FROM orders")
                op.execute("CREATE UNIQUE INDEX ON totals (id)")
            """,
            upgrade='op.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY totals")',
        ),
    ),
    look=look,
    measured=("refresh-matview", "refresh-matview-concurrently"),
)
