"""ALTER COLUMN TYPE that rewrites the table.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.finding import Severity
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, on_table
from pytest_migcheck.sql.statements import Action, ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    changes = [a for a in parsed.actions if a.kind == "alter type"]
    locks = tuple(
        lock for lock in on_table(context.blocking(statement), parsed.table) if lock.table in statement.rewrites
    )
    if not locks:
        return
    for change in changes:
        yield Explained(
            headline=f"changing the type of {parsed.table}.{change.name} to {change.type} rewrites the table "
            "and blocks reads and writes",
            fix=_fix(parsed.table, change),
            object=locks[0].table,
            locks=locks,
        )


def _fix(table: str, change: Action) -> str:
    new = f"{change.name}_new"
    return (
        f'# this revision: a new column, filled by a trigger for new rows\n'
        f'op.execute("ALTER TABLE {table} ADD COLUMN {new} {change.type}")\n'
        f"# then copy {change.name} to {new} in batches, outside a transaction\n"
        f"# then, in one short transaction:\n"
        f'op.execute("ALTER TABLE {table} RENAME COLUMN {change.name} TO {change.name}_old")\n'
        f'op.execute("ALTER TABLE {table} RENAME COLUMN {new} TO {change.name}")'
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
    good=(Example(upgrade='op.alter_column("orders", "email", type_=sa.String(200))'),),
    look=look,
)
