"""An extension is updated or dropped, with all that belongs to it.

https://www.postgresql.org/docs/current/sql-alterextension.html
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _catalog
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind not in ("alter extension", "drop extension") or statement.error is not None:
        return
    if _catalog.find(context.catalog, ("extension",), parsed.name) is not None:
        yield Explained(
            headline=f"the extension {parsed.name} changes under running code",
            fix=f"# first: SELECT * FROM pg_available_extension_versions WHERE name = '{parsed.name}'",
            object=parsed.name,
        )


RULE = Rule(
    name="extension-change",
    severity=Severity.INFO,
    since="0.1.0",
    summary="An extension in use changes.",
    condition="ALTER EXTENSION ... UPDATE, or DROP EXTENSION",
    effect="functions and types that running code and stored objects use change or go; production may lack the version",
    fix="check first that production has the version, and what depends on it",
    bad=(
        Example(
            setup='op.execute("CREATE EXTENSION pg_trgm")',
            upgrade='op.execute("DROP EXTENSION pg_trgm")',
        ),
    ),
    good=(
        Example(
            upgrade='op.execute("CREATE EXTENSION pg_trgm")',
        ),
    ),
    look=look,
    upgrade_only=True,
)
