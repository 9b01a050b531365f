"""A name that needs quotes needs them everywhere.

https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.rules._style import new_columns
from pytest_migcheck.sql.statements import ParsedStatement

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind not in ("create table", "create index", "alter table"):
        return
    columns = (column.name for column in new_columns(parsed) if column.kind == "add column")
    names = (*columns, parsed.name.rpartition(".")[2])
    for name in dict.fromkeys(filter(None, names)):
        if not _PLAIN.fullmatch(name):
            plain = re.sub(r"\W+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)).lower()
            yield Explained(
                headline=f"{name} needs quotes in every statement",
                fix=code.text(plain),
                object=name,
            )


RULE = Rule(
    name="naming",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A name is not in lower case with underscores.",
    condition="a new table, column or index whose name is not a-z, 0-9 and underscore",
    effect="every statement must quote it, and one that does not finds nothing",
    fix="lower case and underscores",
    bad=(
        Example(
            upgrade='op.create_table("OrderItems", sa.Column("a", sa.Text))',
        ),
    ),
    good=(
        Example(
            upgrade='op.create_table("order_items", sa.Column("a", sa.Text))',
        ),
    ),
    look=look,
    off=True,
    upgrade_only=True,
)
