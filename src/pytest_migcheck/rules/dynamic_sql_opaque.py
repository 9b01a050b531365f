"""A DO block or a call outside of a transaction: its locks are gone when it ends, and its text says nothing.

https://www.postgresql.org/docs/current/sql-do.html
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules._rule import Basis, Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement

_OPAQUE = frozenset(("do", "call", "unrecognised"))


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind not in _OPAQUE or not statement.autocommit or not statement.utility:
        return
    tables = sorted(name for name in statement.scans if not context.is_new(name))
    if tables and not context.blocking(statement):
        yield Explained(
            headline=f"it reads all of {', '.join(tables)}, under a lock that could not be seen",
            fix="# inside the transaction, or as plain statements",
            object=tables[0],
            basis=Basis.OBSERVED,
        )


RULE = Rule(
    name="dynamic-sql-opaque",
    severity=Severity.INFO,
    since="0.1.0",
    summary="SQL that hides what it does runs where its locks cannot be seen.",
    condition="DO, CALL or an unknown statement in autocommit that scans a table",
    effect="nobody can tell whether the table was locked meanwhile",
    fix="run it in the transaction, where the locks are seen, or as plain statements",
    bad=(
        Example(
            setup="""
                op.create_table("orders", sa.Column("id", sa.BigInteger, primary_key=True), sa.Column("a", sa.Text))
                op.execute(
                    "CREATE PROCEDURE require_a() LANGUAGE plpgsql "
                    "AS 'BEGIN ALTER TABLE orders ALTER a SET NOT NULL; END'"
                )
            """,
            upgrade="""
                with op.get_context().autocommit_block():
                    op.execute("CALL require_a()")
            """,
        ),
    ),
    good=(
        Example(
            upgrade="""
                with op.get_context().autocommit_block():
                    op.execute("DO $$ BEGIN EXECUTE 'ALTER TABLE orders ADD a int'; END $$")
            """,
        ),
    ),
    look=look,
    measured=("do-block-ddl",),
)
