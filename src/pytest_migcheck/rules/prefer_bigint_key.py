"""A key of type integer ends at 2 147 483 647, and changing it rewrites the table and all that refer to it.

https://www.postgresql.org/docs/current/datatype-numeric.html
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.rules._style import base_type, column_as, new_columns
from pytest_migcheck.sql.statements import ParsedStatement

_SMALL = frozenset(("integer", "int", "int4", "smallint", "int2", "serial", "smallserial", "serial4", "serial2"))


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    keys = [action.columns for action in parsed.actions if action.kind == "add primary key"]
    for column in new_columns(parsed):
        alone = column.kind == "add column" and ("PRIMARY KEY" in column.flags or (column.name,) in keys)
        if alone and base_type(column) in _SMALL and statement.error is None:
            yield Explained(
                headline=f"the key {parsed.table}.{column.name} is {column.type} and ends at two thousand million",
                fix=column_as(parsed, column, "sa.BigInteger"),
                object=f"{parsed.table}.{column.name}",
            )


RULE = Rule(
    name="prefer-bigint-key",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A primary key is of type integer.",
    condition="a new primary key of one column of type integer, smallint or serial",
    effect="when it overflows every INSERT fails, and the change to bigint rewrites the table and all that refer to it",
    fix="sa.BigInteger",
    bad=(
        Example(
            upgrade='op.create_table("fresh", sa.Column("id", sa.Integer, primary_key=True))',
        ),
    ),
    good=(
        Example(
            upgrade='op.create_table("fresh", sa.Column("id", sa.BigInteger, primary_key=True))',
        ),
        Example(
            upgrade="""
                op.create_table(
                    "fresh",
                    sa.Column("a", sa.Integer, primary_key=True),
                    sa.Column("b", sa.Integer, primary_key=True),
                )
            """,
        ),
    ),
    look=look,
    upgrade_only=True,
)
