"""A type change that costs nothing, yet running code reads and writes the old type.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-SET-DATA-TYPE
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _catalog
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._releases import in_next_release
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement

_KINDS = frozenset(("alter type",))


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind != "alter table" or statement.error is not None or not context.existed(parsed.table):
        return
    for action in parsed.actions:
        if action.kind in _KINDS and not statement.rewrites and _other_kind(parsed.table, action.name, context):
            yield Explained(
                headline=f"{parsed.table}.{action.name} changes from "
                f"{context.released_type(parsed.table, action.name)} to {action.type}, "
                "which running code does not expect",
                fix=in_next_release("change-type-compat", "code that reads both", code.execute(parsed.text)),
                object=f"{parsed.table}.{action.name}",
            )


_SAME = {"character varying": "text", "varchar": "text"}


def _other_kind(table: str, name: str, context: RuleContext) -> bool:
    old, new = context.released_type(table, name), str(_catalog.column(context.after, table, name).get("type") or "")
    return bool(old and new) and _kind(old) != _kind(new)


def _kind(type_name: str) -> str:
    plain = " ".join(re.sub(r"\(.*?\)", " ", type_name).split())
    return _SAME.get(plain, plain)


RULE = Rule(
    name="change-type-compat",
    severity=Severity.INFO,
    since="0.1.0",
    summary="A column gets another kind of type.",
    condition="ALTER COLUMN ... TYPE to another kind of type without a rewrite (inet for cidr, timestamptz "
    "for timestamp)",
    effect="running code reads values of another type than it expects",
    fix="release code that reads both first",
    bad=(
        Example(
            setup='op.execute("CREATE TABLE hosts (a cidr)")',
            upgrade='op.execute("ALTER TABLE hosts ALTER a TYPE inet")',
        ),
    ),
    good=(
        Example(
            setup='op.execute("CREATE TABLE hosts (a varchar(10), n numeric(5, 2))")',
            upgrade="""
                op.alter_column("hosts", "a", type_=sa.Text)
                op.alter_column("hosts", "n", type_=sa.Numeric(8, 2))
            """,
        ),
    ),
    look=look,
    upgrade_only=True,
    measured=("type-cidr-to-inet", "type-timestamp-to-timestamptz-utc"),
)
