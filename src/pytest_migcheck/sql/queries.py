"""Statements that change rows, and those that end or open a transaction."""

from __future__ import annotations

from collections.abc import Callable

from pytest_migcheck.sql.cursor import Cursor
from pytest_migcheck.sql.model import UNRECOGNISED, ParsedStatement

_VERBS = ("UPDATE", "DELETE", "INSERT", "MERGE", "SELECT")


def update(cursor: Cursor) -> ParsedStatement:
    """Read what follows UPDATE."""
    cursor.take("ONLY")
    table = cursor.name()
    return _changed("update", table, cursor)


def delete(cursor: Cursor) -> ParsedStatement:
    """Read what follows DELETE."""
    cursor.take("FROM")
    cursor.take("ONLY")
    return _changed("delete", cursor.name(), cursor)


def _changed(kind: str, table: str, cursor: Cursor) -> ParsedStatement:
    cursor.until("WHERE")
    where = cursor.slice(cursor.rest[1:])
    return ParsedStatement(kind=kind, name=table, table=table, where=where, flags=frozenset({"WHERE"} if where else ()))


def insert(cursor: Cursor) -> ParsedStatement:
    """Read what follows INSERT; SELECT is a flag."""
    cursor.take("INTO")
    table = cursor.name()
    cursor.until("SELECT", "VALUES", "DEFAULT", "WITH", "TABLE")
    selects = cursor.peek() in ("SELECT", "WITH", "TABLE")
    return ParsedStatement(kind="insert", name=table, table=table, flags=frozenset({"SELECT"} if selects else ()))


def with_query(cursor: Cursor) -> ParsedStatement:
    """Read what follows WITH, up to the statement that the common table expressions are for."""
    cursor.until(*_VERBS)
    reader = {"UPDATE": update, "DELETE": delete, "INSERT": insert}.get(cursor.peek())
    if reader is None:
        return UNRECOGNISED
    cursor.at += 1
    return reader(cursor)


def word(kind: str, name: str = "") -> Callable[[Cursor], ParsedStatement]:
    """A reader for statements of which the first words say all that matters."""
    return lambda cursor: ParsedStatement(kind=kind, name=name, tail=cursor.slice(cursor.rest))


def privileges(kind: str) -> Callable[[Cursor], ParsedStatement]:
    """A reader for GRANT and REVOKE: what comes after ON, where that is a table."""

    def read(cursor: Cursor) -> ParsedStatement:
        cursor.until("ON")
        cursor.take("ON")
        cursor.take("TABLE")
        table = cursor.name() if cursor.peek() not in ("", "ALL", "SCHEMA", "SEQUENCE", "FUNCTION") else ""
        return ParsedStatement(kind=kind, name=table, table=table)

    return read
