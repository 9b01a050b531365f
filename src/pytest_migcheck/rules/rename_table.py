"""RENAME TO: code that is still running knows the old name only.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-RENAME
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _catalog
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement

_KINDS = frozenset(("alter table", "alter view", "alter materialized view"))


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind not in _KINDS or statement.error is not None:
        return
    table = parsed.table or parsed.name
    for action in parsed.actions:
        if action.kind != "rename to" or not context.existed(table):
            continue
        before = _catalog.find(context.catalog, _catalog.RELATIONS, table)
        if before is not None and _catalog.find(context.after, _catalog.RELATIONS, before.qualified) is None:
            old, new = code.identifier(table), code.identifier(action.name)
            yield Explained(
                headline=f"renaming {table} to {action.name} breaks running code that uses the old name",
                fix=f"{code.execute(parsed.text)}\n{code.execute(f'CREATE VIEW {old} AS SELECT * FROM {new}')}",
                object=table,
            )


RULE = Rule(
    name="rename-table",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A table or view is renamed.",
    condition="ALTER TABLE or VIEW ... RENAME TO, and nothing has the old name when the revision has ended",
    effect="code of the release that is still running fails at once",
    fix="keep a view with the old name until no running code uses it",
    bad=(
        Example(
            upgrade='op.rename_table("orders", "purchases")',
        ),
    ),
    good=(
        Example(
            upgrade="""
                op.rename_table("orders", "purchases")
                op.execute("CREATE VIEW orders AS SELECT * FROM purchases")
            """,
        ),
    ),
    look=look,
    upgrade_only=True,
    measured=("rename-table",),
)
