"""BEGIN, COMMIT or ROLLBACK as text ends the transaction that Alembic believes in.

https://alembic.sqlalchemy.org/en/latest/api/runtime.html#alembic.runtime.migration.MigrationContext.autocommit_block
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    # What a migration asks of the connection is a fault of the stairway: Alembic does not commit what comes after.
    if parsed.kind == "transaction" and not statement.autocommit and not statement.driver_call:
        yield Explained(
            headline=f"{parsed.name} ends or opens a transaction behind Alembic's back",
            fix=code.autocommit("pass  # what must run outside of the transaction"),
            object=context.revision,
        )


RULE = Rule(
    name="transaction-control-in-migration",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A revision runs BEGIN, COMMIT or ROLLBACK itself.",
    condition="BEGIN, COMMIT, ROLLBACK or END as SQL text in a revision",
    effect="what came before is committed although the revision may still fail, and the version table does not know",
    fix="op.get_context().autocommit_block() for what must be outside, or two revisions",
    bad=(
        Example(
            upgrade='op.execute("COMMIT")',
        ),
    ),
    good=(
        Example(
            upgrade="""
                op.execute("SAVEPOINT s")
                op.execute("ROLLBACK TO SAVEPOINT s")
            """,
        ),
    ),
    look=look,
)
