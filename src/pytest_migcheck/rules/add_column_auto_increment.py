"""ADD COLUMN with serial or IDENTITY numbers every row, so it writes every row anew.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import Action, ParsedStatement

_SERIAL = ("serial", "smallserial", "bigserial")


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    for action in parsed.actions if parsed.kind == "alter table" else ():
        if action.kind != "add column" or not _numbers(action):
            continue
        locks = context.blocking_on(statement, parsed.table)
        if locks:
            yield Explained(
                headline=f"adding {parsed.table}.{action.name}, which numbers the rows, rewrites {parsed.table} "
                "and blocks reads and writes",
                fix=_fix(parsed.table, action),
                object=f"{locks[0].table}.{action.name}",
                locks=locks,
            )


def _numbers(action: Action) -> bool:
    return "AS IDENTITY" in action.flags or action.type.lower() in _SERIAL


def _fix(table: str, column: Action) -> str:
    # A sequence is in the schema of its table.
    sequence = code.identifier(f"{table}_{column.name}_seq")
    name = code.identifier(column.name)
    return "\n".join(
        (
            code.add_column(table, replace(column, type="bigint")),
            code.execute(f"CREATE SEQUENCE {sequence} OWNED BY {code.identifier(table)}.{name}"),
            code.execute(f"ALTER TABLE {code.identifier(table)} ALTER COLUMN {name} SET DEFAULT nextval('{sequence}')"),
            "# then fill the old rows in batches, and a unique index concurrently",
        )
    )


RULE = Rule(
    name="add-column-auto-increment",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A serial or identity column is added to a table that is in use.",
    condition="ADD COLUMN of type serial, or GENERATED ... AS IDENTITY, on a table that was there before the revision",
    effect="nobody can read or write the table until every row and every index has been written anew",
    fix="add a nullable BigInteger, a sequence as its default, and fill the old rows in batches",
    bad=(
        Example(
            upgrade='op.execute("ALTER TABLE orders ADD COLUMN number bigserial")',
        ),
        Example(
            upgrade='op.add_column("orders", sa.Column("number", sa.BigInteger, sa.Identity()))',
        ),
    ),
    good=(
        Example(
            upgrade="""
                op.add_column("orders", sa.Column("number", sa.BigInteger))
                op.execute("CREATE SEQUENCE orders_number_seq OWNED BY orders.number")
                op.execute("ALTER TABLE orders ALTER COLUMN number SET DEFAULT nextval('orders_number_seq')")
            """,
        ),
    ),
    look=look,
    measured=("add-column-serial", "add-column-bigserial", "add-column-identity", "add-identity"),
)
