"""A column of a domain with a constraint is checked, and written, for every row.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _catalog
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import Action, ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    for action in parsed.actions if parsed.kind == "alter table" else ():
        if action.kind != "add column":
            continue
        locks = context.blocking_on(statement, parsed.table)
        domain = _catalog.constrained_domain(context.catalog, action.type)
        if domain is None or not any(lock.table in statement.rewrites for lock in locks):
            continue
        yield Explained(
            headline=f"adding {parsed.table}.{action.name} of the domain {action.type} rewrites {parsed.table} "
            "and blocks reads and writes",
            fix=_fix(parsed.table, replace(action, type=domain), _catalog.domain_checks(context.catalog, action.type)),
            object=f"{locks[0].table}.{action.name}",
            locks=locks,
        )


def _fix(table: str, column: Action, checks: list[str]) -> str:
    names = [f"ck_{code.bare(table)}_{column.name}{n or ''}" for n in range(len(checks))]
    lines = ["# this revision", code.add_column(table, column)]
    for name, check in zip(names, checks, strict=True):
        condition = re.sub(r"\bVALUE\b", code.identifier(column.name), check)
        arguments = (code.text(name), code.text(code.bare(table)), code.text(condition), *code.schema_argument(table))
        lines.append(code.call("create_check_constraint", *arguments, "postgresql_not_valid=True"))
    lines += ["# the next revision"] if checks else []
    return "\n".join((*lines, *(code.validate(table, name) for name in names)))


RULE = Rule(
    name="add-column-constrained-domain",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A column of a domain with a CHECK or NOT NULL is added.",
    condition="ADD COLUMN of a domain that has a constraint, on a table that was there before the revision",
    effect="nobody can read or write the table until every row and every index has been written anew",
    fix="use the domain's base type, and add its CHECK to the table NOT VALID",
    bad=(
        Example(
            setup="""
                op.create_table(
                    "orders",
                    sa.Column("id", sa.BigInteger, primary_key=True),
                    sa.Column("email", sa.String(80)),
                )
                op.execute("CREATE DOMAIN amount AS int CHECK (VALUE > 0)")
            """,
            upgrade='op.execute("ALTER TABLE orders ADD COLUMN total amount")',
        ),
    ),
    good=(
        Example(
            setup="""
                op.create_table(
                    "orders",
                    sa.Column("id", sa.BigInteger, primary_key=True),
                    sa.Column("email", sa.String(80)),
                )
                op.execute("CREATE DOMAIN amount AS int")
            """,
            upgrade='op.execute("ALTER TABLE orders ADD COLUMN total amount")',
        ),
    ),
    look=look,
    measured=("add-column-domain-check-no-default", "add-column-domain-check", "add-column-domain-plain"),
)
