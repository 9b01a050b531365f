"""DROP DEFAULT: an INSERT that leaves the column out gets NULL from now on.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-SET-DROP-DEFAULT
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _catalog
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._releases import in_next_release
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement

_KINDS = frozenset(("drop default",))


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind != "alter table" or statement.error is not None or not context.existed(parsed.table):
        return
    for action in parsed.actions:
        before, after = (_catalog.column(c, parsed.table, action.name) for c in (context.catalog, context.after))
        if action.kind in _KINDS and before.get("default") is not None and after.get("default") is None:
            yield Explained(
                headline=f"an INSERT of running code that leaves {parsed.table}.{action.name} out gets no default any "
                f"more",
                fix=in_next_release("drop-default", f"code that sets {action.name}", code.execute(parsed.text)),
                object=f"{parsed.table}.{action.name}",
            )


RULE = Rule(
    name="drop-default",
    severity=Severity.INFO,
    since="0.1.0",
    summary="A column loses its default.",
    condition="DROP DEFAULT of a column that had one before the revision",
    effect="running code that leaves the column out writes NULL, or fails where it is NOT NULL",
    fix="release code that sets the column first",
    bad=(
        Example(
            setup='op.create_table("orders", sa.Column("a", sa.Text, server_default="x"))',
            upgrade='op.alter_column("orders", "a", server_default=None)',
        ),
    ),
    good=(
        Example(
            upgrade="""
                op.add_column("orders", sa.Column("a", sa.Text, server_default="x"))
                op.alter_column("orders", "a", server_default=None)
            """,
        ),
    ),
    look=look,
    upgrade_only=True,
    measured=("drop-default",),
)
