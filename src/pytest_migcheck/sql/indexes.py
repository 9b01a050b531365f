"""CREATE INDEX, DROP INDEX, REINDEX, and the other statements that name one relation."""

from __future__ import annotations

from dataclasses import replace

from pytest_migcheck.sql.cursor import Cursor
from pytest_migcheck.sql.model import UNRECOGNISED, ParsedStatement


def create_index(cursor: Cursor) -> ParsedStatement:
    """Read what follows CREATE INDEX."""
    flags: set[str] = set()
    if cursor.take("CONCURRENTLY"):
        flags.add("CONCURRENTLY")
    if cursor.take("IF", "NOT", "EXISTS"):
        flags.add("IF NOT EXISTS")
    name = "" if cursor.peek() == "ON" else cursor.name()
    if not cursor.take("ON"):
        return UNRECOGNISED
    if cursor.take("ONLY"):
        flags.add("ONLY")
    table = cursor.name()
    if cursor.take("USING"):
        flags.add(f"USING {cursor.name()}")
    start = cursor.at
    columns = cursor.slice(cursor.parenthesised())
    cursor.at = start
    elements = cursor.elements()
    include = cursor.elements() if cursor.take("INCLUDE") else ()
    tail = cursor.slice(cursor.until("WHERE"))
    where = cursor.slice(cursor.rest[1:])
    flags |= {key for key, present in (("WHERE", where), ("INCLUDE", include)) if present}
    return ParsedStatement(
        kind="create index",
        name=name,
        table=table,
        columns=columns,
        elements=elements,
        include=include,
        where=where,
        tail=tail,
        flags=frozenset(flags),
    )


def create_unique_index(cursor: Cursor) -> ParsedStatement:
    """Read what follows CREATE UNIQUE INDEX."""
    parsed = create_index(cursor)
    return replace(parsed, flags=parsed.flags | {"UNIQUE"}) if parsed is not UNRECOGNISED else parsed


def drop_index(cursor: Cursor) -> ParsedStatement:
    """Read what follows DROP INDEX."""
    flags = {"CONCURRENTLY"} if cursor.take("CONCURRENTLY") else set()
    if cursor.take("IF", "EXISTS"):
        flags.add("IF EXISTS")
    names = _names(cursor)
    return ParsedStatement(kind="drop index", name=names[0], names=names, flags=frozenset(flags))


def reindex(cursor: Cursor) -> ParsedStatement:
    """Read what follows REINDEX; ``INDEX``, ``TABLE``, ``SCHEMA`` ... are flags."""
    flags: set[str] = set()
    if any(word.key == "CONCURRENTLY" for word in cursor.parenthesised()):
        flags.add("CONCURRENTLY")
    for key in ("INDEX", "TABLE", "SCHEMA", "DATABASE", "SYSTEM"):
        if cursor.take(key):
            flags.add(key)
            break
    if cursor.take("CONCURRENTLY"):
        flags.add("CONCURRENTLY")
    name = cursor.name()
    return ParsedStatement(kind="reindex", name=name, table=name if "TABLE" in flags else "", flags=frozenset(flags))


def truncate(cursor: Cursor) -> ParsedStatement:
    """Read what follows TRUNCATE."""
    cursor.take("TABLE")
    cursor.take("ONLY")
    names = _names(cursor)
    flags = frozenset({"CASCADE"} if any(word.key == "CASCADE" for word in cursor.rest) else ())
    return ParsedStatement(kind="truncate", name=names[0], table=names[0], names=names, flags=flags)


def refresh(cursor: Cursor) -> ParsedStatement:
    """Read what follows REFRESH MATERIALIZED VIEW."""
    flags = frozenset({"CONCURRENTLY"} if cursor.take("CONCURRENTLY") else ())
    name = cursor.name()
    return ParsedStatement(kind="refresh materialized view", name=name, table=name, flags=flags)


def _names(cursor: Cursor) -> tuple[str, ...]:
    names = [cursor.name()]
    while cursor.take(","):
        cursor.take("ONLY")
        names.append(cursor.name())
    return tuple(names)
