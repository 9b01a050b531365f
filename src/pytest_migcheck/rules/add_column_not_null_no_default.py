"""ADD COLUMN ... NOT NULL without a default: it fails on any row, and scans to find one.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-COLUMN
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.finding import Severity
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, on_table
from pytest_migcheck.sql.statements import Action, ParsedStatement

_FILLED = frozenset(("DEFAULT", "GENERATED", "IDENTITY"))
_SERIAL = ("serial", "smallserial", "bigserial")


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind != "alter table":
        return
    held = on_table(statement.held, parsed.table)
    table = held[0].table if held else parsed.table
    if any(not lock.preexisting for lock in held) or context.is_new(table) or context.is_new(f"public.{table}"):
        return
    for action in parsed.actions:
        if action.kind == "add column" and _breaks(action):
            yield Explained(
                headline=f"adding {parsed.table}.{action.name} NOT NULL without a default fails if the table has a row",
                fix=_fix(parsed.table, action),
                object=table,
                locks=held,
            )


def _breaks(action: Action) -> bool:
    serial = action.type.lower().startswith(_SERIAL)
    return "NOT NULL" in action.flags and not action.flags & _FILLED and not serial


def _fix(table: str, action: Action) -> str:
    schema, _, name = table.rpartition(".")
    extra = f', schema="{schema}"' if schema else ""
    return (
        "# with a constant default (no rewrite since PostgreSQL 11)\n"
        f'op.add_column("{name}", sa.Column("{action.name}", ..., nullable=False, server_default="..."){extra})\n'
        "# or nullable first, backfill, then SET NOT NULL by way of a validated CHECK\n"
        f'op.add_column("{name}", sa.Column("{action.name}", ..., nullable=True){extra})'
    )


RULE = Rule(
    name="add-column-not-null-no-default",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A NOT NULL column is added without a server default.",
    condition="ADD COLUMN ... NOT NULL without DEFAULT, identity or generated, on a table that was there before",
    effect="the migration fails on the first row of production; a disposable database is empty, so nothing shows",
    fix="give it a server_default, or add it nullable, backfill, and set NOT NULL later (default= of Python does not help)",
    bad=(Example(upgrade='op.add_column("orders", sa.Column("total", sa.Integer, nullable=False))'),),
    good=(
        Example(upgrade='op.add_column("orders", sa.Column("total", sa.Integer, nullable=False, server_default="0"))'),
        Example(upgrade='op.add_column("orders", sa.Column("total", sa.Integer))'),
    ),
    look=look,
)
