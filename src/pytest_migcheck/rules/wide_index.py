"""An index over many columns serves few queries and costs every write.

https://www.postgresql.org/docs/current/indexes-multicolumn.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement

_LIMIT = 3


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind == "create index" and "UNIQUE" not in parsed.flags and len(parsed.elements) > _LIMIT:
        kept = replace(parsed, elements=parsed.elements[:_LIMIT], include=parsed.elements[_LIMIT:])
        yield Explained(
            headline=f"{parsed.name or 'an index'} of {parsed.table} has {len(parsed.elements)} columns",
            fix=code.autocommit(code.create_index(kept))
            if context.existed(parsed.table)
            else code.create_index(kept, concurrently=False),
            object=parsed.table,
        )


RULE = Rule(
    name="wide-index",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="An index has more than three columns.",
    condition="CREATE INDEX of more than three columns that is not unique",
    effect="it is large, every write keeps it up to date, and few queries use the last columns",
    fix="the columns that select, in their order; others with INCLUDE",
    bad=(
        Example(
            upgrade="""
                op.create_table("fresh", *(sa.Column(c, sa.Text) for c in "abcd"))
                op.create_index("ix", "fresh", ["a", "b", "c", "d"])
            """,
        ),
    ),
    good=(
        Example(
            upgrade="""
                op.create_table("fresh", *(sa.Column(c, sa.Text) for c in "abcd"))
                op.create_index("ix", "fresh", ["a", "b", "c"])
            """,
        ),
    ),
    look=look,
    off=True,
    upgrade_only=True,
)
