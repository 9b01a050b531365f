"""The values of an enum can be added and renamed, never removed.

https://www.postgresql.org/docs/current/datatype-enum.html
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind == "create type" and "ENUM" in parsed.flags:
        yield Explained(
            headline=f"the enum {parsed.name} can never lose a value",
            fix=f"sa.Column(..., sa.Text, sa.CheckConstraint({code.text(_condition(parsed))}))",
            object=parsed.name,
        )


def _condition(parsed: ParsedStatement) -> str:
    return f"... IN ({', '.join(repr(label) for label in parsed.elements)})"


RULE = Rule(
    name="avoid-enum",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="An enum type is created.",
    condition="CREATE TYPE ... AS ENUM",
    effect="a value can never be removed, and a new one needs care in transactions",
    fix="Text with a CHECK, or a table of values",
    bad=(
        Example(
            upgrade="op.execute(\"CREATE TYPE mood AS ENUM ('ok')\")",
        ),
    ),
    good=(
        Example(
            upgrade='op.create_table("fresh", sa.Column("a", sa.Text, sa.CheckConstraint("a IN (\'ok\')")))',
        ),
    ),
    look=look,
    off=True,
    upgrade_only=True,
)
