"""DROP VIEW: code that is still running uses it.

https://www.postgresql.org/docs/current/sql-dropview.html
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _catalog
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._releases import in_next_release
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement

_KINDS = ("drop view", "drop materialized view")


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind not in _KINDS or statement.error is not None:
        return
    for name in parsed.names:
        key = _catalog.find(context.catalog, ("view", "materialized view"), name)
        if key is not None and not context.is_new(key.qualified):
            yield Explained(
                headline=f"dropping {name} breaks running code that uses it",
                fix=in_next_release("drop-view", f"code that does not use {name}", code.execute(parsed.text)),
                object=key.qualified,
            )


RULE = Rule(
    name="drop-view",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A view that running code may use is dropped.",
    condition="DROP VIEW of one that was there before the revision",
    effect="code of the release that is still running fails at once, and what is lost cannot be brought back",
    fix="release code that does not use the view first, and drop it in the release after that",
    bad=(
        Example(
            setup="""
                op.create_table(
                    "orders",
                    sa.Column("id", sa.BigInteger, primary_key=True),
                    sa.Column("email", sa.String(80)),
                )
                op.execute("CREATE VIEW ids AS SELECT id FROM orders")
            """,
            upgrade='op.execute("DROP VIEW ids")',
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
                op.execute("CREATE VIEW ids AS SELECT id FROM orders")
            """,
            upgrade='op.execute("CREATE OR REPLACE VIEW ids AS SELECT id, email FROM orders")',
        ),
    ),
    look=look,
    upgrade_only=True,
    measured=("drop-view", "create-or-replace-view"),
)
