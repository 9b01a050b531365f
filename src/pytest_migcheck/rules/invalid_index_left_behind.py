"""A concurrent build that fails leaves an INVALID index, which only costs.

https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.catalog import Catalog
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Basis, Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind not in ("create index", "reindex") or statement.error is None or context.after is None:
        return
    before = context.catalog or Catalog()
    for key, values in context.after.apart_from(before).items():
        if key.kind == "index" and values.get("valid") is False and (before.get(key) or {}).get("valid") is not False:
            drop = code.call("drop_index", code.text(key.name), "postgresql_concurrently=True")
            yield Explained(
                headline=f"the failed build leaves {key.name} on {key.parent} INVALID",
                fix=code.autocommit(drop),
                object=f"{key.schema}.{key.name}",
                basis=Basis.OBSERVED,
            )


RULE = Rule(
    name="invalid-index-left-behind",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A failed concurrent build leaves an invalid index.",
    condition="CREATE INDEX or REINDEX CONCURRENTLY failed, and an index is INVALID afterwards",
    effect="every write keeps the index up to date, and no query uses it",
    fix="drop the invalid index concurrently, remove the cause (duplicates, most often), and build it again",
    bad=(
        Example(
            setup="""
                op.create_table(
                    "orders",
                    sa.Column("id", sa.BigInteger, primary_key=True),
                    sa.Column("email", sa.String(80)),
                )
                op.execute("INSERT INTO orders VALUES (1, 'a'), (2, 'a')")
            """,
            upgrade="""
                with op.get_context().autocommit_block():
                    op.create_index("uq_email", "orders", ["email"], unique=True, postgresql_concurrently=True)
            """,
        ),
    ),
    good=(
        Example(
            upgrade="""
                with op.get_context().autocommit_block():
                    op.create_index("uq_email", "orders", ["email"], unique=True, postgresql_concurrently=True)
            """,
        ),
    ),
    look=look,
    measured=("create-unique-index-concurrently-fails",),
)
