"""DROP TABLE: code that is still running uses it.

https://www.postgresql.org/docs/current/sql-droptable.html
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _catalog
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._releases import in_next_release
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement

_KINDS = ("drop table",)


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind not in _KINDS or statement.error is not None:
        return
    for name in parsed.names:
        key = _catalog.find(context.catalog, _catalog.TABLES, name)
        if key is not None and not context.is_new(key.qualified):
            yield Explained(
                headline=f"dropping {name} breaks running code that uses it",
                fix=in_next_release("drop-table", f"code that does not use {name}", code.execute(parsed.text)),
                object=key.qualified,
            )


RULE = Rule(
    name="drop-table",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A table that running code may use is dropped.",
    condition="DROP TABLE of one that was there before the revision",
    effect="code of the release that is still running fails at once, and what is lost cannot be brought back",
    fix="release code that does not use the table first, and drop it in the release after that",
    bad=(
        Example(
            upgrade='op.drop_table("orders")',
        ),
    ),
    good=(
        Example(
            upgrade="""
                op.create_table("fresh", sa.Column("a", sa.Text))
                op.drop_table("fresh")
            """,
        ),
        Example(
            upgrade='op.execute("DROP TABLE IF EXISTS nothing")',
        ),
    ),
    look=look,
    upgrade_only=True,
    measured=("drop-table", "drop-table-with-fk", "drop-referenced-table-cascade"),
)
