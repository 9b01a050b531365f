"""ALTER TYPE ... RENAME VALUE: code that is still running writes the old label.

https://www.postgresql.org/docs/current/sql-altertype.html
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _catalog
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind != "alter type" or _catalog.find(context.catalog, ("type",), parsed.name) is None:
        return
    for action in parsed.actions:
        if action.kind == "rename value" and statement.error is None:
            new = action.tail.partition(" ")[2]
            add = code.execute(f"ALTER TYPE {code.identifier(parsed.name)} ADD VALUE {new}")
            yield Explained(
                headline=f"renaming the value {action.name} of {parsed.name} breaks running code that writes it",
                fix=code.autocommit(add) + "\n# then move the rows in batches, and leave the old value",
                object=parsed.name,
            )


RULE = Rule(
    name="rename-enum-value",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A value of an enum is renamed.",
    condition="ALTER TYPE ... RENAME VALUE of a type that was there before the revision",
    effect="running code that reads or writes the old label fails",
    fix="add the new value, move the rows, and leave the old one",
    bad=(
        Example(
            setup="""
                op.execute("CREATE TYPE mood AS ENUM ('ok')")
                op.execute("CREATE TABLE people (id bigint, m mood)")
            """,
            upgrade="op.execute(\"ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'\")",
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
            """,
            downgrade="raise NotImplementedError",
        ),
    ),
    look=look,
    upgrade_only=True,
    measured=("enum-rename-value",),
)
