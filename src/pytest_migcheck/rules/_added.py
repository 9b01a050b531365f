"""The column that comes with a key: of one statement, or of one ``op.add_column()``, which makes two of it."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._context import RuleContext
from pytest_migcheck.sql.statements import Action, ParsedStatement


def column_of_key(statement: Statement, parsed: ParsedStatement, key: Action, context: RuleContext) -> str:
    """Code that adds the column of a key without the key, ending with a line break; "" where it was there before."""
    columns = key.columns or (key.name,)
    for action in (*parsed.actions, *_of_the_same_call(statement, parsed, context)):
        if action.kind == "add column" and (action.name,) == columns:
            arguments = [f"server_default=sa.text({code.text(action.default)})"] if action.default else []
            arguments += ["nullable=False"] if "NOT NULL" in action.flags else []
            return f"{code.add_column(parsed.table, action, *arguments)}\n"
    return ""


def _of_the_same_call(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Action]:
    before = context.earlier[-1] if context.earlier else None
    if before is None or statement.source is None or before.statement.source != statement.source:
        return
    for part in before.parts:
        if part.kind == "alter table" and part.table == parsed.table:
            yield from part.actions
