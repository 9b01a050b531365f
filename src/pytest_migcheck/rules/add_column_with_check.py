"""ADD COLUMN ... CHECK reads every row, even where the column is all NULL.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-COLUMN
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import Action, ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    for action in parsed.actions if parsed.kind == "alter table" else ():
        if action.kind != "add column" or "CHECK" not in action.flags or statement.rewrites:
            continue
        locks = context.blocking_on(statement, parsed.table)
        if locks:
            yield Explained(
                headline=f"adding {parsed.table}.{action.name} with a CHECK blocks reads and writes during a scan",
                fix=_fix(parsed.table, action),
                object=f"{locks[0].table}.{action.name}",
                locks=locks,
            )


def _fix(table: str, column: Action) -> str:
    check = f"ck_{code.bare(table)}_{column.name}"
    add = code.call(
        "create_check_constraint",
        code.text(check),
        code.text(code.bare(table)),
        code.text(f"{column.expression}"),
        *code.schema_argument(table),
        "postgresql_not_valid=True",
    )
    lines = ("# this revision", code.add_column(table, column), add)
    return "\n".join((*lines, "# the next revision", code.validate(table, check)))


RULE = Rule(
    name="add-column-with-check",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A column is added together with a CHECK.",
    condition="ADD COLUMN ... CHECK on a table that was there before the revision",
    effect="nobody can read or write the table until every row has been checked",
    fix="add the column alone, then the CHECK NOT VALID, and validate it in a later revision",
    bad=(
        Example(
            upgrade='op.execute("ALTER TABLE orders ADD COLUMN n int CHECK (n > 0)")',
        ),
    ),
    good=(
        Example(
            upgrade="""
                op.add_column("orders", sa.Column("n", sa.BigInteger))
                op.create_check_constraint("ck_n", "orders", "n > 0", postgresql_not_valid=True)
            """,
        ),
    ),
    look=look,
    measured=("add-column-inline-check", "add-column-inline-check-null"),
)
