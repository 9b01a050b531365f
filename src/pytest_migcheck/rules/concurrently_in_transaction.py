"""A statement that PostgreSQL refuses inside a transaction block.

https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.finding import Severity
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Basis, Example, Explained, Rule, RuleContext
from pytest_migcheck.sql.statements import ParsedStatement, needs_own_transaction

_ACTIVE_SQL_TRANSACTION = "25001"


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    refused = statement.error is not None and statement.error.sqlstate == _ACTIVE_SQL_TRANSACTION
    if not refused and statement.autocommit:
        return
    # The server may refuse what the text does not show, such as REINDEX of a partitioned table.
    if not needs_own_transaction(parsed.text) and (not refused or needs_own_transaction(statement.sql)):
        return
    yield Explained(
        headline=f"{_what(parsed)} fails: PostgreSQL refuses it inside a transaction",
        fix=code.autocommit(_call(parsed)),
        object=parsed.name or parsed.table or context.revision,
        basis=Basis.CONFIRMED if refused else Basis.PREDICTED,
        exact=True,
    )


def _what(parsed: ParsedStatement) -> str:
    if parsed.kind == "create index":
        return f"building {parsed.name or 'an index'} concurrently on {parsed.table}"
    if parsed.kind == "drop index":
        return f"dropping {', '.join(parsed.names)} concurrently"
    words = " ".join(parsed.text.split())
    return words if len(words) <= 60 else f"{words[:57]}..."


def _call(parsed: ParsedStatement) -> str:
    if parsed.kind == "create index" and parsed.name and not parsed.tail:
        return code.create_index(parsed)
    if parsed.kind == "drop index" and len(parsed.names) == 1:
        if_exists = ("if_exists=True",) if "IF EXISTS" in parsed.flags else ()
        schema = code.schema_argument(parsed.name)
        return code.call(
            "drop_index",
            code.text(code.bare(parsed.name)),
            *schema,
            *if_exists,
            "postgresql_concurrently=True",
        )
    return code.execute(parsed.text)


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
        Example(upgrade='op.execute("VACUUM orders")'),
    ),
    good=(
        Example(
            upgrade="with op.get_context().autocommit_block():\n"
            '    op.create_index("ix_orders_email", "orders", ["email"], postgresql_concurrently=True)'
        ),
        Example(upgrade='with op.get_context().autocommit_block():\n    op.execute("VACUUM orders")'),
    ),
    look=look,
    measured=("create-index-concurrently-in-tx",),
)
