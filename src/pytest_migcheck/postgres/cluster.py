"""Start ``postgres`` from a directory of binaries: seed cache, run directory, leash.

One manager drives embedded and local binaries alike, and execs ``postgres`` directly: ``pg_ctl`` polls at
100 ms, a connection of our own at 2 ms.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import sysconfig
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
from filelock import FileLock
from psycopg import sql

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.postgres.connecting import await_connection, new_password
from pytest_migcheck.postgres.database import ConnectionParams
from pytest_migcheck.postgres.leash import Leash
from pytest_migcheck.postgres.ports import take_port
from pytest_migcheck.postgres.programs import (
    Binaries,
    Identity,
    reachable,
    server_environment,
    server_identity,
)
from pytest_migcheck.postgres.proof import SETTING, ForeignServerError, new_token
from pytest_migcheck.postgres.rundir import PASSFILE, discard, hold, new_run_directory, read_log_tail, sweep_stale
from pytest_migcheck.postgres.seed import SUPERUSER, seed_for
from pytest_migcheck.postgres.server import Server
from pytest_migcheck.postgres.standins import STANDINS, lay_out_standins
from pytest_migcheck.postgres.store import DamagedClusterError, StoredCluster

_OPTIONS = {
    # In the data directory, so that it goes with it: POSIX segments outlive an immediate shutdown.
    "dynamic_shared_memory_type": "mmap",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    # All workers of pytest-xdist share one server.
    "max_connections": "250",
    "max_locks_per_transaction": "128",
    "checkpoint_timeout": "1d",
    # A migration may make a logical replication slot.
    "wal_level": "logical",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "logging_collector": "off",
    "password_encryption": "scram-sha-256",
}
# Passwords are 144 random bits: iterations, which slow down guessing, would only slow down every connection.
_OPTIONS_16 = {"scram_iterations": "1"}
# Of postmaster.pid, which src/include/utils/pidfile.h describes.
_STATUS_LINE = 7
# The socket lies in a folder that its owner alone (and root) can enter; even so, no connection is trusted.
# By TCP the password goes as it is: pg8000 refuses SCRAM with so few iterations, and nobody but root sees the loopback.
_HBA = "local all all scram-sha-256\nhost all all 127.0.0.1/32 password\n"


def start_cluster(binaries: Binaries, reason: str, stored: StoredCluster | None = None) -> Server:
    """Start a disposable server from these binaries.

    A start that fails is tried once more with another port and a new seed, before it is an error.

    Args:
        binaries: the programs.
        reason: why this rung of the ladder, in one line.
        stored: a cluster to start from in place of an empty one.

    Raises:
        DamagedClusterError: ``stored`` is not whole.
        MigcheckError: initdb or postgres fails, with what they printed.
    """
    _refuse_platforms()
    started = time.perf_counter()
    identity = server_identity()
    sweep_stale(identity)
    try:
        server = _start(binaries, identity, stored, anew=False)
    except MigcheckError as error:
        if isinstance(error, ForeignServerError) or (stored is not None and isinstance(error, DamagedClusterError)):
            raise
        server = _start_again(binaries, identity, stored)
    reason += f"; stand-ins for {', '.join(server.standins)}" if server.standins else ""
    return replace(server, reason=reason, seconds=time.perf_counter() - started)


def _start_again(binaries: Binaries, identity: Identity, stored: StoredCluster | None) -> Server:
    try:
        return _start(binaries, identity, stored, anew=True)
    except MigcheckError as error:
        if stored is None:
            raise
        # Twice, with two ports: it is the cluster.
        raise DamagedClusterError(f"no server starts from {stored.directory}: {error}") from error


def _refuse_platforms() -> None:
    musl = "musl" in str(sysconfig.get_config_var("HOST_GNU_TYPE"))
    if sys.platform == "win32" or musl:
        name = "Alpine (musl)" if musl else "Windows"
        raise MigcheckError(
            f"on {name} pytest-migcheck needs Docker or a server by URL: --migcheck-postgres=docker, or =URL"
        )


def _start(binaries: Binaries, identity: Identity, stored: StoredCluster | None, *, anew: bool) -> Server:
    run_directory = new_run_directory(identity)
    leash = Leash(run_directory, server_environment(), identity)
    lock: FileLock | None = None

    def stop() -> None:
        if leash.let_go():
            discard(run_directory, lock)

    try:
        lock = hold(run_directory)
        usable = reachable(binaries, run_directory / "programs", identity)
        seed = seed_for(usable)
        standins = lay_out_standins(usable, seed.major, run_directory, identity)
        port, proof = take_port(), new_token()
        options = {
            **_OPTIONS,
            SETTING: proof,
            **(_OPTIONS_16 if seed.major >= 16 else {}),
            **({"extension_control_path": f"$system:{run_directory / STANDINS}"} if standins else {}),
        }
        data = run_directory / "data"
        copied = stored.copied(data, identity) if stored else seed.copied(data, usable, identity, anew=anew)
        # The server starts while the databases that nobody asks for yet are still on their way.
        with copied as password:
            (data / "pg_hba.conf").write_text(_HBA)
            # A libpq within the server, of dblink or of a program, leads to this server where nothing is said.
            leads = ("env", f"PGHOST={run_directory}", f"PGPORT={port}")
            leash.run((*leads, *_command(usable, run_directory, port, options)))
            server = _running(binaries, run_directory, port, leash, password, proof)
    except BaseException as error:
        stop()
        if isinstance(error, OSError):
            raise MigcheckError(f"PostgreSQL cannot be started in {run_directory}: {error}") from error
        raise
    server.stopper = stop
    server.standins = standins
    return server


def _running(
    binaries: Binaries, run_directory: Path, port: int, leash: Leash, old_password: str, proof: str
) -> Server:
    """The server once it answers, with a password of its own."""
    password = new_password()
    target = ConnectionParams(host=str(run_directory), port=port, user=SUPERUSER, password=password, dbname="postgres")

    def log_tail() -> str:
        return read_log_tail(run_directory)

    def exited() -> str | None:
        return None if leash.holds else f"{binaries.directory / 'postgres'} ended:\n{log_tail()}"

    _await_ready(run_directory / "data" / "postmaster.pid", leash)
    version, number = await_connection(
        replace(target, password=old_password), proof, exited, log_tail, lambda found: set_password(found, password)
    )
    (run_directory / PASSFILE).touch(mode=0o600)
    (run_directory / PASSFILE).write_text(f"*:*:*:{SUPERUSER}:{password}\n")
    return Server(
        kind=binaries.kind,
        version=version,
        version_num=number,
        reason=binaries.origin,
        seconds=0.0,
        params=target,
        tcp=replace(target, host="127.0.0.1"),
        proof=proof,
        stopper=lambda: None,
        alive=lambda: leash.holds and is_there(run_directory) and listens(run_directory / f".s.PGSQL.{port}"),
        log=log_tail,
        run_directory=run_directory,
        halter=lambda: _halt(run_directory, leash),
        keeper=leash.keep,
    )


def _await_ready(pid_file: Path, leash: Leash, seconds: float = 30.0) -> None:
    """Wait until the server says in its own file that it is ready; each connection before costs it a process."""
    deadline = time.monotonic() + seconds
    while leash.holds and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            lines = pid_file.read_text().splitlines()
            if len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready":
                return
        time.sleep(0.001)


def _halt(run_directory: Path, leash: Leash) -> Path:
    """Shut the server down cleanly, so that its data directory can be stored; returns that directory."""
    data = run_directory / "data"
    try:
        pid = int((data / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGINT)
    except (OSError, ValueError, IndexError) as error:
        raise MigcheckError(f"PostgreSQL cannot be shut down: {error}") from error
    if not leash.await_end(60):
        raise MigcheckError("PostgreSQL did not shut down within 60 s")
    return data


def set_password(connection: psycopg.Connection[Any], password: str) -> None:
    statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
    connection.execute(statement.format(sql.Identifier(SUPERUSER), sql.Literal(password)))


def is_there(run_directory: Path) -> bool:
    """Whether the server still has its data: without it, it goes on for a minute and can do nothing."""
    return (run_directory / "data" / "PG_VERSION").exists()


def listens(path: Path) -> bool:
    """Whether somebody accepts on the socket: a postmaster that was killed leaves its files, but no listener."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def _command(binaries: Binaries, run_directory: Path, port: int, options: Mapping[str, str]) -> list[str]:
    places = {"listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": str(run_directory)}
    flags = [part for name, value in {**options, **places}.items() for part in ("-c", f"{name}={value}")]
    return [str(binaries.directory / "postgres"), "-D", str(run_directory / "data"), *flags]
