"""A new value of an enum cannot be used before the transaction that added it is committed.

https://www.postgresql.org/docs/current/sql-altertype.html#SQL-ALTERTYPE-NOTES
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Basis, Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement

_UNSAFE_NEW_VALUE = "55P04"


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    refused = statement.error is not None and statement.error.sqlstate == _UNSAFE_NEW_VALUE
    for seen in context.same_transaction(statement):
        for part in seen.parts if not refused else ():
            yield from _used_too_early(statement, parsed, part, context)
    if refused:
        yield Explained(
            headline="a new enum value is used before it is committed",
            fix=_fix(*_named(statement)),
            object=parsed.table or context.revision,
            basis=Basis.CONFIRMED,
        )


def _named(statement: Statement) -> tuple[str, str]:
    """Type and value, from the server's message."""
    message = statement.error.message if statement.error else ""
    found = re.search(r'"(?P<label>.+?)" of enum type "?(?P<type>\S+?)"?(\s|$)', message)
    return (found["type"], found["label"]) if found else ("...", "...")


def _used_too_early(
    statement: Statement, parsed: ParsedStatement, added: ParsedStatement, context: RuleContext
) -> Iterator[Explained]:
    # The server may be newer than the one in production: from 17 on a type of the same transaction is exempt.
    if context.major >= 17 or added.kind != "alter type" or parsed.kind in ("alter type", "unrecognised"):
        return
    for action in added.actions:
        if action.kind == "add value" and f"'{action.name}'" in statement.sql:
            yield Explained(
                headline=f"the value {action.name} of {added.name} is used before it is committed",
                fix=_fix(added.name, action.name),
                object=added.name,
            )


def _fix(type_name: str, label: str) -> str:
    return code.autocommit(code.execute(f"ALTER TYPE {type_name} ADD VALUE '{label}'"))


RULE = Rule(
    name="enum-value-used-in-same-transaction",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A new enum value is used in the transaction that adds it.",
    condition="ALTER TYPE ... ADD VALUE, and a later statement of the same transaction uses the value",
    effect="PostgreSQL refuses it with 55P04, so the migration fails",
    fix="add the value in a revision of its own, or in an autocommit block",
    bad=(
        Example(
            setup="""
                op.execute("CREATE TYPE mood AS ENUM ('ok')")
                op.execute("CREATE TABLE people (id bigint, m mood)")
            """,
            upgrade="""
                op.execute("ALTER TYPE mood ADD VALUE 'fine'")
                op.execute("UPDATE people SET m = 'fine' WHERE id = 1")
            """,
            downgrade="raise NotImplementedError",
        ),
    ),
    good=(
        Example(
            setup="""
                op.execute("CREATE TYPE mood AS ENUM ('ok')")
                op.execute("CREATE TABLE people (id bigint, m mood)")
            """,
            upgrade="""
                with op.get_context().autocommit_block():
                    op.execute("ALTER TYPE mood ADD VALUE 'fine'")
                op.execute("UPDATE people SET m = 'fine' WHERE id = 1")
            """,
            downgrade="raise NotImplementedError",
        ),
    ),
    look=look,
    measured=("enum-add-value", "enum-add-value-then-use-in-tx"),
)
