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


def prefer_type(banned: frozenset[str], instead: str, why: str) -> Look:
    """A rule's ``look`` that finds new columns of some types."""

    def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
        for column in new_columns(parsed):
            if base_type(column) in banned:
                yield Explained(
                    headline=f"{parsed.table}.{column.name} is {column.type}; {why}",
                    fix=f"sa.Column({code.text(column.name)}, {instead})",
                    object=f"{parsed.table}.{column.name}",
                )

    return look
