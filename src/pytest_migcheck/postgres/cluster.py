"""Start ``postgres`` from a directory of binaries: seed cache, run directory, leash.

One manager drives embedded and local binaries alike, and execs ``postgres`` directly: ``pg_ctl`` polls at
100 ms, a connection of our own at 2 ms.
"""

from __future__ import annotations

import os
import socket
import sys
import sysconfig
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from psycopg import sql

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.postgres.database import ConnectionParams
from pytest_migcheck.postgres.leash import Leash
from pytest_migcheck.postgres.programs import (
    Binaries,
    Identity,
    reachable,
    server_environment,
    server_identity,
)
from pytest_migcheck.postgres.rundir import discard, make_run_directory, sweep_stale
from pytest_migcheck.postgres.seed import SUPERUSER, seed_for
from pytest_migcheck.postgres.server import Server, await_connection, new_password, open_connection

_OPTIONS = {
    # In the data directory, so that it goes with it: POSIX segments outlive an immediate shutdown.
    "dynamic_shared_memory_type": "mmap",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "100",
    "max_locks_per_transaction": "256",
    "checkpoint_timeout": "1d",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "logging_collector": "off",
    "password_encryption": "scram-sha-256",
}
# The socket lies in a folder that its owner alone (and root) can enter; the TCP port asks for the password.
_HBA = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"


def start_cluster(binaries: Binaries, reason: str) -> Server:
    """Start a disposable server from these binaries.

    A start that fails is tried once more with another port and a new seed, before it is an error.

    Raises:
        MigcheckError: initdb or postgres fails; with what they printed.
    """
    _refuse_platforms()
    started = time.perf_counter()
    identity = server_identity()
    sweep_stale(identity)
    try:
        server = _start(binaries, identity, anew=False)
    except MigcheckError:
        server = _start(binaries, identity, anew=True)
    return replace(server, reason=reason, seconds=time.perf_counter() - started)


def _refuse_platforms() -> None:
    musl = "musl" in str(sysconfig.get_config_var("HOST_GNU_TYPE"))
    if sys.platform == "win32" or musl:
        name = "Alpine (musl)" if musl else "Windows"
        raise MigcheckError(f"on {name} pytest-migcheck needs a server by URL: --migcheck-postgres=URL")


def _start(binaries: Binaries, identity: Identity, *, anew: bool) -> Server:
    run_directory, lock = make_run_directory(identity)
    try:
        usable = reachable(binaries, run_directory / "programs", identity)
        _own(run_directory, identity)
        data = run_directory / "data"
        seed_for(usable, identity).copy_to(data, usable, identity, anew=anew)
        (data / "pg_hba.conf").write_text(_HBA)
        port = _free_port()
        leash = Leash(_command(usable, run_directory, port), run_directory, server_environment(), identity)
    except BaseException:
        discard(run_directory, lock)
        raise

    def stop() -> None:
        if leash.let_go():
            discard(run_directory, lock)

    try:
        return _running(binaries, run_directory, port, leash, stop)
    except BaseException:
        stop()
        raise


def _running(binaries: Binaries, run_directory: Path, port: int, leash: Leash, stop: Callable[[], None]) -> Server:
    """The server once it answers, with its password set."""
    password = new_password()
    target = ConnectionParams(host=str(run_directory), port=port, user=SUPERUSER, password=password, dbname="postgres")

    def log_tail() -> str:
        log = run_directory / "log"
        return "\n".join(log.read_text(errors="replace").splitlines()[-15:]) if log.exists() else ""

    def exited() -> str | None:
        return None if leash.holds else f"{binaries.directory / 'postgres'} ended:\n{log_tail()}"

    version, number = await_connection(target, exited, log_tail)
    with open_connection(target) as connection:
        statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
        connection.execute(statement.format(sql.Identifier(SUPERUSER), sql.Literal(password)))
    return Server(
        kind=binaries.kind,
        version=version,
        version_num=number,
        reason=binaries.origin,
        seconds=0.0,
        params=target,
        tcp=replace(target, host="127.0.0.1"),
        stopper=stop,
        alive=lambda: leash.holds and _listens(run_directory / f".s.PGSQL.{port}"),
        log=log_tail,
    )


def _listens(path: Path) -> bool:
    """Whether somebody accepts on the socket: a postmaster that was killed leaves its files, but no listener."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def _command(binaries: Binaries, run_directory: Path, port: int) -> list[str]:
    options = {
        **_OPTIONS,
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": str(run_directory),
    }
    flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    return [str(binaries.directory / "postgres"), "-D", str(run_directory / "data"), *flags]


def _own(directory: Path, identity: Identity) -> None:
    if identity:
        for path in (directory, *directory.iterdir()):
            os.chown(path, identity["user"], identity["group"])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
