"""timestamp without time zone is a clock on a wall nobody knows.

https://www.postgresql.org/docs/current/datatype-datetime.html
"""

from __future__ import annotations

from pytest_migcheck.rules._rule import Example, Rule, Severity
from pytest_migcheck.rules._style import prefer_type

look = prefer_type(
    frozenset(("timestamp", "timestamp without time zone")),
    "sa.DateTime(timezone=True)",
    "it does not say which moment it means",
)


RULE = Rule(
    name="prefer-timestamptz",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A column is of type timestamp without time zone.",
    condition="a new column of type timestamp without time zone",
    effect="the same value means another moment in every session's time zone",
    fix="sa.DateTime(timezone=True)",
    bad=(
        Example(
            upgrade='op.create_table("fresh", sa.Column("a", sa.DateTime))',
        ),
    ),
    good=(
        Example(
            upgrade='op.create_table("fresh", sa.Column("a", sa.DateTime(timezone=True)))',
        ),
    ),
    look=look,
    off=True,
    upgrade_only=True,
)
