"""A column gets an enum without a value that the old one had.

https://www.postgresql.org/docs/current/datatype-enum.html
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.catalog import Catalog
from pytest_migcheck.core.labels import read_labels
from pytest_migcheck.core.quoting import literal
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _catalog
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Basis, Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind != "alter table" or not context.existed(parsed.table):
        return
    for action in parsed.actions:
        if action.kind != "alter type":
            continue
        old = _labels(context.catalog, context.released_type(parsed.table, action.name))
        new = _labels(context.after, str(_catalog.column(context.after, parsed.table, action.name).get("type") or ""))
        gone = [label for label in old if label not in new] if new else []
        if gone:
            condition = f"{code.identifier(action.name)} NOT IN ({', '.join(map(literal, gone))})"
            yield Explained(
                headline=f"{parsed.table}.{action.name} loses the value {', '.join(gone)}, which running code may "
                f"write",
                fix=code.call(
                    "create_check_constraint",
                    code.text(f"ck_{code.bare(parsed.table)}_{action.name}"),
                    code.text(code.bare(parsed.table)),
                    code.text(condition),
                    *code.schema_argument(parsed.table),
                    "postgresql_not_valid=True",
                ),
                object=f"{parsed.table}.{action.name}",
                basis=Basis.CONFIRMED,
            )


def _labels(catalog: Catalog | None, type_name: str) -> list[str]:
    values = _catalog.attributes(catalog, _catalog.find(catalog, ("type",), type_name.replace('"', "")))
    return read_labels(str(values["labels"])) if values.get("form") == "enum" else []


RULE = Rule(
    name="enum-remove-value",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A value of an enum is removed.",
    condition="a column's type changes to an enum that lacks a label of the old one",
    effect="running code that writes the label fails, and so does the migration where a row has it",
    fix="leave the value, and keep it from being written with a CHECK",
    bad=(
        Example(
            setup="""
                op.execute("CREATE TYPE mood AS ENUM ('ok', 'bad')")
                op.execute("CREATE TABLE people (m mood)")
            """,
            upgrade="""
                op.execute("CREATE TYPE mood2 AS ENUM ('ok')")
                op.execute("ALTER TABLE people ALTER m TYPE mood2 USING m::text::mood2")
            """,
            also=("change-type-rewrite",),
        ),
    ),
    good=(
        Example(
            setup="""
                op.execute("CREATE TYPE mood AS ENUM ('ok', 'bad')")
                op.execute("CREATE TABLE people (m mood)")
            """,
            upgrade='op.create_check_constraint("ck", "people", "m <> \'bad\'", postgresql_not_valid=True)',
        ),
    ),
    look=look,
    upgrade_only=True,
    measured=("type-enum-to-new-enum",),
)
