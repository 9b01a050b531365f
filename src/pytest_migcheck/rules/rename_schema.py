"""ALTER SCHEMA ... RENAME: code that is still running knows the old name only.

https://www.postgresql.org/docs/current/sql-alterschema.html
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _catalog
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind != "alter schema" or _catalog.find(context.catalog, ("schema",), parsed.name) is None:
        return
    for action in parsed.actions:
        if action.kind == "rename to":
            yield Explained(
                headline=f"renaming the schema {parsed.name} breaks running code that names it",
                fix=f"{code.execute(f'CREATE SCHEMA {code.identifier(action.name)}')}\n"
                f"# then a view in {parsed.name} for each table that moves",
                object=parsed.name,
            )


RULE = Rule(
    name="rename-schema",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A schema is renamed.",
    condition="ALTER SCHEMA ... RENAME TO",
    effect="every query of running code that names the schema fails at once",
    fix="a new schema, and views in the old one until no running code uses it",
    bad=(
        Example(
            setup='op.execute("CREATE SCHEMA app")',
            upgrade='op.execute("ALTER SCHEMA app RENAME TO main")',
        ),
    ),
    good=(
        Example(
            setup='op.execute("CREATE SCHEMA app")',
            upgrade='op.execute("CREATE SCHEMA main")',
        ),
    ),
    look=look,
    upgrade_only=True,
    measured=("rename-schema",),
)
