"""VALIDATE CONSTRAINT while a stronger lock of the same transaction is still held.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _catalog
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    actions = parsed.actions if parsed.kind == "alter table" else ()
    if not actions or any(action.kind != "validate constraint" for action in actions):
        return
    locks = context.blocking_on(statement, parsed.table)
    if not locks:
        return
    parents = {t for action in actions for t in _catalog.referenced_tables(context.after, parsed.table, action.name)}
    blocked = tuple(lock for lock in context.blocking(statement) if lock.table in parents and lock not in locks)
    for action in actions:
        yield Explained(
            headline=f"validating {action.name} reads {parsed.table} under the {locks[0].mode.label} "
            "lock of an earlier statement",
            fix=f"# in a revision of its own\n{code.validate(parsed.table, action.name)}",
            object=locks[0].table,
            locks=(*locks, *blocked),
        )


RULE = Rule(
    name="validate-in-same-transaction",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A constraint is validated in the transaction that added it.",
    condition="VALIDATE CONSTRAINT while the transaction holds SHARE ROW EXCLUSIVE or more on the table "
    "from an earlier statement",
    effect="the scan of VALIDATE, which alone would block nobody, runs under the lock of the statement before it",
    fix="validate in the next revision, or in an autocommit block after the transaction of this one",
    bad=(
        Example(
            upgrade="""
                op.create_check_constraint("ck_email", "orders", "email <> ''", postgresql_not_valid=True)
                op.execute("ALTER TABLE orders VALIDATE CONSTRAINT ck_email")
            """,
        ),
    ),
    good=(
        Example(
            setup="""
                op.create_table(
                    "orders",
                    sa.Column("id", sa.BigInteger, primary_key=True),
                    sa.Column("email", sa.String(80)),
                )
                op.create_check_constraint("ck_email", "orders", "email <> ''", postgresql_not_valid=True)
            """,
            upgrade='op.execute("ALTER TABLE orders VALIDATE CONSTRAINT ck_email")',
        ),
        Example(
            upgrade="""
                op.create_check_constraint("ck_email", "orders", "email <> ''", postgresql_not_valid=True)
                with op.get_context().autocommit_block():
                    op.execute("ALTER TABLE orders VALIDATE CONSTRAINT ck_email")
            """,
            note="an autocommit block commits what came before it",
        ),
    ),
    look=look,
    measured=("validate-check", "validate-fk"),
)
