"""A server that is not ours, given by URL: our own databases on it, nothing else."""

from __future__ import annotations

import contextlib
import re
import secrets
import time
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.postgres.database import ConnectionParams
from pytest_migcheck.postgres.server import Server, server_version

_OLD = "1 day"


def connect_external(url: str) -> Server:
    """Reach the server at ``url``.

    Raises:
        MigcheckError: it does not answer, or the role may not create databases; no password is shown.
    """
    started = time.perf_counter()
    target = _parse(url)
    try:
        connection = psycopg.Connection.connect(
            host=target.host, port=target.port, user=target.user, password=target.password,
            dbname=target.dbname, autocommit=True, connect_timeout=10,
        )
    except psycopg.OperationalError as error:
        text = str(error).replace(target.password, "***") if target.password else str(error)
        raise MigcheckError(f"--migcheck-postgres: {_shown(target)} does not answer: {text.strip()}") from error
    with connection:
        _check_rights(connection, target)
        version, number = server_version(connection)
        _sweep(connection)
    server = _ExternalServer(
        kind="url", version=version, version_num=number, reason=_shown(target),
        seconds=time.perf_counter() - started, params=target, tcp=target,
        stopper=lambda: None, alive=lambda: _answers(target), log=lambda: "(its log is on its own machine)",
    )
    server.stopper = server.drop_all
    return server


class _ExternalServer(Server):
    """Remembers the databases that it created, to drop them and no others."""

    __slots__ = ("_created", "_token")

    def create_database(self, name: str, template: str | None = None) -> Any:
        if not hasattr(self, "_created"):
            self._created: list[str] = []
            self._token = secrets.token_hex(3)
        database = super().create_database(name, template)
        self._created.append(name)
        return database

    def drop_all(self) -> None:
        for name in getattr(self, "_created", ()):
            with contextlib.suppress(psycopg.Error):
                self.drop_database(name)


def _parse(url: str) -> ConnectionParams:
    plain = re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", url)
    try:
        parts = urlsplit(plain)
        port = parts.port or 5432
    except ValueError as error:
        raise MigcheckError(f"--migcheck-postgres: the URL cannot be read: {error}") from error
    if not parts.hostname:
        raise MigcheckError("--migcheck-postgres: the URL names no host; valid: postgresql://user:password@host:port/database")
    return ConnectionParams(
        host=parts.hostname, port=port, user=unquote(parts.username or "postgres"),
        password=unquote(parts.password or ""), dbname=unquote(parts.path.lstrip("/")) or "postgres",
    )


def _shown(target: ConnectionParams) -> str:
    return f"{target.host}:{target.port}"


def _check_rights(connection: psycopg.Connection[Any], target: ConnectionParams) -> None:
    row = connection.execute("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    if row is None or not row[0]:
        raise MigcheckError(
            f"--migcheck-postgres: the role {target.user!r} may not create databases on {_shown(target)}\n"
            f"what to do: ALTER ROLE {target.user} CREATEDB, or use another role"
        )


def _sweep(connection: psycopg.Connection[Any]) -> None:
    """Drop databases that a killed run left: ours by prefix, a day old, and used by nobody."""
    rows = connection.execute(
        "SELECT d.datname::text FROM pg_database d WHERE d.datname ~ '^migcheck_.*_[0-9a-f]{6}$' "
        "AND pg_has_role(d.datdba, 'MEMBER') "
        "AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datname = d.datname) "
        f"AND (pg_stat_file('base/' || d.oid || '/PG_VERSION', true)).modification < now() - interval '{_OLD}'"
    ).fetchall() if _may_stat(connection) else []
    for (name,) in rows:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


def _may_stat(connection: psycopg.Connection[Any]) -> bool:
    row = connection.execute(
        "SELECT has_function_privilege('pg_catalog.pg_stat_file(text, boolean)', 'EXECUTE')"
    ).fetchone()
    return bool(row and row[0])


def _answers(target: ConnectionParams) -> bool:
    try:
        psycopg.Connection.connect(
            host=target.host, port=target.port, user=target.user, password=target.password,
            dbname=target.dbname, connect_timeout=5,
        ).close()
    except psycopg.OperationalError:
        return False
    return True
