"""DROP NOT NULL: code that is still running does not expect NULL.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-SET-DROP-NOT-NULL
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _catalog
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._releases import in_next_release
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement

_KINDS = frozenset(("drop not null",))


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind != "alter table" or statement.error is not None or not context.existed(parsed.table):
        return
    for action in parsed.actions:
        after = _catalog.column(context.after, parsed.table, action.name)
        nullable = context.column(parsed.table, action.name).get("not null") and not after.get("not null")
        if action.kind in _KINDS and nullable:
            yield Explained(
                headline=f"{parsed.table}.{action.name} may be NULL, which running code does not expect",
                fix=in_next_release("drop-not-null", "code that can read NULL", code.execute(parsed.text)),
                object=f"{parsed.table}.{action.name}",
            )


RULE = Rule(
    name="drop-not-null",
    severity=Severity.INFO,
    since="0.1.0",
    summary="A column may be NULL from now on.",
    condition="DROP NOT NULL of a column that was there before the revision",
    effect="running code that reads the column may meet NULL",
    fix="release code that can read NULL first",
    bad=(
        Example(
            setup='op.create_table("orders", sa.Column("a", sa.Text, nullable=False))',
            upgrade='op.alter_column("orders", "a", nullable=True)',
        ),
    ),
    good=(
        Example(
            upgrade="""
                op.add_column("orders", sa.Column("a", sa.Text, nullable=False, server_default=""))
                op.alter_column("orders", "a", nullable=True)
            """,
        ),
    ),
    look=look,
    upgrade_only=True,
    measured=("drop-not-null",),
)
