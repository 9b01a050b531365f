"""Rows are changed in bulk while a table is locked by a change of its schema.

https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.lock import LockMode
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._context import is_named
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement

_KINDS = frozenset(("update", "delete", "insert"))


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind not in _KINDS or not context.existed(parsed.table) or not _in_bulk(statement, parsed, context):
        return
    ran = [seen.statement for seen in context.same_transaction(statement)]
    ran += [statement] if any(part.kind == "alter table" for part in context.preceding) else []
    locks = tuple(
        lock
        for before in ran
        if before.utility
        for lock in context.acquired(before, LockMode.SHARE)
        if lock.kind in ("r", "p")
    )
    if locks:
        yield Explained(
            headline=f"{locks[0].table} stays locked while rows of {parsed.table} are written",
            fix="# in a revision of its own, in batches\n"
            + code.batches(parsed, context.key_of(parsed.table)),
            object=locks[0].table,
            locks=locks[:1],
        )


def _in_bulk(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> bool:
    if parsed.kind == "insert":
        return "SELECT" in parsed.flags and bool(statement.scans)
    return not parsed.where or any(is_named(name, parsed.table) for name in statement.scans)


RULE = Rule(
    name="backfill-with-ddl",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="Rows are filled in the transaction that changed the schema.",
    condition="UPDATE, DELETE or INSERT ... SELECT over a table after DDL on an older table in the same transaction",
    effect="the lock of the DDL, which alone would last an instant, lasts until all rows are written",
    fix="fill the rows in a revision of their own, in batches",
    bad=(
        Example(
            upgrade="""
                op.add_column("orders", sa.Column("locale", sa.Text))
                op.execute("UPDATE orders SET locale = 'en'")
            """,
        ),
        Example(
            upgrade="""
                op.add_column("orders", sa.Column("locale", sa.Text))
                op.execute("UPDATE orders SET locale = 'en' WHERE locale IS NULL")
            """,
        ),
    ),
    good=(
        Example(
            upgrade="op.execute(\"UPDATE orders SET email = 'x' WHERE id = 1\")",
        ),
        Example(
            upgrade="""
                op.create_table("kinds", sa.Column("k", sa.Text))
                op.execute("INSERT INTO kinds VALUES ('a')")
            """,
        ),
        Example(
            upgrade="""
                op.add_column("orders", sa.Column("locale", sa.Text))
                op.execute("UPDATE orders SET locale = 'en' WHERE id = 1")
            """,
            note="one row by its key",
        ),
    ),
    look=look,
    measured=("update-all",),
)
