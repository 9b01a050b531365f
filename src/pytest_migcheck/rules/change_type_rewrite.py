"""ALTER COLUMN TYPE that rewrites the table.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.finding import Severity
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _catalog
from pytest_migcheck.rules._releases import changed_type
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    changes = [action for action in parsed.actions if action.kind == "alter type"]
    # Only the server knows which change rewrites.
    if not changes:
        return
    locks = context.blocking_on(statement, parsed.table)
    if not any(lock.table in statement.rewrites for lock in locks):
        return
    linked = _catalog.linked_tables(context.catalog, parsed.table)
    locks += tuple(lock for lock in context.blocking(statement) if lock.table in linked and lock not in locks)
    for change in changes:
        old = context.old_type(parsed.table, change.name)
        yield Explained(
            headline=f"changing {parsed.table}.{change.name}{f' from {old}' if old else ''} to {change.type} "
            f"rewrites {parsed.table} and blocks reads and writes",
            fix=changed_type(parsed.table, change, parsed.actions, context),
            object=f"{locks[0].table}.{change.name}",
            locks=locks,
        )


RULE = Rule(
    name="change-type-rewrite",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A column's type changes in a way that rewrites the table.",
    condition="ALTER COLUMN ... TYPE, and the old values are not stored as the new type wants them",
    effect="nobody can read or write the table until every row and every index has been written anew",
    fix="add a new column, fill it in batches, and swap the names in one short transaction",
    bad=(
        Example(upgrade='op.alter_column("orders", "email", type_=sa.String(40))'),
        Example(
            setup='op.create_table("orders", sa.Column("n", sa.Integer))',
            upgrade='op.alter_column("orders", "n", type_=sa.BigInteger)',
        ),
    ),
    good=(
        Example(upgrade='op.alter_column("orders", "email", type_=sa.String(200))', note="a wider varchar is free"),
        Example(upgrade='op.alter_column("orders", "email", type_=sa.Text)'),
    ),
    look=look,
    measured=(
        "type-int-to-bigint",
        "type-varchar-narrow",
        "type-varchar-widen",
        "type-varchar-to-text",
        "type-text-to-varchar",
        "type-numeric-precision-up",
        "type-numeric-scale-up",
        "type-json-to-jsonb",
        "type-text-to-enum",
        "type-timestamp-to-timestamptz-utc",
        "type-timestamp-to-timestamptz-nonutc",
        "type-timestamp-to-timestamptz-using-utc",
    ),
)
