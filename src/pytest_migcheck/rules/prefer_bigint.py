"""integer ends at 2 147 483 647.

https://www.postgresql.org/docs/current/datatype-numeric.html
"""

from __future__ import annotations

from pytest_migcheck.rules._rule import Example, Rule, Severity
from pytest_migcheck.rules._style import prefer_type

look = prefer_type(
    frozenset(("integer", "int", "int4", "smallint", "int2", "serial", "smallserial", "serial4", "serial2")),
    "sa.BigInteger",
    "it ends at two thousand million",
)


RULE = Rule(
    name="prefer-bigint",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A column is of type integer or smallint.",
    condition="a new column of type integer, smallint or serial",
    effect="it overflows, and the change to bigint rewrites the table",
    fix="sa.BigInteger",
    bad=(
        Example(
            upgrade='op.create_table("fresh", sa.Column("n", sa.Integer))',
        ),
    ),
    good=(
        Example(
            upgrade='op.create_table("fresh", sa.Column("n", sa.BigInteger))',
        ),
    ),
    look=look,
    off=True,
    upgrade_only=True,
)
