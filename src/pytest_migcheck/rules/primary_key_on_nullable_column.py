"""PRIMARY KEY USING INDEX on a column that may be NULL: a hidden SET NOT NULL.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT-USING-INDEX
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _catalog
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    for action in parsed.actions if parsed.kind == "alter table" else ():
        if action.kind != "add primary key" or "USING INDEX" not in action.flags:
            continue
        locks = context.blocking_on(statement, parsed.table)
        if locks:
            yield Explained(
                headline=f"making {action.name or 'a primary key'} of {parsed.table} reads all its rows for NULLs "
                "and blocks reads and writes",
                fix=_fix(parsed, context),
                object=locks[0].table,
                locks=locks,
            )


def _fix(parsed: ParsedStatement, context: RuleContext) -> str:
    columns = _catalog.primary_key(context.after, parsed.table)
    nullable = [column for column in columns if not context.column(parsed.table, column).get("not null")]
    recipes = [f"{code.not_null_recipe(parsed.table, column)}\n# the next revision\n" for column in nullable]
    return "".join(recipes) + code.execute(parsed.text)


RULE = Rule(
    name="primary-key-on-nullable-column",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A primary key is made from an index over a column that may be NULL.",
    condition="ADD PRIMARY KEY USING INDEX, and a column of the index is not NOT NULL",
    effect="it sets NOT NULL by itself, so nobody can read or write the table until every row has been looked at",
    fix="set NOT NULL first, by way of a validated CHECK",
    bad=(
        Example(
            setup="""
                op.create_table("orders", sa.Column("id", sa.BigInteger), sa.Column("email", sa.String(80)))
            """,
            upgrade="""
                with op.get_context().autocommit_block():
                    op.create_index("orders_pkey", "orders", ["id"], unique=True, postgresql_concurrently=True)
                op.execute("ALTER TABLE orders ADD CONSTRAINT orders_pkey PRIMARY KEY USING INDEX orders_pkey")
            """,
        ),
    ),
    good=(
        Example(
            setup="""
                op.create_table(
                    "orders", sa.Column("id", sa.BigInteger, nullable=False), sa.Column("email", sa.String(80))
                )
            """,
            upgrade="""
                with op.get_context().autocommit_block():
                    op.create_index("orders_pkey", "orders", ["id"], unique=True, postgresql_concurrently=True)
                op.execute("ALTER TABLE orders ADD CONSTRAINT orders_pkey PRIMARY KEY USING INDEX orders_pkey")
            """,
        ),
    ),
    look=look,
    measured=("add-pk-using-index-nullable", "add-pk-using-index-notnull"),
)
