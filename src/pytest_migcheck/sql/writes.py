"""What a statement writes to, by its own words: which tables lose rows, and which columns are set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from pytest_migcheck.sql.cursor import Cursor
from pytest_migcheck.sql.split import split
from pytest_migcheck.sql.tokens import Word, words

_DEPTH = 3
_END = ("WHERE", "FROM", "RETURNING", ";", "WHEN")


@dataclass(frozen=True, slots=True)
class Write:
    """``kind`` is update, delete, insert, truncate, drop or opaque; ``table`` is as it was written."""

    kind: str
    table: str = ""
    columns: frozenset[str] = frozenset()

    def is_about(self, schema: str, name: str) -> bool:
        """Whether the table is this one, where a name without a schema may be any."""
        return self.table in (name, f"{schema}.{name}")


@lru_cache(maxsize=512)
def writes(sql: str) -> tuple[Write, ...]:
    """The writes of all statements of a string, also those in CTEs and in the bodies of DO blocks."""
    return tuple(found for statement in split(sql) for found in _writes(statement, 0))


def _writes(sql: str, depth: int) -> Iterator[Write]:
    cursor = Cursor(sql, words(sql) or ())
    first = cursor.peek()
    if first in ("DO", "CALL"):
        yield Write("opaque")
    merged = ""
    while cursor.rest:
        word = cursor.rest[0]
        if depth < _DEPTH and first == "DO" and not word.key and len(word.text) > 8:
            for part in split(word.text):
                yield from _writes(part, depth + 1)
        if word.key == "MERGE":
            cursor.take("MERGE", "INTO")
            cursor.take("ONLY")
            merged = cursor.name()
            continue
        found = _one(cursor, merged)
        if found is None:
            cursor.at += 1
        else:
            merged = found.table if found.kind == "insert" else merged
            yield found


def _one(cursor: Cursor, target: str) -> Write | None:
    """The write that begins here, if one does."""
    if cursor.take("UPDATE"):
        return _update(cursor, target)
    if cursor.take("DELETE", "FROM"):
        cursor.take("ONLY")
        return Write("delete", cursor.name())
    if cursor.peek() == "THEN" and cursor.peek(1) == "DELETE" and target:
        cursor.at += 2
        return Write("delete", target)
    if cursor.take("TRUNCATE"):
        cursor.take("TABLE")
        cursor.take("ONLY")
        return Write("truncate", cursor.name())
    if cursor.take("INSERT", "INTO"):
        return Write("insert", cursor.name())
    if cursor.take("DROP", "TABLE"):
        cursor.take("IF", "EXISTS")
        return Write("drop", cursor.name())
    return None


def _update(cursor: Cursor, target: str) -> Write | None:
    cursor.take("ONLY")
    if cursor.peek() == "SET":
        table = target
    else:
        start = cursor.at
        table = cursor.name()
        if cursor.take("AS") or cursor.peek() != "SET":
            cursor.at += 1
        if cursor.peek() != "SET":
            # FOR UPDATE, ON UPDATE CASCADE.
            cursor.at = start
            return None
    cursor.take("SET")
    assigned = cursor.until(*_END)
    return Write("update", table, frozenset(_assigned(Cursor(cursor.text, assigned))))


def _assigned(cursor: Cursor) -> Iterator[str]:
    while cursor.rest:
        names: tuple[Word, ...] = cursor.parenthesised() if cursor.peek() == "(" else cursor.rest[:1]
        yield from (word.text if not word.key else word.text.lower() for word in names if word.key != ",")
        cursor.until(",")
        cursor.take(",")
