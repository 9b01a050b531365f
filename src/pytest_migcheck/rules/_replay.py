"""What a column is when a statement runs, by what the statements before it in the step said of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pytest_migcheck.sql.statements import Action, ParsedStatement


def type_after(parts: Iterable[ParsedStatement], table: str, column: str, at_first: Callable[[str, str], str]) -> str:
    """The type of a column after statements; "" where they, or what there was at first, leave no such column.

    Args:
        parts: the statements, the latest first.
        table: the table, with or without schema, as it is called after them.
        column: the column, as it is called after them.
        at_first: tells the type that the column of a table had before them.
    """
    for part in parts:
        if part.kind == "create table" and _is(part.table, table):
            return next((a.type for a in part.actions if a.kind == "add column" and a.name == column), "")
        for action in reversed(part.actions) if part.kind == "alter table" else ():
            if action.kind == "rename to" and action.name == table.rpartition(".")[2]:
                table = part.table
            if not _is(part.table, table):
                continue
            known = _type_by(action, column)
            if known is not None:
                return known
            if action.kind == "rename column" and action.new_name == column:
                column = action.name
    return at_first(table, column)


def _type_by(action: Action, column: str) -> str | None:
    """The type that a sub-command leaves a column with; None where it does not touch it."""
    if action.name != column or "IF NOT EXISTS" in action.flags:
        return None
    if action.kind in ("alter type", "add column"):
        return action.type
    return "" if action.kind == "drop column" else None


def _is(one: str, other: str) -> bool:
    """Whether two names can be of one table; without its schema a name may be any."""
    schemas = {one.rpartition(".")[0], other.rpartition(".")[0]} - {""}
    return one.rpartition(".")[2] == other.rpartition(".")[2] and len(schemas) < 2
