"""Which statement of a migration took away, emptied or hid the table in which Alembic records revisions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from pytest_migcheck.core.statement import Statement

_DOES_TO_TABLE = r"\b(?:drop\s+table|truncate|alter\s+table|delete\s+from|update)\b[^;]*{name}"
_DOES_TO_SCHEMA = r"\b(?:drop\s+schema|alter\s+schema)\b[^;]*{schema}"
_HIDES = re.compile(r"\bset\s+(?:session\s+|local\s+)?search_path\b|\bset_config\s*\(\s*'search_path'", re.IGNORECASE)
_ROW_IS_GONE = "Online migration expected to match one row when "
_TAKEN = "leave {table} to Alembic, which records in it what is applied: {doing}"
_HIDDEN = "the migration hides the version table: restore search_path at its end (SET LOCAL does)"


def is_about(message: str, sql: str | None, schema: str, name: str) -> bool:
    """Whether a failure is that of a statement of Alembic's on its version table.

    Args:
        message: the failure's.
        sql: the statement that failed, if any.
        schema: the version table's.
        name: the version table's.
    """
    if message.startswith(_ROW_IS_GONE):
        return True
    return sql is not None and re.search(rf"(?:into|update|from)\s+\S*{_word(name)}", sql, re.IGNORECASE) is not None


def taken_away(statements: Iterable[Statement], schema: str, name: str) -> tuple[Statement, str] | None:
    """The last statement that did something to the version table or its schema, with advice; None if none did."""
    on_table = re.compile(_DOES_TO_TABLE.format(name=_word(name)), re.IGNORECASE)
    on_schema = re.compile(_DOES_TO_SCHEMA.format(schema=_word(schema)), re.IGNORECASE)
    for statement in reversed([s for s in statements if s.error is None and not _is_alembics(s)]):
        if on_table.search(statement.sql):
            doing = "a migration neither drops nor changes it"
            return statement, _TAKEN.format(table=name, doing=doing)
        if on_schema.search(statement.sql):
            doing = f"it lies in {schema}, so keep the schema, or set version_table_schema to another one in env.py"
            return statement, _TAKEN.format(table=f"{schema}.{name}", doing=doing)
        if _HIDES.search(statement.sql):
            return statement, _HIDDEN
    return None


def _is_alembics(statement: Statement) -> bool:
    """Whether Alembic runs it, on behalf of env.py."""
    return statement.source is None or Path(statement.source.path).name == "env.py"


def _word(name: str) -> str:
    return rf"(?<!\w){re.escape(name)}(?!\w)"
