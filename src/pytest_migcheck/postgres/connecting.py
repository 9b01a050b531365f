"""Open our own connections, each of which proves where it is before anything else is sent."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.guard import own
from pytest_migcheck.guard.variables import PASSWORDS, without_libpq_variables
from pytest_migcheck.postgres.admission import refuses
from pytest_migcheck.postgres.database import ConnectionParams
from pytest_migcheck.postgres.proof import ForeignServerError, proves


def open_connection(
    target: ConnectionParams, proof: str | None, *, autocommit: bool = True, connect_timeout: int = 10
) -> psycopg.Connection[Any]:
    """Connect as the target says; of libpq's variables only those apply that find a password which it lacks.

    Args:
        target: where to.
        proof: the token that must be there; None where we have none, then the address must be the target's.
        autocommit: as psycopg has it.
        connect_timeout: in seconds.

    Raises:
        ForeignServerError: the connection reached another server.
        psycopg.OperationalError: nobody answers, or lets us in.
    """
    settings: dict[str, Any] = dict(target.settings)
    try:
        with own.passing(), without_libpq_variables(keep=() if target.password else PASSWORDS):
            connection = psycopg.Connection.connect(
                host=target.host,
                port=target.port,
                user=target.user,
                password=target.password or None,
                dbname=target.dbname,
                autocommit=autocommit,
                connect_timeout=connect_timeout,
                application_name="pytest-migcheck",
                **settings,
            )
    except psycopg.OperationalError as error:
        if error.pgconn is not None and not _is_address(target, error.pgconn):
            raise _foreign(target, error.pgconn) from error
        raise
    try:
        _prove(connection, target, proof)
    except BaseException:
        connection.close()
        raise
    return connection


def _prove(connection: psycopg.Connection[Any], target: ConnectionParams, proof: str | None) -> None:
    """Ask below psycopg's own layer: it would open a transaction, and rows have the form that its owner chose."""
    connected = connection.pgconn

    def rows(query: str) -> list[list[str]]:
        result = connected.exec_(query.encode())
        values = [result.get_value(0, column) for column in range(result.nfields)] if result.ntuples else []
        return [[value.decode(errors="replace") for value in values if value is not None]]

    if not (_is_address(target, connected) if proof is None else proves(rows, proof)):
        raise _foreign(target, connected)


def _is_address(target: ConnectionParams, connected: Any) -> bool:
    """Whether libpq went where it was sent; before it knows, its answers are empty."""
    host, port = connected.host.decode(errors="replace"), connected.port.decode(errors="replace")
    return host in ("", *target.host.split(",")) and port in ("", str(target.port))


def _foreign(target: ConnectionParams, connected: Any) -> ForeignServerError:
    host, port = connected.host.decode(errors="replace"), connected.port.decode(errors="replace")
    code = getattr(psycopg.Connection.connect, "__code__", None)
    place = Path(code.co_filename) if code is not None else None
    theirs = place is not None and not place.is_relative_to(Path(psycopg.__file__).parent)
    where = f", in {place}:{code.co_firstlineno}" if code is not None and theirs else ""
    return ForeignServerError(
        f"MC900 foreign-database: a connection of pytest-migcheck to {target.host}:{target.port} "
        f"reached {host}:{port}, which is another server; nothing was run there\n"
        f"what to do: something has replaced psycopg's connect (a conftest or a plugin{where}); "
        "it may replace the connections of the application, and not psycopg.Connection.connect itself"
    )


def answers(target: ConnectionParams, proof: str | None) -> bool:
    """Whether somebody lets us in there."""
    try:
        open_connection(target, proof, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def await_connection(
    target: ConnectionParams,
    proof: str,
    exited: Callable[[], str | None],
    log: Callable[[], str],
    use: Callable[[psycopg.Connection[Any]], object] = lambda _: None,
    seconds: float = 60.0,
) -> tuple[str, int]:
    """Poll until the server answers, and ``use`` that connection; returns its version as text and as number.

    Raises:
        ForeignServerError: another server answered.
        MigcheckError: the server ended (``exited`` says how), refuses us for good, or did not answer in time.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            with open_connection(target, proof, connect_timeout=5) as connection:
                use(connection)
                return server_version(connection)
        except psycopg.OperationalError as error:
            ended = exited()
            if ended is not None:
                raise MigcheckError(f"PostgreSQL did not start: {ended}") from error
            if refuses(error):
                raise MigcheckError(f"PostgreSQL lets nobody in: {error}\n{log()}") from error
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
