"""Read one statement: its form where it decides a lock, its kind of work, the transaction that it wants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from pytest_migcheck.sql.alter_table import alter_table
from pytest_migcheck.sql.cursor import Cursor
from pytest_migcheck.sql.indexes import (
    create_index,
    create_unique_index,
    drop_index,
    refresh,
    reindex,
    truncate,
)
from pytest_migcheck.sql.model import UNRECOGNISED, Action, ParsedStatement
from pytest_migcheck.sql.objects import alter, cluster, create, drop, lock_table, vacuum
from pytest_migcheck.sql.queries import delete, insert, privileges, update, with_query, word
from pytest_migcheck.sql.split import split
from pytest_migcheck.sql.tokens import words

__all__ = [
    "UNRECOGNISED",
    "Action",
    "ParsedStatement",
    "is_utility",
    "needs_own_transaction",
    "only_truncates",
    "parse",
]

_QUERIES = frozenset(
    ("SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "VALUES", "WITH", "TABLE", "EXPLAIN", "SHOW", "EXECUTE")
)
_READERS: tuple[tuple[tuple[str, ...], Callable[[Cursor], ParsedStatement]], ...] = (
    (("ALTER", "TABLE"), alter_table),
    (("CREATE", "INDEX"), create_index),
    (("CREATE", "UNIQUE", "INDEX"), create_unique_index),
    (("DROP", "INDEX"), drop_index),
    (("REINDEX",), reindex),
    (("TRUNCATE",), truncate),
    (("REFRESH", "MATERIALIZED", "VIEW"), refresh),
    (("CREATE",), create),
    (("DROP",), drop),
    (("ALTER",), alter),
    (("LOCK",), lock_table),
    (("CLUSTER",), cluster),
    (("VACUUM",), vacuum),
    (("UPDATE",), update),
    (("DELETE",), delete),
    (("INSERT",), insert),
    (("WITH",), with_query),
    (("GRANT",), privileges("grant")),
    (("REVOKE",), privileges("revoke")),
    (("DO",), word("do")),
    (("CALL",), word("call")),
    (("ANALYZE",), word("analyze")),
    (("COMMENT", "ON"), word("comment")),
    (("ROLLBACK", "TO"), word("savepoint")),
)
# https://www.postgresql.org/docs/current/sql-commands.html: they end or open a transaction.
_TRANSACTION = ("BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT")
# As the pages of these commands say: "cannot be executed inside a transaction block".
_OWN_TRANSACTION = (
    ("VACUUM",),
    ("CREATE", "DATABASE"),
    ("DROP", "DATABASE"),
    ("ALTER", "SYSTEM"),
    ("CREATE", "TABLESPACE"),
    ("DROP", "TABLESPACE"),
)


@lru_cache(maxsize=2048)
def parse(sql: str) -> ParsedStatement:
    """Read one statement; never raises, what it does not know is ``unrecognised``."""
    found = list(words(sql) or ())
    while found and found[-1].key == ";":
        found.pop()
    cursor = Cursor(sql, found)
    for keys, reader in _READERS:
        if cursor.take(*keys):
            return replace(reader(cursor) if cursor.rest else UNRECOGNISED, text=sql)
    if cursor.peek() in _TRANSACTION:
        return ParsedStatement(kind="transaction", name=cursor.peek(), text=sql)
    return replace(UNRECOGNISED, text=sql)


@lru_cache(maxsize=2048)
def is_utility(sql: str) -> bool:
    """Whether a string has a statement that is no query; what a query scans depends on the rows."""
    return any(_first_key(part) not in _QUERIES for part in split(sql))


@lru_cache(maxsize=2048)
def only_truncates(sql: str) -> bool:
    """Whether all that a string does is TRUNCATE: it makes new empty files, and copies nothing."""
    parts = split(sql) if "TRUNCATE" in sql.upper() else ()
    return bool(parts) and all(parse(part).kind == "truncate" for part in parts)


def _first_key(sql: str) -> str:
    found = words(sql)
    if found is None:
        return sql.split(maxsplit=1)[0].upper()
    return next((word.key for word in found if word.key != "("), "")


@lru_cache(maxsize=2048)
def needs_own_transaction(sql: str) -> bool:
    """Whether PostgreSQL refuses a statement of this string inside a transaction block."""
    return any(map(_refuses_a_block, split(sql)))


def _refuses_a_block(sql: str) -> bool:
    parsed = parse(sql)
    concurrent = "CONCURRENTLY" in parsed.flags
    if parsed.kind == "reindex":
        return concurrent or bool(parsed.flags & {"SCHEMA", "DATABASE", "SYSTEM"})
    if parsed.kind in ("create index", "drop index"):
        return concurrent
    if parsed.kind == "alter table":
        return any(a.kind == "detach partition" and "CONCURRENTLY" in a.flags for a in parsed.actions)
    keys = [word.key for word in words(sql) or ()]
    if keys == ["CLUSTER"] or (keys[:2] == ["ALTER", "DATABASE"] and "TABLESPACE" in keys):
        return True
    return any(tuple(keys[: len(start)]) == start for start in _OWN_TRANSACTION)
