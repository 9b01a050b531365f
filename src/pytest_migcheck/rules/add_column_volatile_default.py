"""ADD COLUMN ... DEFAULT with a volatile function writes every row anew.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _catalog
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import Action, ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    for action in parsed.actions if parsed.kind == "alter table" else ():
        if action.kind != "add column" or "DEFAULT" not in action.flags or "GENERATED" in action.flags:
            continue
        locks = context.blocking_on(statement, parsed.table)
        # That it is rewritten is seen on the server, which knows the volatility; now() does not do it.
        rewritten = any(lock.table in statement.rewrites for lock in locks)
        if rewritten and not _catalog.constrained_domain(context.catalog, action.type):
            yield Explained(
                headline=f"adding {parsed.table}.{action.name} with a volatile default rewrites {parsed.table} "
                "and blocks reads and writes",
                fix=_fix(parsed.table, action),
                object=f"{locks[0].table}.{action.name}",
                locks=locks,
            )


def _fix(table: str, column: Action) -> str:
    alter = f"ALTER TABLE {code.identifier(table)} ALTER COLUMN {code.quoted(column.name)} SET DEFAULT {column.default}"
    return "\n".join(
        (
            code.add_column(table, column),
            "# for new rows only: nothing is rewritten",
            code.execute(alter),
            "# then fill the old rows in batches, each in its own transaction",
        )
    )


RULE = Rule(
    name="add-column-volatile-default",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A column is added with a default that differs from row to row.",
    condition="ADD COLUMN ... DEFAULT with a VOLATILE function (random(), gen_random_uuid(), "
    "clock_timestamp(), nextval())",
    effect="nobody can read or write the table until every row and every index has been written anew",
    fix="add the column without a default, set the default in a second statement, and fill the old rows in batches",
    bad=(
        Example(
            upgrade="""
                op.add_column(
                    "orders", sa.Column("token", sa.Uuid, server_default=sa.text("gen_random_uuid()"))
                )
            """,
        ),
        Example(
            upgrade='op.execute("ALTER TABLE orders ADD COLUMN seen timestamptz DEFAULT clock_timestamp()")',
        ),
    ),
    good=(
        Example(
            upgrade="""
                op.add_column(
                    "orders", sa.Column("seen", sa.DateTime(timezone=True), server_default=sa.func.now())
                )
            """,
        ),
        Example(
            upgrade="""
                op.add_column("orders", sa.Column("token", sa.Uuid))
                op.execute("ALTER TABLE orders ALTER COLUMN token SET DEFAULT gen_random_uuid()")
            """,
        ),
    ),
    look=look,
    measured=(
        "add-column-clock-timestamp-default",
        "add-column-uuid-volatile-default",
        "add-column-now-default",
        "add-column-const-default",
    ),
)
