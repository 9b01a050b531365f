"""DROP INDEX without CONCURRENTLY.

https://www.postgresql.org/docs/current/sql-dropindex.html
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
    if parsed.kind != "drop index" or "CONCURRENTLY" in parsed.flags:
        return
    for name in parsed.names:
        key = _catalog.index(context.catalog, name)
        table = f"{key.schema}.{key.parent}" if key else ""
        locks = tuple(
            lock
            for lock in context.held(statement, LockMode.ACCESS_EXCLUSIVE)
            if lock.table == table and lock.kind in ("r", "p", "m")
        )
        if locks:
            yield Explained(
                headline=f"dropping {name} blocks reads and writes of {code.bare(table)} until it gets its lock",
                fix=_fix(name, parsed, statement, partitioned=locks[0].kind == "p"),
                object=table,
                exact=locks[0].kind != "p" and len(parsed.names) == 1,
                locks=locks,
            )


def _fix(name: str, parsed: ParsedStatement, statement: Statement, *, partitioned: bool) -> str:
    if partitioned:
        refused = "# CONCURRENTLY is refused for an index of a partitioned table: keep the wait short"
        return f"{refused}\n{code.short_wait(statement)}"
    arguments = [code.text(code.bare(name)), *code.schema_argument(name)]
    arguments += ["if_exists=True"] if "IF EXISTS" in parsed.flags else []
    return code.autocommit(code.call("drop_index", *arguments, "postgresql_concurrently=True"))


RULE = Rule(
    name="drop-index-not-concurrent",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="An index is dropped without CONCURRENTLY.",
    condition="DROP INDEX without CONCURRENTLY, of an index that was there before the revision",
    effect="the drop waits for every running query on the table, and all later ones wait behind it",
    fix="drop the index concurrently, in an autocommit block",
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
            upgrade='op.drop_index("ix_orders_email", "orders")',
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
                op.create_index("ix_orders_email", "orders", ["email"])
            """,
            upgrade="""
                with op.get_context().autocommit_block():
                    op.drop_index("ix_orders_email", "orders", postgresql_concurrently=True)
            """,
        ),
        Example(
            upgrade="""
                op.create_table("fresh", sa.Column("a", sa.Text))
                op.create_index("ix", "fresh", ["a"])
                op.drop_index("ix", "fresh")
            """,
        ),
    ),
    look=look,
    measured=("drop-index", "drop-index-concurrently", "drop-index-partitioned"),
)
