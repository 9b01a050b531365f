"""A statement that changes nothing takes its lock all the same.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-COLUMN
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import Action, ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind != "alter table" or not parsed.actions or context.blocking(statement):
        return
    if all(_does_nothing(action, context.column(parsed.table, action.name)) for action in parsed.actions):
        locks = tuple(lock for lock in context.held_on(statement, parsed.table) if lock.mode.blocks_reads)
        if locks:
            yield Explained(
                headline=f"{parsed.actions[0].text} changes nothing and locks {parsed.table} all the same",
                fix="# leave it out; where only some databases have it, look in pg_attribute first",
                object=locks[0].table,
                locks=locks,
            )


def _does_nothing(action: Action, column: Mapping[str, object]) -> bool:
    if action.kind == "add column":
        return "IF NOT EXISTS" in action.flags and bool(column)
    return action.kind == "set not null" and bool(column.get("not null"))


RULE = Rule(
    name="no-op-still-locks",
    severity=Severity.INFO,
    since="0.1.0",
    summary="A statement changes nothing and still locks the table.",
    condition="ADD COLUMN IF NOT EXISTS of a column that exists, or SET NOT NULL of a column that is NOT NULL",
    effect="readers and writers wait for a lock that serves nothing",
    fix="leave it out, or ask the inspector first",
    bad=(
        Example(
            upgrade='op.execute("ALTER TABLE orders ADD COLUMN IF NOT EXISTS email varchar(80)")',
        ),
        Example(
            upgrade='op.alter_column("orders", "id", nullable=False)',
        ),
    ),
    good=(
        Example(
            upgrade='op.execute("ALTER TABLE orders ADD COLUMN IF NOT EXISTS a text")',
        ),
    ),
    look=look,
    measured=("add-column-if-not-exists-present", "set-not-null-already"),
)
