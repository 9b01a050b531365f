"""A new enum value comes last unless it is told where, and never moves again.

https://www.postgresql.org/docs/current/sql-altertype.html
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.labels import read_labels
from pytest_migcheck.core.quoting import literal
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _catalog
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    for action in parsed.actions if parsed.kind == "alter type" else ():
        if action.kind == "add value" and not action.flags & {"BEFORE", "AFTER"}:
            yield Explained(
                headline=f"the value {action.name} of {parsed.name} becomes the greatest, without being told so",
                fix=code.execute(f"{parsed.text} AFTER {literal(_last(parsed.name, context))}"),
                object=parsed.name,
            )


def _last(name: str, context: RuleContext) -> str:
    """The last label that an enum had; dots where it is made in the revision itself."""
    enum = _catalog.attributes(context.catalog, _catalog.find(context.catalog, ("type",), name))
    return (read_labels(str(enum.get("labels") or "")) or ["..."])[-1]


RULE = Rule(
    name="enum-add-value-without-position",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="An enum value is added without a position.",
    condition="ALTER TYPE ... ADD VALUE without BEFORE or AFTER",
    effect="values compare in their order, and the order cannot be changed later",
    fix="BEFORE or AFTER another value",
    bad=(
        Example(
            setup="""
                op.execute("CREATE TYPE mood AS ENUM ('ok')")
                op.execute("CREATE TABLE people (id bigint, m mood)")
            """,
            upgrade="op.execute(\"ALTER TYPE mood ADD VALUE 'fine'\")",
            downgrade="raise NotImplementedError",
        ),
    ),
    good=(
        Example(
            setup="""
                op.execute("CREATE TYPE mood AS ENUM ('ok')")
                op.execute("CREATE TABLE people (id bigint, m mood)")
            """,
            upgrade="op.execute(\"ALTER TYPE mood ADD VALUE 'fine' BEFORE 'ok'\")",
            downgrade="raise NotImplementedError",
        ),
    ),
    look=look,
    off=True,
    upgrade_only=True,
)
