"""SET SCHEMA: code that is still running looks for the table where it was.

https://www.postgresql.org/docs/current/sql-altertable.html
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _catalog
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement

_KINDS = frozenset(("set schema",))


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind != "alter table" or statement.error is not None or not context.existed(parsed.table):
        return
    for action in parsed.actions:
        if action.kind in _KINDS and not _stays(parsed.table, context):
            yield Explained(
                headline=f"moving {parsed.table} to {action.name} breaks running code that looks for it where it was",
                fix=f"{code.execute(parsed.text)}\n" + code.execute(_view(parsed.table, action.name)),
                object=parsed.table,
            )


def _stays(table: str, context: RuleContext) -> bool:
    before = _catalog.find(context.catalog, _catalog.RELATIONS, table)
    found = [_catalog.find(context.after, _catalog.RELATIONS, before.qualified)] if before else []
    return any(key is not None for key in found)


def _view(table: str, schema: str) -> str:
    return f"CREATE VIEW {code.identifier(table)} AS SELECT * FROM {schema}.{code.identifier(code.bare(table))}"


RULE = Rule(
    name="set-schema",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A table is moved to another schema.",
    condition="ALTER TABLE ... SET SCHEMA of a table that was there before the revision, without a view in its place",
    effect="code of the release that is still running fails at once",
    fix="leave a view in the old schema until no running code uses it",
    bad=(
        Example(
            setup="""
                op.create_table(
                    "orders",
                    sa.Column("id", sa.BigInteger, primary_key=True),
                    sa.Column("email", sa.String(80)),
                )
                op.execute("CREATE SCHEMA app")
            """,
            upgrade='op.execute("ALTER TABLE orders SET SCHEMA app")',
        ),
    ),
    good=(
        Example(
            setup="""
                op.create_table(
                    "orders",
                    sa.Column("id", sa.BigInteger, primary_key=True),
                    sa.Column("email", sa.String(80)),
                )
                op.execute("CREATE SCHEMA app")
            """,
            upgrade="""
                op.execute("ALTER TABLE orders SET SCHEMA app")
                op.execute("CREATE VIEW orders AS SELECT * FROM app.orders")
            """,
        ),
    ),
    look=look,
    upgrade_only=True,
    measured=("set-schema",),
)
