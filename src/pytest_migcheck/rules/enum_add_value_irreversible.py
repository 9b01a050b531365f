"""There is no DROP VALUE: a downgrade cannot take a value of an enum away.

https://www.postgresql.org/docs/current/sql-altertype.html
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.labels import read_labels
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _catalog
from pytest_migcheck.rules._rule import Basis, Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    key = _catalog.find(context.restored, ("type",), parsed.name) if parsed.kind == "alter type" else None
    labels = read_labels(str(_catalog.attributes(context.restored, key).get("labels") or ""))
    before = _catalog.find(context.catalog, ("type",), parsed.name)
    for action in parsed.actions if key is not None and before is not None else ():
        if action.kind == "add value" and action.name in labels and not _had(context, parsed.name, action.name):
            yield Explained(
                headline=f"the downgrade leaves the value {action.name} of {parsed.name}",
                fix=f'raise NotImplementedError("{parsed.name} keeps {action.name}")  # in downgrade()',
                object=parsed.name,
                basis=Basis.CONFIRMED,
            )


def _had(context: RuleContext, type_name: str, label: str) -> bool:
    values = _catalog.attributes(context.catalog, _catalog.find(context.catalog, ("type",), type_name))
    return label in read_labels(str(values.get("labels") or ""))


RULE = Rule(
    name="enum-add-value-irreversible",
    severity=Severity.INFO,
    since="0.1.0",
    summary="A value is added to an enum, and the downgrade leaves it.",
    condition="ALTER TYPE ... ADD VALUE, and the downgrade runs but the value is still there",
    effect="the downgrade says that it undoes the upgrade, and does not",
    fix="build the type anew in the downgrade, or raise NotImplementedError in it",
    bad=(
        Example(
            setup="""
                op.execute("CREATE TYPE mood AS ENUM ('ok')")
                op.execute("CREATE TABLE people (id bigint, m mood)")
            """,
            upgrade="op.execute(\"ALTER TYPE mood ADD VALUE 'fine'\")",
        ),
    ),
    good=(
        Example(
            setup="""
                op.execute("CREATE TYPE mood AS ENUM ('ok')")
                op.execute("CREATE TABLE people (id bigint, m mood)")
            """,
            upgrade="op.execute(\"ALTER TYPE mood ADD VALUE 'fine'\")",
            downgrade="raise NotImplementedError",
        ),
    ),
    look=look,
    upgrade_only=True,
    measured=("enum-add-value",),
)
