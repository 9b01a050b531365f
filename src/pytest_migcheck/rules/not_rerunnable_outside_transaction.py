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
            headline=f"{_left_by(earlier[0])} when the revision runs again after {_doing(parsed)} has failed",
            fix="# a revision of its own for each, or if_not_exists=True / if_exists=True",
            object=parsed.table or parsed.name,
        )


def _repeats_badly(parsed: ParsedStatement) -> bool:
    if parsed.kind == "alter table":
        return any(a.kind.startswith("add") and "IF NOT EXISTS" not in a.flags for a in parsed.actions)
    made = parsed.kind.startswith(("create ", "drop "))
    return made and not parsed.flags & {"IF NOT EXISTS", "IF EXISTS", "OR REPLACE"}


def _left_by(parsed: ParsedStatement) -> str:
    return f"{_named(parsed)} is {'gone' if parsed.kind.startswith('drop ') else 'there'} already"


def _doing(parsed: ParsedStatement) -> str:
    return f"{'dropping' if parsed.kind.startswith('drop ') else 'making'} {_named(parsed)}"


def _named(parsed: ParsedStatement) -> str:
    """What the statement makes or drops, rather than its table."""
    added = next((action for action in parsed.actions if action.kind.startswith("add")), None)
    if parsed.kind != "alter table" or added is None:
        made = ", ".join(parsed.names) or parsed.name
        return made or f"the {parsed.kind.partition(' ')[2]} of {parsed.table}"
    if added.kind == "add column":
        return f"{parsed.table}.{added.name}"
    return added.name or f"the {added.kind.removeprefix('add ')} of {parsed.table}"


RULE = Rule(
    name="not-rerunnable-outside-transaction",
    severity=Severity.INFO,
    since="0.1.0",
    summary="Several statements run outside of a transaction and cannot be run again.",
    condition="a second CREATE, DROP or ALTER ... ADD in autocommit in one revision, without IF [NOT] EXISTS",
    effect="when a later statement fails, the revision is half applied, and running it again fails on what exists, "
    "unless it asks first",
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
