"""DROP COLUMN: code that is still running selects it by name.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-DROP-COLUMN
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._releases import in_next_release
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement

_KINDS = frozenset(("drop column",))


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind != "alter table" or statement.error is not None or not context.existed(parsed.table):
        return
    table = code.text(code.bare(parsed.table))
    for action in parsed.actions:
        if action.kind in _KINDS and context.column(parsed.table, action.name):
            yield Explained(
                headline=f"dropping {parsed.table}.{action.name} breaks running code that selects it",
                fix=in_next_release(
                    "drop-column",
                    f"the model without {action.name}",
                    code.call("drop_column", table, code.text(action.name), *code.schema_argument(parsed.table)),
                ),
                object=f"{parsed.table}.{action.name}",
            )


RULE = Rule(
    name="drop-column",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A column that running code may use is dropped.",
    condition="DROP COLUMN of a column that was there before the revision",
    effect="SQLAlchemy selects columns by name, so a mapped column that is gone breaks every query at "
    "once; the values are lost",
    fix="take the column out of the model in this release, and drop it in the next",
    bad=(
        Example(
            upgrade='op.drop_column("orders", "email")',
        ),
    ),
    good=(
        Example(
            upgrade="""
                op.add_column("orders", sa.Column("a", sa.Text))
                op.drop_column("orders", "a")
            """,
        ),
        Example(
            upgrade='op.execute("ALTER TABLE orders DROP COLUMN IF EXISTS other")',
        ),
    ),
    look=look,
    upgrade_only=True,
    measured=("drop-column", "drop-column-indexed", "drop-column-fk"),
)
