"""ADD UNIQUE that builds its index itself.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT-USING-INDEX
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _catalog, _partitions
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._added import column_of_key
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import Action, ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    for action in parsed.actions if parsed.kind == "alter table" else ():
        if statement.rewrites or not _builds(action):
            continue
        locks = context.blocking_on(statement, parsed.table)
        if locks:
            columns = action.columns or (action.name,)
            name = action.name if action.kind == "add unique" else ""
            name = name or _name(parsed.table, columns, context)
            column = column_of_key(statement, parsed, action, context)
            partitioned = _partitions.is_partitioned(locks)
            if partitioned:
                build = _partitions.constraint(parsed.table, name, action, "UNIQUE", context)
            else:
                build = code.constraint_by_index(parsed.table, name, action, "UNIQUE")
            yield Explained(
                headline=f"adding {name} blocks reads and writes of {parsed.table} while its index is built",
                fix=column + build,
                object=locks[0].table,
                exact=not column and len(parsed.actions) == 1 and not partitioned,
                locks=locks,
            )


def _builds(action: Action) -> bool:
    if action.kind == "add column":
        return "UNIQUE" in action.flags
    return action.kind == "add unique" and "USING INDEX" not in action.flags


def _name(table: str, columns: tuple[str, ...], context: RuleContext) -> str:
    """The name that the server gives to a nameless one."""
    made = _catalog.made_constraint(context.catalog, context.after, table, "u", columns)
    return made or "_".join((code.bare(table), *columns, "key"))


RULE = Rule(
    name="add-unique-without-index",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A UNIQUE constraint builds its index under ACCESS EXCLUSIVE.",
    condition="ADD UNIQUE without USING INDEX, or ADD COLUMN ... UNIQUE, on a table that was there before the revision",
    effect="nobody can read or write the table until all of it has been read and the index is built",
    fix="build a unique index concurrently, then ADD CONSTRAINT ... UNIQUE USING INDEX",
    bad=(
        Example(
            upgrade='op.create_unique_constraint("uq_email", "orders", ["email"])',
        ),
        Example(
            upgrade='op.add_column("orders", sa.Column("code", sa.Text, unique=True))',
            note="Alembic adds the constraint in a statement of its own",
        ),
        Example(
            upgrade='op.execute("ALTER TABLE orders ADD COLUMN code text UNIQUE")',
        ),
    ),
    good=(
        Example(
            upgrade="""
                with op.get_context().autocommit_block():
                    op.create_index("uq_email", "orders", ["email"], unique=True, postgresql_concurrently=True)
                op.execute("ALTER TABLE orders ADD CONSTRAINT uq_email UNIQUE USING INDEX uq_email")
            """,
        ),
        Example(
            upgrade="""
                op.create_table("fresh", sa.Column("a", sa.Text))
                op.create_unique_constraint("uq_a", "fresh", ["a"])
            """,
        ),
    ),
    look=look,
    measured=("add-unique", "add-column-unique", "add-unique-using-index", "add-unique-partitioned"),
)
