"""char(n) pads with blanks and compares without them.

https://www.postgresql.org/docs/current/datatype-character.html
"""

from __future__ import annotations

from pytest_migcheck.rules._rule import Example, Rule, Severity
from pytest_migcheck.rules._style import prefer_type

look = prefer_type(
    frozenset(("char", "character", "bpchar")),
    "sa.Text",
    "it is padded with blanks",
)


RULE = Rule(
    name="ban-char",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A column is of type char(n).",
    condition="a new column of type char, character or bpchar",
    effect="values are padded with blanks, which some functions see and others do not",
    fix="Text, and a CHECK on the length",
    bad=(
        Example(
            upgrade='op.create_table("fresh", sa.Column("a", sa.CHAR(3)))',
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
