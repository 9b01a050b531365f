"""serial makes a sequence with an owner and rights of its own.

https://wiki.postgresql.org/wiki/Don%27t_Do_This#Don.27t_use_serial
"""

from __future__ import annotations

from pytest_migcheck.rules._rule import Example, Rule, Severity
from pytest_migcheck.rules._style import prefer_type

look = prefer_type(
    frozenset(("serial", "smallserial", "bigserial", "serial4", "serial8", "serial2")),
    "sa.BigInteger, sa.Identity(always=True)",
    "an identity column is the standard and keeps its sequence in step",
)


RULE = Rule(
    name="prefer-identity",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A column is of type serial.",
    condition="a new column of type serial, smallserial or bigserial",
    effect="its sequence has rights and an owner of its own, and anybody may overwrite the number",
    fix="sa.Identity()",
    bad=(
        Example(
            upgrade='op.create_table("fresh", sa.Column("id", sa.BigInteger, primary_key=True))',
        ),
    ),
    good=(
        Example(
            upgrade='op.create_table("fresh", sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True))',
        ),
    ),
    look=look,
    off=True,
    upgrade_only=True,
)
