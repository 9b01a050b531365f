"""DROP CONSTRAINT: what it kept out may come in from now on.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-DROP-CONSTRAINT
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

_KINDS = frozenset(("drop constraint",))


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind != "alter table" or statement.error is not None or not context.existed(parsed.table):
        return
    for action in parsed.actions:
        if action.kind in _KINDS and _is_lost(parsed.table, action.name, context):
            yield Explained(
                headline=f"nothing checks {action.name} on {parsed.table} any more",
                fix=in_next_release("drop-constraint", "code that does not count on it", code.execute(parsed.text)),
                object=f"{parsed.table}.{action.name}",
            )


_NOT_NULL = re.compile(r'CHECK \(\(?"?(.+?)"? IS NOT NULL\)\)')


def _is_lost(table: str, name: str, context: RuleContext) -> bool:
    before = {
        key.name: str(values["definition"]) for key, values in _catalog.parts(context.catalog, "constraint", table)
    }
    after = {str(values["definition"]) for _, values in _catalog.parts(context.after, "constraint", table)}
    definition = before.get(name)
    if definition is None or _valid(definition) in map(_valid, after):
        return False
    checked = _NOT_NULL.match(definition)
    return not (checked and _catalog.column(context.after, table, checked[1]).get("not null"))


def _valid(definition: str) -> str:
    return definition.removesuffix(" NOT VALID")


RULE = Rule(
    name="drop-constraint",
    severity=Severity.INFO,
    since="0.1.0",
    summary="A constraint is dropped.",
    condition="DROP CONSTRAINT of one that was there before, unless a NOT NULL or another constraint takes its place",
    effect="running code may write rows that nothing checks any more, and bringing the constraint back takes a scan",
    fix="drop it when no code counts on it",
    bad=(
        Example(
            setup="""
                op.create_table(
                    "orders",
                    sa.Column("id", sa.BigInteger, primary_key=True),
                    sa.Column("email", sa.String(80)),
                )
                op.create_check_constraint("ck", "orders", "id > 0")
            """,
            upgrade='op.drop_constraint("ck", "orders")',
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
                op.create_check_constraint("ck", "orders", "email IS NOT NULL")
            """,
            upgrade="""
                op.alter_column("orders", "email", nullable=False)
                op.drop_constraint("ck", "orders")
            """,
            note="NOT NULL takes its place",
        ),
    ),
    look=look,
    upgrade_only=True,
    measured=("drop-constraint-check", "drop-constraint-fk", "drop-constraint-unique", "drop-constraint-pk"),
)
