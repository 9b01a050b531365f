"""Several statements outside of a transaction: when the second fails, the first has happened.

https://alembic.sqlalchemy.org/en/latest/api/runtime.html#alembic.runtime.migration.MigrationContext.autocommit_block
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if not statement.autocommit or statement.error is not None or not _repeats_badly(parsed):
        return
    earlier = [
        part for seen in context.earlier if seen.statement.autocommit for part in seen.parts if _repeats_badly(part)
    ]
    if len(earlier) == 1:
        yield Explained(
            headline=f"{_name(earlier[0])} stays when {_name(parsed)} fails, and cannot be made again",
            fix="# a revision of its own for each, or if_not_exists=True / if_exists=True",
            object=parsed.table or parsed.name,
        )


def _repeats_badly(parsed: ParsedStatement) -> bool:
    if parsed.kind == "alter table":
        return any(a.kind.startswith("add") and "IF NOT EXISTS" not in a.flags for a in parsed.actions)
    made = parsed.kind.startswith(("create ", "drop "))
    return made and not parsed.flags & {"IF NOT EXISTS", "IF EXISTS", "OR REPLACE"}


def _name(parsed: ParsedStatement) -> str:
    return parsed.name or parsed.table or parsed.kind


RULE = Rule(
    name="not-rerunnable-outside-transaction",
    severity=Severity.INFO,
    since="0.1.0",
    summary="Several statements run outside of a transaction and cannot be run again.",
    condition="a second CREATE, DROP or ALTER ... ADD in autocommit in one revision, without IF [NOT] EXISTS",
    effect="when a later statement fails, the revision is half applied, and running it again fails on what exists",
    fix="one such statement in a revision, or IF [NOT] EXISTS",
    bad=(
        Example(
            upgrade="""
                with op.get_context().autocommit_block():
                    op.create_index("ix_a", "orders", ["email"], postgresql_concurrently=True)
                    op.create_index("ix_b", "orders", ["id"], postgresql_concurrently=True)
            """,
        ),
    ),
    good=(
        Example(
            upgrade="""
                with op.get_context().autocommit_block():
                    op.create_index("ix_a", "orders", ["email"], postgresql_concurrently=True)
                    op.execute("ANALYZE orders")
            """,
        ),
    ),
    look=look,
)
