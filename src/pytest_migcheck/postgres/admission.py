"""Whether the role that we connect as can connect again, and how it gets that back from a migration."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

# Of a server that starts, stops or recovers (SQLSTATE 57P03); the driver has no SQLSTATE of a connection never made.
_NOT_NOW = "FATAL:  the database system is "
_ADMITTED = """
SELECT rolpassword, rolcanlogin, rolconnlimit, coalesce(rolvaliduntil, 'infinity')::text FROM pg_catalog.pg_authid
WHERE rolname = session_user"""


def refuses(error: psycopg.OperationalError) -> bool:
    """Whether the answer to a connection stays the same: any but those of a server that starts or stops."""
    return "FATAL:" in str(error) and _NOT_NOW not in str(error)


def is_not_ready(error: psycopg.OperationalError) -> bool:
    """Whether the server starts, stops or recovers."""
    return _NOT_NOW in str(error)


class Admission:
    """What lets the role of a session in, as it was when it was first seen."""

    def __init__(self) -> None:
        self._known: tuple[Any, ...] | None = None

    def note(self, connection: psycopg.Connection[Any]) -> None:
        if self._known is None:
            self._known = connection.execute(_ADMITTED).fetchone()

    def restore(self, connection: psycopg.Connection[Any], password: str) -> bool:
        """Give the session's own role its login and password back; false if it had both."""
        if self._known is None or connection.execute(_ADMITTED).fetchone() == self._known:
            return False
        words = "ALTER ROLE {} LOGIN CONNECTION LIMIT -1 VALID UNTIL 'infinity' PASSWORD {}"
        role = sql.Identifier(connection.info.user)
        connection.execute(sql.SQL(words).format(role, sql.Literal(password)))
        self._known = connection.execute(_ADMITTED).fetchone()
        return True
