"""A limit of varchar(n) is a rule about the data, kept in the type.

https://www.postgresql.org/docs/current/datatype-character.html
"""

from __future__ import annotations

from pytest_migcheck.rules._rule import Example, Rule, Severity
from pytest_migcheck.rules._style import prefer_type

look = prefer_type(
    frozenset(("varchar", "character varying")),
    "sa.Text",
    "text is as fast, and a CHECK can be changed without a rewrite",
)


RULE = Rule(
    name="prefer-text",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A column is of type varchar(n).",
    condition="a new column of type varchar",
    effect="a longer limit is free, a shorter one rewrites the table, and no limit saves space",
    fix="Text, and a CHECK where there is a limit",
    bad=(
        Example(
            upgrade='op.create_table("fresh", sa.Column("a", sa.String(80)))',
        ),
    ),
    good=(
        Example(
            upgrade='op.create_table("fresh", sa.Column("a", sa.Text))',
        ),
    ),
    look=look,
    off=True,
    upgrade_only=True,
)
