"""A column called type is what mappers read as the class of a row.

https://docs.sqlalchemy.org/en/20/orm/inheritance.html#single-table-inheritance
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.rules._style import new_columns
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    for column in new_columns(parsed) if parsed.kind == "alter table" else ():
        if column.kind == "add column" and column.name == "type" and "DEFAULT" not in column.flags:
            yield Explained(
                headline=f"old rows of {parsed.table} have no type, which a mapper may take for their class",
                fix=code.add_column(parsed.table, replace(column, name="kind")),
                object=f"{parsed.table}.type",
            )


RULE = Rule(
    name="inheritance-column",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A column called type is added to a table in use.",
    condition="ADD COLUMN type to a table that was there before the revision",
    effect="a mapper that takes it for the class of a row fails on every old row, where it is NULL",
    fix="another name, or a server_default for the old rows",
    bad=(
        Example(
            upgrade='op.add_column("orders", sa.Column("type", sa.Text))',
        ),
    ),
    good=(
        Example(
            upgrade='op.add_column("orders", sa.Column("kind", sa.Text))',
        ),
    ),
    look=look,
    off=True,
    upgrade_only=True,
)
