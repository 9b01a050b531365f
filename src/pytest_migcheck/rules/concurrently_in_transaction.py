"""A statement that PostgreSQL refuses inside a transaction block.

https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.finding import Severity
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, indented
from pytest_migcheck.sql.statements import ParsedStatement, needs_own_transaction


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    refused = statement.error is not None and statement.error.sqlstate == "25001"
    if not refused and not (statement.transaction is not None and needs_own_transaction(statement.sql)):
        return
    words = " ".join(statement.sql.split())
    what = f"{parsed.name or parsed.table}" or words[:40]
    yield Explained(
        headline=f"{what}: the statement cannot run inside a transaction, and Alembic has one open",
        fix="with op.get_context().autocommit_block():\n" + indented(
            (statement.source.text.strip() if statement.source else f'op.execute("{words}")')
        ),
        object=parsed.table or parsed.name or context.revision,
    )


RULE = Rule(
    name="concurrently-in-transaction",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A CONCURRENTLY statement runs inside a transaction.",
    condition="CREATE / DROP / REINDEX INDEX CONCURRENTLY, VACUUM and the like inside Alembic's transaction",
    effect="PostgreSQL refuses it with 25001, so the migration fails",
    fix="run it in op.get_context().autocommit_block()",
    bad=(
        Example(upgrade='op.create_index("ix_orders_email", "orders", ["email"], postgresql_concurrently=True)'),
    ),
    good=(
        Example(
            upgrade="with op.get_context().autocommit_block():\n"
            '    op.create_index("ix_orders_email", "orders", ["email"], postgresql_concurrently=True)'
        ),
    ),
    look=look,
)
