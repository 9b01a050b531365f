"""ALTER TABLE after rows were changed whose deferred constraints are still to be checked.

https://www.postgresql.org/docs/current/sql-set-constraints.html
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Basis, Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement

_OBJECT_IN_USE = "55006"


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    error = statement.error
    if error is not None and error.sqlstate == _OBJECT_IN_USE and "pending trigger events" in error.message:
        yield Explained(
            headline=f"altering {parsed.table or parsed.name} fails: deferred constraints of its rows "
            "are still to be checked",
            fix=f"{code.execute('SET CONSTRAINTS ALL IMMEDIATE')}\n{code.execute(parsed.text)}",
            object=parsed.table or context.revision,
            basis=Basis.CONFIRMED,
        )


RULE = Rule(
    name="pending-trigger-events",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A table is altered while its deferred constraints wait to be checked.",
    condition="ALTER TABLE fails with 55006 after rows of the table were changed in the same transaction",
    effect="PostgreSQL refuses it, but only where there are rows: an empty database does not show it",
    fix="SET CONSTRAINTS ALL IMMEDIATE before the ALTER, or two revisions",
    bad=(
        Example(
            setup="""
                op.create_table("users", sa.Column("id", sa.BigInteger, primary_key=True))
                op.execute("INSERT INTO users VALUES (1)")
                op.create_table(
                    "orders",
                    sa.Column(
                        "user_id",
                        sa.BigInteger,
                        sa.ForeignKey("users.id", deferrable=True, initially="DEFERRED"),
                        index=True,
                    ),
                )
            """,
            upgrade="""
                op.execute("INSERT INTO orders VALUES (1)")
                op.add_column("orders", sa.Column("a", sa.Text))
            """,
        ),
    ),
    good=(
        Example(
            setup="""
                op.create_table("users", sa.Column("id", sa.BigInteger, primary_key=True))
                op.execute("INSERT INTO users VALUES (1)")
                op.create_table(
                    "orders",
                    sa.Column(
                        "user_id",
                        sa.BigInteger,
                        sa.ForeignKey("users.id", deferrable=True, initially="DEFERRED"),
                        index=True,
                    ),
                )
            """,
            upgrade="""
                op.execute("INSERT INTO orders VALUES (1)")
                op.execute("SET CONSTRAINTS ALL IMMEDIATE")
                op.add_column("orders", sa.Column("a", sa.Text))
            """,
        ),
    ),
    look=look,
)
