"""A table that is named without its schema is where search_path says.

https://www.postgresql.org/docs/current/ddl-schemas.html#DDL-SCHEMAS-PATH
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement

_KINDS = frozenset(("create table", "alter table", "drop table", "create index"))


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    names = parsed.names if parsed.kind == "drop table" else (parsed.table,)
    for name in names if parsed.kind in _KINDS else ():
        if "." not in name:
            yield Explained(
                headline=f"{name} is where search_path says",
                fix=f"schema={code.text('public')}  # of {name}",
                object=name,
            )


RULE = Rule(
    name="require-schema",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A table is named without its schema.",
    condition="CREATE, ALTER or DROP TABLE, or CREATE INDEX, of a table without a schema",
    effect="with another search_path another table is made or changed",
    fix='schema="..."',
    bad=(
        Example(
            upgrade='op.add_column("orders", sa.Column("a", sa.Text))',
        ),
    ),
    good=(
        Example(
            upgrade='op.add_column("orders", sa.Column("a", sa.Text), schema="public")',
        ),
    ),
    look=look,
    off=True,
    upgrade_only=True,
)
