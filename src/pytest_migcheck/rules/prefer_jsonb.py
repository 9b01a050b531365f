"""json is the text as it came: no equality, no index.

https://www.postgresql.org/docs/current/datatype-json.html
"""

from __future__ import annotations

from pytest_migcheck.rules._rule import Example, Rule, Severity
from pytest_migcheck.rules._style import prefer_type

look = prefer_type(
    frozenset(("json",)),
    "postgresql.JSONB",
    "jsonb can be compared and indexed",
)


RULE = Rule(
    name="prefer-jsonb",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A column is of type json.",
    condition="a new column of type json",
    effect="it has no equality, so DISTINCT and GROUP BY fail on it, and no index",
    fix="postgresql.JSONB",
    bad=(
        Example(
            upgrade='op.create_table("fresh", sa.Column("a", sa.JSON))',
        ),
    ),
    good=(
        Example(
            upgrade='op.execute("CREATE TABLE fresh (a jsonb)")',
        ),
    ),
    look=look,
    off=True,
    upgrade_only=True,
)
