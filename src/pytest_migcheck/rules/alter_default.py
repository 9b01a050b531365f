"""SET DEFAULT of another value: running code counts on the old one.

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

_KINDS = frozenset(("set default",))


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind != "alter table" or statement.error is not None or not context.existed(parsed.table):
        return
    for action in parsed.actions:
        if action.kind in _KINDS and _changed(parsed.table, action.name, context):
            yield Explained(
                headline=f"{parsed.table}.{action.name} gets another default than running code expects",
                fix=in_next_release("alter-default", f"code that sets {action.name}", code.execute(parsed.text)),
                object=f"{parsed.table}.{action.name}",
            )


def _changed(table: str, name: str, context: RuleContext) -> bool:
    old, new = context.column(table, name).get("default"), _catalog.column(context.after, table, name).get("default")
    return old is not None and old != new


RULE = Rule(
    name="alter-default",
    severity=Severity.INFO,
    since="0.1.0",
    summary="A column's default changes.",
    condition="SET DEFAULT of a column that had another default before the revision",
    effect="rows that running code inserts get another value than it expects",
    fix="release code that sets the column itself first",
    bad=(
        Example(
            setup='op.create_table("orders", sa.Column("a", sa.Text, server_default="x"))',
            upgrade='op.alter_column("orders", "a", server_default="y")',
        ),
    ),
    good=(
        Example(
            upgrade='op.alter_column("orders", "email", server_default="y")',
        ),
    ),
    look=look,
    upgrade_only=True,
    measured=("set-default",),
)
