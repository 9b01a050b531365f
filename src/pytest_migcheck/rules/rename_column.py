"""RENAME COLUMN: code that is still running knows the old name only.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-RENAME
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _catalog
from pytest_migcheck.rules._releases import renamed_column
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind not in ("alter table", "alter view") or statement.error is not None:
        return
    table = parsed.table or parsed.name
    for action in parsed.actions if context.existed(table) else ():
        if action.kind != "rename column" or not context.column(table, action.name):
            continue
        new = action.new_name
        # Two columns that swap their names leave both names in use.
        if _catalog.column(context.after, table, action.name) or context.column(table, new):
            continue
        yield Explained(
            headline=f"renaming {table}.{action.name} to {new} breaks running code that uses the old name",
            fix=renamed_column(table, action.name, new, context),
            object=f"{table}.{action.name}",
        )


RULE = Rule(
    name="rename-column",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A column is renamed.",
    condition="RENAME COLUMN of a column that was there before the revision, unless the old name stays in use",
    effect="code of the release that is still running fails at once",
    fix="add a column with the new name, write both, copy the rows in batches, and drop the old one in a later release",
    bad=(
        Example(
            upgrade='op.alter_column("orders", "email", new_column_name="address")',
        ),
    ),
    good=(
        Example(
            upgrade="""
                op.add_column("orders", sa.Column("a", sa.Text))
                op.alter_column("orders", "a", new_column_name="b")
            """,
        ),
        Example(
            setup='op.create_table("orders", sa.Column("n", sa.Integer), sa.Column("n_new", sa.BigInteger))',
            upgrade="""
                op.alter_column("orders", "n", new_column_name="n_old")
                op.alter_column("orders", "n_new", new_column_name="n")
            """,
            note="the name stays in use",
        ),
    ),
    look=look,
    upgrade_only=True,
    measured=("rename-column",),
)
