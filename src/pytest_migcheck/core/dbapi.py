"""Ask over a connection of whichever driver (PEP 249, https://peps.python.org/pep-0249/)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def rows_of(connection: Any, sql: str) -> Sequence[Sequence[Any]]:
    """Run a statement without parameters; its rows as tuples, whatever the user's connection makes of rows.

    Args:
        connection: of a driver, not of SQLAlchemy, which would look for parameters in the text.
        sql: the statement.
    """
    cursor = connection.cursor()
    try:
        cursor.execute(sql)
        if cursor.description is None:
            return ()
        rows = [tuple(row.values()) if isinstance(row, dict) else tuple(row) for row in cursor.fetchall()]
        # A session whose client_encoding is SQL_ASCII gives bytes for text.
        return [tuple(map(_text, row)) for row in rows] if any(bytes in map(type, row) for row in rows) else rows
    finally:
        cursor.close()


def _text(value: Any) -> Any:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
