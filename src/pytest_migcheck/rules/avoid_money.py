"""money is spelt as lc_monetary says.

https://www.postgresql.org/docs/current/datatype-money.html
"""

from __future__ import annotations

from pytest_migcheck.rules._rule import Example, Rule, Severity
from pytest_migcheck.rules._style import prefer_type

look = prefer_type(
    frozenset(("money",)),
    "sa.Numeric(12, 2)",
    "its meaning depends on lc_monetary",
)


RULE = Rule(
    name="avoid-money",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A column is of type money.",
    condition="a new column of type money",
    effect="its text depends on a setting of the server, and it has no currency",
    fix="sa.Numeric",
    bad=(
        Example(
            upgrade='op.execute("CREATE TABLE fresh (a money)")',
        ),
    ),
    good=(
        Example(
            upgrade='op.create_table("fresh", sa.Column("a", sa.Numeric(12, 2)))',
        ),
    ),
    look=look,
    off=True,
    upgrade_only=True,
)
