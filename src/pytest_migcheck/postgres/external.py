"""A server that is not ours, given by URL: our own databases on it, nothing else."""

from __future__ import annotations

import contextlib
import re
import secrets
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import psycopg
from psycopg import sql

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.postgres.connecting import answers, open_connection, server_version
from pytest_migcheck.postgres.database import ConnectionParams
from pytest_migcheck.postgres.server import Server

_PREFIX = "migcheck_"
_OURS = re.compile(rf"{_PREFIX}([0-9a-f]{{8}})[0-9a-f]{{4}}_")
_OLDEST = 130000
_DAY = 24 * 60 * 60
_LONGEST_NAME = 63


def connect_external(url: str) -> Server:
    """Reach the server at ``url``.

    Raises:
        MigcheckError: it does not answer, or the role may not create databases; no password is shown.
    """
    started = time.perf_counter()
    target = _parse(url)
    try:
        with open_connection(target, None) as connection:
            _check_rights(connection, target)
            version, number = server_version(connection)
            if number < _OLDEST:
                raise MigcheckError(
                    f"--migcheck-postgres: {_shown(target)} is PostgreSQL {version}; valid: 13 or later"
                )
            _sweep(connection, now=time.time())
    except psycopg.OperationalError as error:
        text = str(error).replace(target.password, "***") if target.password else str(error)
        raise MigcheckError(f"--migcheck-postgres: {_shown(target)} does not answer: {text.strip()}") from None
    except psycopg.ProgrammingError as error:
        words = ", ".join(name for name, _ in target.settings)
        raise MigcheckError(f"--migcheck-postgres: the URL's settings ({words}) cannot be used: {error}") from None
    server = attach_external(
        target,
        token=f"{int(time.time()):08x}{secrets.token_hex(2)}",
        kind="url",
        version=version,
        version_num=number,
        reason=_shown(target),
        seconds=time.perf_counter() - started,
    )
    server.stopper = server.drop_all
    return server


def attach_external(target: ConnectionParams, *, token: str, **words: Any) -> ExternalServer:
    """The server at ``target`` for the run that has this token; stopping it does nothing yet."""
    return ExternalServer(
        **words,
        params=target,
        tcp=target,
        stopper=lambda: None,
        alive=lambda: answers(target, None),
        log=lambda: "(its log is on its own machine)",
        token=token,
    )


@dataclass(slots=True, kw_only=True)
class ExternalServer(Server):
    """Names its databases after the run, to drop them and no others."""

    token: str

    def database_name(self, name: str) -> str:
        """The name with the run's token in it, as long as PostgreSQL allows."""
        head = f"{_PREFIX}{self.token}_"
        if name.startswith(head):
            return name
        # The end of a name holds what tells it from others, so the end is kept.
        return head + name.removeprefix(_PREFIX)[-(_LONGEST_NAME - len(head)) :]

    def proof_of(self, dbname: str) -> str | None:
        """The name of a database of this run: no other server has it."""
        return dbname if dbname.startswith(f"{_PREFIX}{self.token}_") else None

    def drop_database(self, name: str, by: psycopg.Connection[Any] | None = None) -> None:
        """Drop a database of this run; any other name is refused."""
        if not name.startswith(f"{_PREFIX}{self.token}_"):
            raise MigcheckError(f"pytest-migcheck did not create the database {name!r} and does not drop it")
        Server.drop_database(self, name, by)

    def drop_all(self) -> None:
        """Drop what this run left, its workers too; what cannot be dropped now is swept by a run after a day."""
        with contextlib.suppress(psycopg.Error, MigcheckError):
            for name in self.list_databases():
                if name.startswith(f"{_PREFIX}{self.token}_"):
                    with contextlib.suppress(psycopg.Error, MigcheckError):
                        self.drop_database(name)


def _parse(url: str) -> ConnectionParams:
    try:
        parts = urlsplit(re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", url))
        port = parts.port
    except ValueError:
        # The text of the error would show a part of the password.
        raise MigcheckError(
            "--migcheck-postgres: the URL cannot be read\n"
            "what to do: write special characters of the user and the password as %XX (@ is %40, / is %2F, # is %23)"
        ) from None
    settings = dict(parse_qsl(parts.query))
    host = settings.pop("host", "") or unquote(parts.hostname or "")
    if not host or parts.fragment:
        raise MigcheckError(
            "--migcheck-postgres: the URL names no host; valid: postgresql://user:password@host:port/database"
        )
    try:
        port = int(settings.pop("port", "") or port or 5432)
    except ValueError:
        raise MigcheckError("--migcheck-postgres: the URL's port is not a number") from None
    user = settings.pop("user", "") or unquote(parts.username or "postgres")
    password = settings.pop("password", "") or unquote(parts.password or "")
    for name in ("dbname", "application_name", "connect_timeout"):
        settings.pop(name, None)
    return ConnectionParams(
        host=host,
        port=port,
        user=user,
        password=password,
        dbname=unquote(parts.path.lstrip("/")) or "postgres",
        settings=tuple(sorted(settings.items())),
    )


def _shown(target: ConnectionParams) -> str:
    return f"{target.host}:{target.port}"


def _check_rights(connection: psycopg.Connection[Any], target: ConnectionParams) -> None:
    row = connection.execute(
        "SELECT rolcreatedb OR rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user"
    ).fetchone()
    if row is None or not row[0]:
        raise MigcheckError(
            f"--migcheck-postgres: the role {target.user!r} may not create databases on {_shown(target)}\n"
            f'what to do: ALTER ROLE "{target.user}" CREATEDB, or use another role'
        )


def _sweep(connection: psycopg.Connection[Any], *, now: float) -> None:
    """Drop databases that a killed run left: named as ours, a day old, our role's, and used by nobody."""
    rows = connection.execute(
        "SELECT d.datname::text FROM pg_catalog.pg_database d "
        "WHERE pg_catalog.starts_with(d.datname::text, %s) AND pg_catalog.pg_has_role(d.datdba, 'USAGE') "
        "AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a WHERE a.datname = d.datname)",
        (_PREFIX,),
    ).fetchall()
    for (name,) in rows:
        ours = _OURS.match(name)
        if ours and now - int(ours[1], 16) > _DAY:
            # Another run may sweep it at the same time, or somebody connect to it.
            with contextlib.suppress(psycopg.errors.ObjectInUse, psycopg.errors.InvalidCatalogName):
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
