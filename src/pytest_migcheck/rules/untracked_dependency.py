"""A function body is text: PostgreSQL does not know what it uses, and drops it without a word.

https://www.postgresql.org/docs/current/ddl-depend.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Basis, Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement

_KINDS = re.compile(r"drop (function|procedure|table|view|materialized view|sequence|type)")


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if not _KINDS.fullmatch(parsed.kind) or context.after is None or statement.error is not None:
        return
    for name in parsed.names:
        word = re.compile(rf"\b{re.escape(code.bare(name))}\b")
        for key, values in context.after.standing():
            if key.kind in ("function", "procedure") and word.search(str(values.get("definition"))):
                yield Explained(
                    headline=f"{key.name} still uses {name}, which is dropped",
                    fix=f"# change or drop {key.name} first",
                    object=key.qualified,
                    basis=Basis.CONFIRMED,
                )


RULE = Rule(
    name="untracked-dependency",
    severity=Severity.INFO,
    since="0.1.0",
    summary="Something is dropped that a function body names.",
    condition="DROP FUNCTION, TABLE, VIEW, SEQUENCE or TYPE of a name that the body of another function has",
    effect="the function fails when it is called, which no migration and no test of the schema shows",
    fix="change the function first",
    bad=(
        Example(
            setup="""
                op.execute("CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'")
                op.execute(
                    "CREATE FUNCTION two() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN one() + 1; END'"
                )
            """,
            upgrade='op.execute("DROP FUNCTION one()")',
        ),
    ),
    good=(
        Example(
            setup="""
                op.execute("CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'")
                op.execute(
                    "CREATE FUNCTION two() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN one() + 1; END'"
                )
            """,
            upgrade="""
                op.execute("DROP FUNCTION two()")
                op.execute("DROP FUNCTION one()")
            """,
        ),
    ),
    look=look,
    upgrade_only=True,
    measured=("drop-function-trigger-cascade",),
)
