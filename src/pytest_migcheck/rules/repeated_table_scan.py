"""Several statements read the same table one after the other, where one could do it.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind != "alter table":
        return
    locks = context.blocking_on(statement, parsed.table)
    for seen in context.earlier if locks else ():
        for part in seen.parts:
            if (
                part.kind == "alter table"
                and context.blocking_on(seen.statement, part.table)[:1]
                and (part.table == parsed.table)
            ):
                yield Explained(
                    headline=f"{parsed.table} is read twice, by two ALTER TABLE that could be one",
                    fix=code.execute(
                        f"ALTER TABLE {code.identifier(parsed.table)} "
                        + ", ".join(action.text for action in (*part.actions, *parsed.actions))
                    ),
                    object=locks[0].table,
                    locks=locks,
                )
                return


RULE = Rule(
    name="repeated-table-scan",
    severity=Severity.INFO,
    since="0.1.0",
    summary="Two statements of a revision scan or rewrite the same table.",
    condition="a second ALTER TABLE scans or rewrites a table that an earlier one of the revision has scanned",
    effect="the table is locked twice as long as it has to be",
    fix="one ALTER TABLE with both changes: PostgreSQL reads the table once",
    bad=(
        Example(
            setup='op.create_table("orders", sa.Column("a", sa.Integer), sa.Column("b", sa.Integer))',
            upgrade="""
                op.alter_column("orders", "a", nullable=False)
                op.alter_column("orders", "b", nullable=False)
            """,
            also=("set-not-null-scan",),
        ),
    ),
    good=(
        Example(
            upgrade="""
                op.add_column("orders", sa.Column("a", sa.Text))
                op.add_column("orders", sa.Column("b", sa.Text))
            """,
        ),
    ),
    look=look,
    measured=("multi-action-two-set-not-null", "multi-action-two-type-changes"),
)
