"""PostgreSQL cuts names after 63 bytes, without an error.

https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement

_LIMIT = 63


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind.split(" ")[0] not in ("create", "alter"):
        return
    names = (parsed.name, parsed.table, *(action.name for action in parsed.actions))
    for name in dict.fromkeys(part for whole in names for part in whole.split(".")):
        if len(name.encode()) > _LIMIT:
            yield Explained(
                headline=f"{name} is cut to {name.encode()[:_LIMIT].decode(errors='ignore')}",
                fix=f"{code.text(name.encode()[:_LIMIT].decode(errors='ignore'))}  # at most {_LIMIT} bytes",
                object=name,
            )


RULE = Rule(
    name="identifier-too-long",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A name is longer than 63 bytes.",
    condition="a statement names a table, column, index or constraint with more than 63 bytes",
    effect="PostgreSQL cuts it silently: the models disagree for ever, and two names can become one",
    fix="a shorter name",
    bad=(
        Example(
            upgrade="""
                op.execute(
                    "CREATE TABLE "
                    "a_name_that_is_much_longer_than_the_sixty_three_bytes_that_postgresql_keeps "
                    "(a int)"
                )
            """,
        ),
    ),
    good=(
        Example(
            upgrade='op.execute("CREATE TABLE a_name_that_is_short (a int)")',
        ),
    ),
    look=look,
    upgrade_only=True,
)
