"""The columns that a statement makes, for the rules about types and names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Explained, Look, RuleContext
from pytest_migcheck.sql.statements import Action, ParsedStatement


def new_columns(parsed: ParsedStatement) -> Iterator[Action]:
    """The columns that a statement adds or gives another type; those of CREATE TABLE, too."""
    if parsed.kind in ("create table", "alter table"):
        yield from (action for action in parsed.actions if action.kind in ("add column", "alter type"))


def base_type(action: Action) -> str:
    """A column's type without length, array and time zone brackets, in lower case."""
    return " ".join(re.sub(r"\([^)]*\)|\[[^]]*\]", " ", action.type.lower()).split())


def column_as(parsed: ParsedStatement, column: Action, type_code: str) -> str:
    """The code that gives a column another type, with whatever else the statement says of it."""
    if column.kind == "alter type":
        table, name = code.text(code.bare(parsed.table)), code.text(column.name)
        return code.call("alter_column", table, name, f"type_={type_code}", *code.schema_argument(parsed.table))
    # SQLAlchemy writes the constraints of a column after all columns.
    of_it = [a for a in parsed.actions if a.columns == (column.name,) and (a is column or not a.name)]
    is_key = "PRIMARY KEY" in column.flags or any(a.kind == "add primary key" for a in of_it)
    is_unique = "UNIQUE" in column.flags or any(a.kind == "add unique" for a in of_it)
    arguments = [code.text(column.name), type_code]
    for key in (a for a in of_it if a.target_columns):
        to = code.text(f"{key.target}.{key.target_columns[0]}")
        arguments.append(f"sa.ForeignKey({', '.join((to, *code.key_options(key.tail)))})")
    arguments += [f"sa.CheckConstraint({code.text(column.expression)})"] if "CHECK" in column.flags else []
    arguments += [f"server_default=sa.text({code.text(column.default)})"] if column.default else []
    arguments += ["nullable=False"] if "NOT NULL" in column.flags and not is_key else []
    arguments += ["unique=True"] if is_unique else []
    arguments += ["primary_key=True"] if is_key else []
    return f"sa.Column({', '.join(arguments)})"


def prefer_type(banned: frozenset[str], instead: str, why: str) -> Look:
    """A rule's ``look`` that finds new columns of some types."""

    def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
        for column in new_columns(parsed):
            if base_type(column) in banned:
                yield Explained(
                    headline=f"{parsed.table}.{column.name} is {column.type}; {why}",
                    fix=column_as(parsed, column, instead),
                    object=f"{parsed.table}.{column.name}",
                )

    return look
