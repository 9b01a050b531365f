"""Copies of templates for single tests: made at once, looked over when they come back, dropped behind the scenes."""

from __future__ import annotations

import contextlib
import itertools
import queue
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg

from pytest_migcheck.postgres.database import Database
from pytest_migcheck.postgres.server import Server

# Each copy takes its size of memory until it is dropped.
_WAITING = 16
_GRACE = 0.25
_SESSIONS = """
SELECT pid, coalesce(nullif(application_name, ''), '(no application_name)'), coalesce(state, 'starting'),
    coalesce(left(regexp_replace(query, '\\s+', ' ', 'g'), 100), '')
FROM pg_catalog.pg_stat_activity WHERE datname = %s ORDER BY backend_start"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """A connection that somebody still has open."""

    pid: int
    application: str
    state: str
    query: str

    def __str__(self) -> str:
        last = f", last ran: {self.query}" if self.query else ""
        return f"pid {self.pid}, {self.application}, {self.state}{last}"


@contextlib.contextmanager
def _explained(server: Server) -> Iterator[None]:
    """Say that the server is dead, where that is why it does not do what we ask."""
    try:
        yield
    except psycopg.OperationalError as error:
        if server.is_alive():
            raise
        raise server.died() from error


class Clones:
    """Makes and drops copies over connections of its own, one for each direction."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._token = secrets.token_hex(3)
        self._connections: dict[int, psycopg.Connection[Any]] = {}
        self._unwanted: queue.Queue[Database | None] = queue.Queue(_WAITING)
        self._dropper: threading.Thread | None = None
        self._lock = threading.Lock()

    def take(self, server: Server, template: str) -> Database:
        """A new copy of the template."""
        name = f"migcheck_test_{next(self._numbers)}_{self._token}"
        with self._lock, _explained(server):
            return server.create_database(name, template, by=self._connection(server))

    def take_empty(self, server: Server, label: str) -> Database:
        """A new empty database."""
        name = f"migcheck_{label[:20]}_{next(self._numbers)}_{self._token}"
        with self._lock, _explained(server):
            return server.create_database(name, by=self._connection(server))

    def open_sessions(self, database: Database) -> tuple[OpenSession, ...]:
        """Who is still connected; a connection that was closed a moment ago is waited for."""
        deadline = time.monotonic() + _GRACE
        while True:
            with self._lock, _explained(database.server):
                rows = self._connection(database.server).execute(_SESSIONS, (database.name,)).fetchall()
            if not rows or time.monotonic() > deadline:
                return tuple(OpenSession(pid=r[0], application=r[1], state=r[2], query=r[3]) for r in rows)
            time.sleep(0.005)

    def give_back(self, database: Database) -> None:
        """Drop the database soon; waits only if many are to be dropped."""
        if self._dropper is None:
            self._dropper = threading.Thread(target=self._drop, name="migcheck-drop", daemon=True)
            self._dropper.start()
        self._unwanted.put(database)

    def _connection(self, server: Server) -> psycopg.Connection[Any]:
        known = self._connections.get(id(server))
        if known is None or known.closed or known.broken:
            known = self._connections[id(server)] = server.maintenance_connection()
        return known

    def _drop(self) -> None:
        connection: psycopg.Connection[Any] | None = None
        while (database := self._unwanted.get()) is not None:
            # A server that was stopped or killed takes its databases with it; the next test says so.
            with contextlib.suppress(psycopg.Error):
                if connection is None or connection.closed or connection.broken:
                    connection = database.server.connect()
                database.server.drop_database(database.name, by=connection)
        if connection is not None:
            connection.close()

    def close(self) -> None:
        """Drop what waits, and close the connections."""
        if self._dropper is not None:
            self._unwanted.put(None)
            self._dropper.join(30)
            self._dropper = None
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()
