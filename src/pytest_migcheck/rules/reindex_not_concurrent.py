"""REINDEX without CONCURRENTLY blocks readers, too: the planner locks every index of a table.

https://www.postgresql.org/docs/current/sql-reindex.html
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind != "reindex" or "CONCURRENTLY" in parsed.flags:
        return
    locks = context.blocking(statement)
    if locks:
        words = parsed.text.split()
        place = next(n for n, word in enumerate(words) if word.upper() in ("INDEX", "TABLE", "SCHEMA", "DATABASE"))
        concurrent = " ".join((*words[: place + 1], "CONCURRENTLY", *words[place + 1 :]))
        yield Explained(
            headline=f"rebuilding {parsed.name} blocks writes to {locks[0].table}, and the reads that are planned",
            fix=code.autocommit(code.execute(concurrent)),
            object=locks[0].table,
            exact=True,
            locks=locks,
        )


RULE = Rule(
    name="reindex-not-concurrent",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="An index is rebuilt without CONCURRENTLY.",
    condition="REINDEX INDEX or TABLE without CONCURRENTLY, on a table that was there before the revision",
    effect="writers wait for the table, and readers wait as well, because planning a query locks every index",
    fix="REINDEX ... CONCURRENTLY, in an autocommit block",
    bad=(
        Example(
            setup="""
                op.create_table(
                    "orders",
                    sa.Column("id", sa.BigInteger, primary_key=True),
                    sa.Column("email", sa.String(80)),
                )
                op.create_index("ix_orders_email", "orders", ["email"])
            """,
            upgrade='op.execute("REINDEX INDEX ix_orders_email")',
        ),
        Example(
            upgrade="""
                with op.get_context().autocommit_block():
                    op.execute("REINDEX TABLE orders")
            """,
        ),
    ),
    good=(
        Example(
            upgrade="""
                with op.get_context().autocommit_block():
                    op.execute("REINDEX TABLE CONCURRENTLY orders")
            """,
        ),
    ),
    look=look,
    measured=("reindex-index", "reindex-table", "reindex-index-concurrently", "reindex-table-concurrently"),
)
