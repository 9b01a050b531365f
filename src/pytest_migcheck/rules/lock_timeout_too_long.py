"""A lock_timeout that is longer than users wait.

https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-LOCK-TIMEOUT
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_migcheck.core.lock import LockMode
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement

_LIMIT = 10_000
_UNITS = {"ms": 1, "s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    locks = context.acquired(statement, LockMode.ACCESS_EXCLUSIVE)
    if statement.utility and locks and milliseconds(statement.lock_timeout) > _LIMIT:
        yield Explained(
            headline=f"{locks[0].table} is waited for up to {statement.lock_timeout}, with every query behind it",
            fix=code.short_wait(statement),
            object=locks[0].table,
            locks=locks[:1],
        )


def milliseconds(setting: str) -> int:
    """A setting as ``current_setting`` spells it, such as ``2s``."""
    found = re.fullmatch(r"(\d+)(ms|s|min|h|d)?", setting)
    return int(found[1]) * _UNITS[found[2] or "ms"] if found else 0


RULE = Rule(
    name="lock-timeout-too-long",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A table is locked with a lock_timeout of more than ten seconds.",
    condition="a statement takes ACCESS EXCLUSIVE on a table that was there before, and lock_timeout is over 10 s",
    effect="while it waits for a running query, every later query on the table waits behind it",
    fix="a lock_timeout of a few seconds, and a retry",
    bad=(
        Example(
            upgrade="""
                op.execute("SET LOCAL lock_timeout = '1min'")
                op.add_column("orders", sa.Column("a", sa.Text))
            """,
        ),
    ),
    good=(
        Example(
            upgrade="""
                op.execute("SET LOCAL lock_timeout = '2s'")
                op.add_column("orders", sa.Column("a", sa.Text))
            """,
        ),
    ),
    look=look,
    off=True,
)
