"""End what keeps a database from being dropped, and what DROP DATABASE ... WITH (FORCE) does not end itself."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

_SUBSCRIPTIONS = """
SELECT s.subname::text FROM pg_catalog.pg_subscription s
JOIN pg_catalog.pg_database d ON d.oid = s.subdbid AND d.datname = current_database()"""
_PREPARED = "SELECT gid FROM pg_catalog.pg_prepared_xacts WHERE database = current_database()"
_REPLICATION = """
SELECT pg_catalog.pg_terminate_backend(s.active_pid, 2000) FROM pg_catalog.pg_replication_slots s
WHERE s.database = current_database() AND s.active_pid IS NOT NULL"""


def end_uses(connection: psycopg.Connection[Any]) -> None:
    """Drop the subscriptions of the connection's database without a word to their publishers, and end other uses."""
    for (name,) in connection.execute(_SUBSCRIPTIONS.encode()).fetchall():
        for statement in ("ALTER SUBSCRIPTION {} DISABLE", "ALTER SUBSCRIPTION {} SET (slot_name = NONE)",
                          "DROP SUBSCRIPTION {}"):  # fmt: skip
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))
    for (gid,) in connection.execute(_PREPARED).fetchall():
        connection.execute(sql.SQL("ROLLBACK PREPARED {}").format(sql.Literal(gid)))
    connection.execute(_REPLICATION.encode())
