"""IF NOT EXISTS is satisfied with an index that a failed build has left INVALID.

https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind != "create index" or not parsed.flags >= {"CONCURRENTLY", "IF NOT EXISTS"}:
        return
    if context.existed(parsed.table) and not statement.error:
        drop = code.call("drop_index", code.text(parsed.name), "if_exists=True", "postgresql_concurrently=True")
        create = code.create_index(replace(parsed, text=parsed.text.replace("IF NOT EXISTS ", "")))
        yield Explained(
            headline=f"a failed build of {parsed.name} is never repaired: IF NOT EXISTS takes the invalid index",
            fix=code.autocommit(f"{drop}\n{create}"),
            object=parsed.table,
        )


RULE = Rule(
    name="concurrent-index-if-not-exists",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="CREATE INDEX CONCURRENTLY IF NOT EXISTS takes an invalid index for a good one.",
    condition="CREATE INDEX CONCURRENTLY with IF NOT EXISTS",
    effect="a build that failed leaves an INVALID index; the retry does nothing, and no query ever uses the index",
    fix="drop what a failed build left first, then create the index without IF NOT EXISTS",
    bad=(
        Example(
            upgrade="""
                with op.get_context().autocommit_block():
                    op.create_index(
                        "ix_email", "orders", ["email"], postgresql_concurrently=True, if_not_exists=True
                    )
            """,
        ),
    ),
    good=(
        Example(
            upgrade="""
                with op.get_context().autocommit_block():
                    op.drop_index("ix_email", "orders", postgresql_concurrently=True, if_exists=True)
                    op.create_index("ix_email", "orders", ["email"], postgresql_concurrently=True)
            """,
        ),
    ),
    look=look,
    measured=("create-index-concurrently",),
)
