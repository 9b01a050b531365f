"""A stored generated column is computed for every row when it is added.

https://www.postgresql.org/docs/current/ddl-generated-columns.html
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import Action, ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    for action in parsed.actions if parsed.kind == "alter table" else ():
        if not _computes(action):
            continue
        locks = context.blocking_on(statement, parsed.table)
        if any(lock.table in statement.rewrites for lock in locks):
            yield Explained(
                headline=f"computing {parsed.table}.{action.name} for every row rewrites {parsed.table} "
                "and blocks reads and writes",
                fix=_fix(parsed.table, action, context),
                object=f"{locks[0].table}.{action.name}",
                locks=locks,
            )


def _computes(action: Action) -> bool:
    generated = action.kind == "add column" and "GENERATED" in action.flags and "AS IDENTITY" not in action.flags
    return generated or action.kind == "set expression"


def _fix(table: str, column: Action, context: RuleContext) -> str:
    if context.major >= 18 and column.kind == "add column":
        return code.execute(f"ALTER TABLE {code.identifier(table)} {column.text.replace('STORED', 'VIRTUAL')}")
    plain = code.add_column(table, column) if column.kind == "add column" else "# a new plain column"
    return f"{plain}\n# then a trigger that computes it for new rows, and batches for the old ones"


RULE = Rule(
    name="add-column-stored-generated",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A stored generated column is added, or its expression changed.",
    condition="ADD COLUMN ... GENERATED ALWAYS AS (...) STORED, or SET EXPRESSION, on a table that was "
    "there before the revision",
    effect="nobody can read or write the table until every row and every index has been written anew",
    fix="on PostgreSQL 18 a VIRTUAL column; before it, a plain column that a trigger keeps, filled in batches",
    bad=(
        Example(
            upgrade="""
                op.add_column(
                    "orders", sa.Column("twice", sa.BigInteger, sa.Computed("id * 2", persisted=True))
                )
            """,
        ),
    ),
    good=(
        Example(
            upgrade="""
                op.execute("ALTER TABLE orders ADD COLUMN twice bigint GENERATED ALWAYS AS (id * 2) VIRTUAL")
            """,
            version=18,
        ),
        Example(
            upgrade='op.add_column("orders", sa.Column("twice", sa.BigInteger))',
        ),
    ),
    look=look,
    measured=("add-column-generated-stored", "add-column-generated-virtual", "set-expression"),
)
