"""A type change that is free in itself, but makes a CHECK, a foreign key or an index be checked or built again.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _catalog
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import Action, ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    changes = [action for action in parsed.actions if action.kind == "alter type"]
    if parsed.kind != "alter table" or not changes or statement.rewrites:
        return
    locks = context.blocking_on(statement, parsed.table)
    if not locks:
        return
    for change in changes:
        yield Explained(
            headline=f"changing {parsed.table}.{change.name} to {change.type} checks its constraints again "
            "and blocks reads and writes",
            fix=_fix(parsed.table, change, context),
            object=f"{locks[0].table}.{change.name}",
            locks=context.blocking(statement),
        )


def _fix(table: str, change: Action, context: RuleContext) -> str:
    checks = [
        (key.name, str(values["definition"]))
        for key, values in _catalog.parts(context.catalog, "constraint", table)
        if values.get("type") in ("c", "f") and re.search(rf"\b{re.escape(change.name)}\b", str(values["definition"]))
    ]
    name, alter = code.identifier(table), f"ALTER TABLE {code.identifier(table)}"
    drops = [code.execute(f"{alter} DROP CONSTRAINT {code.identifier(check)}") for check, _ in checks]
    adds = [
        code.execute(f"ALTER TABLE {name} ADD CONSTRAINT {code.identifier(check)} {definition} NOT VALID")
        for check, definition in checks
    ]
    validations = [code.validate(table, check) for check, _ in checks]
    if not checks:
        return "# a new column and a new index, filled in batches; then swap the names"
    return "\n".join((*drops, code.execute(f"{alter} {change.text}"), *adds, "# the next revision", *validations))


RULE = Rule(
    name="change-type-recheck",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A column's type changes without a rewrite, but its constraints or indexes are done again.",
    condition="ALTER COLUMN ... TYPE of a column with a CHECK, a foreign key, or an index whose order changes",
    effect="nobody can read or write the table until every row has been read; with a foreign key, nor the other table",
    fix="drop the constraint, change the type, add it again NOT VALID, and validate it in a later revision",
    bad=(
        Example(
            setup="""
                op.create_table(
                    "orders",
                    sa.Column("id", sa.BigInteger, primary_key=True),
                    sa.Column("email", sa.String(80)),
                )
                op.create_check_constraint("ck_email", "orders", "email <> ''")
            """,
            upgrade='op.alter_column("orders", "email", type_=sa.String(200))',
        ),
    ),
    good=(
        Example(
            upgrade='op.alter_column("orders", "email", type_=sa.String(200))',
        ),
    ),
    look=look,
    measured=("type-varchar-widen-checked", "type-collation-change", "type-varchar-to-text-indexed"),
)
