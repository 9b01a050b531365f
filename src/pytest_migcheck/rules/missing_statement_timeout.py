"""Work on tables in use, without a limit to how long it may take.

https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-STATEMENT-TIMEOUT
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement

_SETTING = re.compile(r"(?i)\b(statement_timeout|transaction_timeout)\b")


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    locks = context.blocking(statement)
    if locks and not any(_SETTING.search(seen.statement.sql) for seen in context.earlier):
        name = "transaction_timeout" if context.major >= 17 else "statement_timeout"
        yield Explained(
            headline=f"{locks[0].table} is worked through without a statement_timeout",
            fix=code.execute(f"SET LOCAL {name} = '30s'"),
            object=locks[0].table,
            locks=locks,
        )


RULE = Rule(
    name="missing-statement-timeout",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A locked table is read or written without a statement_timeout.",
    condition="a statement scans or rewrites a table under a blocking lock, and the revision sets no statement_timeout",
    effect="a statement that takes longer than anyone thought blocks the table until somebody ends it by hand",
    fix="SET LOCAL statement_timeout (or transaction_timeout, from PostgreSQL 17) at the start of the revision",
    bad=(
        Example(
            upgrade='op.create_index("ix_email", "orders", ["email"])',
            also=("create-index-not-concurrent",),
        ),
    ),
    good=(
        Example(
            upgrade='op.add_column("orders", sa.Column("a", sa.Text))',
        ),
    ),
    look=look,
    off=True,
)
