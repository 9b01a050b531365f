"""CREATE INDEX without CONCURRENTLY on a table that is in use.

https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.finding import Severity
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, indented
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind != "create index" or "CONCURRENTLY" in parsed.flags:
        return
    locks = context.blocking(statement)
    if not locks:
        return
    table = locks[0].table
    name = parsed.name or "the index"
    yield Explained(
        headline=f"building {name} blocks writes to {parsed.table}", fix=_fix(parsed), object=table, locks=locks
    )


def _fix(parsed: ParsedStatement) -> str:
    schema, _, table = parsed.table.rpartition(".")
    columns = ", ".join(f'"{c.strip()}"' if c.strip().replace("_", "").isalnum() else f'sa.text("{c.strip()}")'
                        for c in parsed.columns.split(","))
    arguments = [f'"{parsed.name}"', f'"{table}"', f"[{columns}]"]
    if "UNIQUE" in parsed.flags:
        arguments.append("unique=True")
    if schema:
        arguments.append(f'schema="{schema}"')
    using = next((f.removeprefix("USING ") for f in parsed.flags if f.startswith("USING ")), "")
    if using and using != "btree":
        arguments.append(f'postgresql_using="{using}"')
    arguments.append("postgresql_concurrently=True")
    call = f"op.create_index({', '.join(arguments)})"
    keep = "\n# and keep its WHERE / INCLUDE as you have it" if parsed.flags & {"WHERE", "INCLUDE"} else ""
    return f"with op.get_context().autocommit_block():\n{indented(call)}{keep}"


RULE = Rule(
    name="create-index-not-concurrent",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="An index is built without CONCURRENTLY.",
    condition="CREATE INDEX without CONCURRENTLY on a table that was there before the revision",
    effect="INSERT, UPDATE and DELETE wait until the whole table has been read and the index is built",
    fix="create the index concurrently, in an autocommit block",
    bad=(Example(upgrade='op.create_index("ix_orders_email", "orders", ["email"])'),),
    good=(
        Example(
            upgrade="with op.get_context().autocommit_block():\n"
            '    op.create_index("ix_orders_email", "orders", ["email"], postgresql_concurrently=True)'
        ),
        Example(
            upgrade='op.create_table("fresh", sa.Column("id", sa.Integer), sa.Column("a", sa.Text))\n'
            'op.create_index("ix_fresh_a", "fresh", ["a"])'
        ),
    ),
    look=look,
)
