"""ADD PRIMARY KEY that builds its index itself.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT-USING-INDEX
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules import _partitions
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    for action in parsed.actions if parsed.kind == "alter table" else ():
        if action.kind != "add primary key" or "USING INDEX" in action.flags or statement.rewrites:
            continue
        locks = context.blocking_on(statement, parsed.table)
        if locks:
            name = action.name or f"{code.bare(parsed.table)}_pkey"
            if _partitions.is_partitioned(locks):
                build = _partitions.constraint(parsed.table, name, action, "PRIMARY KEY", context)
            else:
                build = code.constraint_by_index(parsed.table, name, action, "PRIMARY KEY")
            yield Explained(
                headline=f"adding {name} blocks reads and writes of {parsed.table} while its index is built",
                fix=_not_null(parsed.table, action.columns, context) + build,
                object=locks[0].table,
                locks=locks,
            )


def _not_null(table: str, columns: tuple[str, ...], context: RuleContext) -> str:
    nullable = [column for column in columns if not context.column(table, column).get("not null")]
    return "".join(f"{code.not_null_recipe(table, column)}\n# the next revision\n" for column in nullable)


RULE = Rule(
    name="add-primary-key-without-index",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A primary key builds its index under ACCESS EXCLUSIVE.",
    condition="ADD PRIMARY KEY without USING INDEX, or ADD COLUMN ... PRIMARY KEY, on a table that was "
    "there before the revision",
    effect="nobody can read or write the table until all of it has been read, twice where the column "
    "may be NULL, and indexed",
    fix="set NOT NULL first, build a unique index concurrently, then ADD CONSTRAINT ... PRIMARY KEY USING INDEX",
    bad=(
        Example(
            setup="""
                op.create_table("orders", sa.Column("id", sa.BigInteger), sa.Column("email", sa.String(80)))
            """,
            upgrade='op.create_primary_key("orders_pkey", "orders", ["id"])',
        ),
        Example(
            setup="""
                op.create_table(
                    "orders", sa.Column("id", sa.BigInteger, nullable=False), sa.Column("email", sa.String(80))
                )
            """,
            upgrade='op.create_primary_key("orders_pkey", "orders", ["id"])',
        ),
    ),
    good=(
        Example(
            setup="""
                op.create_table(
                    "orders", sa.Column("id", sa.BigInteger, nullable=False), sa.Column("email", sa.String(80))
                )
            """,
            upgrade="""
                with op.get_context().autocommit_block():
                    op.create_index("orders_pkey", "orders", ["id"], unique=True, postgresql_concurrently=True)
                op.execute("ALTER TABLE orders ADD CONSTRAINT orders_pkey PRIMARY KEY USING INDEX orders_pkey")
            """,
        ),
    ),
    look=look,
    measured=("add-pk", "add-pk-nullable-column", "add-pk-using-index-notnull"),
)
