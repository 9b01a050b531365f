"""A running PostgreSQL that we may create databases on."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg import sql

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.postgres.database import ConnectionParams, Database


@dataclass(slots=True, kw_only=True)
class Server:
    """A server with the story of how it was got.

    ``kind`` is ``embedded``, ``local`` or ``url``; ``reason`` says in one line why this one;
    ``seconds`` is how long it took to start. ``stopper`` and ``alive`` and ``log`` belong to the rung.
    """

    kind: str
    version: str
    version_num: int
    reason: str
    seconds: float
    params: ConnectionParams
    tcp: ConnectionParams
    stopper: Callable[[], None]
    alive: Callable[[], bool]
    log: Callable[[], str]
    stopped: bool = False

    def params_of(self, dbname: str) -> ConnectionParams:
        return replace(self.params, dbname=dbname)

    def tcp_of(self, dbname: str) -> ConnectionParams:
        return replace(self.tcp, dbname=dbname)

    def connect(self, dbname: str | None = None, *, autocommit: bool = True) -> psycopg.Connection[Any]:
        """Open a connection; without a name, to the database where observers belong."""
        target = self.params if dbname is None else self.params_of(dbname)
        try:
            return open_connection(target, autocommit=autocommit)
        except psycopg.OperationalError as error:
            if self.is_alive():
                raise
            raise MigcheckError(f"PostgreSQL died in the middle of the run\n{self.log_tail()}") from error

    def create_database(self, name: str, template: str | None = None) -> Database:
        """Create a database, empty or as a copy of one that nobody is connected to."""
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(template or "template0")
        )
        if template and self.version_num >= 150000:
            statement += sql.SQL(" STRATEGY FILE_COPY")
        with self.connect() as connection:
            connection.execute(statement)
        return Database(self, name)

    def drop_database(self, name: str) -> None:
        with self.connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def list_databases(self) -> tuple[str, ...]:
        """The names of all databases, templates included."""
        with self.connect() as connection:
            rows = connection.execute("SELECT datname::text FROM pg_catalog.pg_database ORDER BY 1").fetchall()
        return tuple(row[0] for row in rows)

    def available_extensions(self) -> frozenset[str]:
        """The extensions that CREATE EXTENSION can find here."""
        with self.connect() as connection:
            rows = connection.execute("SELECT name::text FROM pg_catalog.pg_available_extensions").fetchall()
        return frozenset(row[0] for row in rows)

    def is_alive(self) -> bool:
        return not self.stopped and self.alive()

    def log_tail(self) -> str:
        """The last lines of the server's log."""
        return self.log()

    def stop(self) -> None:
        """Stop the server, or drop our databases where it is not ours; may be called again."""
        if not self.stopped:
            self.stopped = True
            self.stopper()


def open_connection(
    target: ConnectionParams, *, autocommit: bool = True, connect_timeout: int = 10
) -> psycopg.Connection[Any]:
    """Connect as the target says; PGHOSTADDR, PGOPTIONS and the like of the environment do not lead elsewhere."""
    settings: dict[str, Any] = {"hostaddr": "", "options": "", **dict(target.settings)}
    return psycopg.Connection.connect(
        host=target.host,
        port=target.port,
        user=target.user,
        password=target.password,
        dbname=target.dbname,
        autocommit=autocommit,
        connect_timeout=connect_timeout,
        application_name="pytest-migcheck",
        **settings,
    )


def await_connection(
    target: ConnectionParams, exited: Callable[[], str | None], log: Callable[[], str], seconds: float = 60.0
) -> tuple[str, int]:
    """Poll until the server answers; returns its version as text and as number.

    Raises:
        MigcheckError: the server ended (``exited`` says how), or did not answer in time.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            with open_connection(target, connect_timeout=5) as connection:
                return server_version(connection)
        except psycopg.OperationalError as error:
            ended = exited()
            if ended is not None:
                raise MigcheckError(f"PostgreSQL did not start: {ended}") from error
            if time.monotonic() > deadline:
                raise MigcheckError(f"PostgreSQL did not answer within {seconds:g} s: {error}\n{log()}") from error
        time.sleep(0.002)


def server_version(connection: psycopg.Connection[Any]) -> tuple[str, int]:
    row = connection.execute(
        "SELECT current_setting('server_version'), current_setting('server_version_num')"
    ).fetchone()
    assert row is not None
    return str(row[0]).split()[0], int(row[1])


def new_password() -> str:
    return secrets.token_urlsafe(18)
