"""SET NOT NULL that has to read the whole table.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-SET-DROP-NOT-NULL
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.finding import Direction, Severity
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext
from pytest_migcheck.sql.statements import Action, ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    columns = [name for action in parsed.actions for name in _columns(action)]
    nullable = [name for name in columns if not context.column(parsed.table, name).get("not null")]
    # Where nothing else can have made the scan, an earlier statement of the step has dropped the NOT NULL.
    columns = nullable or (columns if len(columns) == len(parsed.actions) else [])
    # A rewrite reads the table anyway.
    if parsed.kind != "alter table" or not columns or statement.rewrites:
        return
    locks = context.blocking_on(statement, parsed.table)
    if not locks:
        return
    for column in columns:
        yield Explained(
            headline=f"SET NOT NULL on {parsed.table}.{column} blocks reads and writes during a scan",
            fix=_fix(parsed.table, column, statement, context),
            object=f"{locks[0].table}.{column}",
            locks=locks,
        )


def _columns(action: Action) -> tuple[str, ...]:
    if action.kind == "set not null":
        return (action.name,)
    # PostgreSQL 18 spells it as a constraint, too.
    return action.columns if action.kind == "add not null" and "NOT VALID" not in action.flags else ()


def _fix(table: str, column: str, statement: Statement, context: RuleContext) -> str:
    if context.direction is Direction.DOWNGRADE:
        why = "# a downgrade is one revision, so the scan stays; it need not wait for its lock"
        return f"{why}\n{code.short_wait(statement)}"
    return code.not_null_recipe(table, column)


RULE = Rule(
    name="set-not-null-scan",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="SET NOT NULL scans the table under ACCESS EXCLUSIVE.",
    condition="ALTER COLUMN ... SET NOT NULL, and no validated CHECK proves that there are no NULLs",
    effect="nobody can read or write the table until every row has been looked at",
    fix="add a CHECK (column IS NOT NULL) NOT VALID, validate it in the next revision, then SET NOT NULL",
    bad=(Example(upgrade='op.alter_column("orders", "email", nullable=False)'),),
    good=(
        Example(
            setup='op.create_table("orders", sa.Column("id", sa.BigInteger, primary_key=True), '
            'sa.Column("email", sa.String(80)), sa.CheckConstraint("email IS NOT NULL", name="ck"))',
            upgrade='op.alter_column("orders", "email", nullable=False)\nop.drop_constraint("ck", "orders")',
            note="a validated CHECK proves it, so nothing is read",
        ),
        Example(upgrade='op.create_check_constraint("ck", "orders", "email IS NOT NULL", postgresql_not_valid=True)'),
    ),
    look=look,
    measured=(
        "set-not-null",
        "set-not-null-with-valid-check",
        "set-not-null-with-notvalid-check",
        "set-not-null-implied-by-stronger-check",
        "set-not-null-check-gt-zero",
        "set-not-null-and-drop-check-one-stmt",
        "add-not-null-constraint-not-valid",
        "validate-not-null-constraint",
    ),
)
