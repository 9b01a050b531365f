"""DROP SCHEMA: code that is still running uses it.

https://www.postgresql.org/docs/current/sql-dropschema.html
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _catalog
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._releases import in_next_release
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement

_KINDS = ("drop schema",)


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind not in _KINDS or statement.error is not None:
        return
    for name in parsed.names:
        key = _catalog.find(context.catalog, ("schema",), name)
        if key is not None and not context.is_new(key.qualified):
            yield Explained(
                headline=f"dropping {name} breaks running code that uses it",
                fix=in_next_release("drop-schema", f"code that does not use {name}", code.execute(parsed.text)),
                object=key.qualified,
            )


RULE = Rule(
    name="drop-schema",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A schema that running code may use is dropped.",
    condition="DROP SCHEMA of one that was there before the revision",
    effect="code of the release that is still running fails at once, and what is lost cannot be brought back",
    fix="release code that does not use the schema first, and drop it in the release after that",
    bad=(
        Example(
            setup='op.execute("CREATE SCHEMA app")',
            upgrade='op.execute("DROP SCHEMA app")',
        ),
    ),
    good=(
        Example(
            upgrade="""
                op.execute("CREATE SCHEMA app")
                op.execute("DROP SCHEMA IF EXISTS other")
            """,
        ),
    ),
    look=look,
    upgrade_only=True,
    measured=("drop-schema-cascade",),
)
