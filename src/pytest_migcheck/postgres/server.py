"""A running PostgreSQL that we may create databases on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.postgres.admission import Admission, is_not_ready, refuses
from pytest_migcheck.postgres.connecting import open_connection
from pytest_migcheck.postgres.database import ConnectionParams, Database
from pytest_migcheck.postgres.leash import KEPT
from pytest_migcheck.postgres.rundir import PASSFILE
from pytest_migcheck.postgres.uses import end_uses

# How long a server may recover from a crash, in seconds.
_RECOVERY = 30.0


@dataclass(slots=True, kw_only=True)
class Server:
    """A server with the story of how it was got.

    ``kind`` is ``embedded``, ``local``, ``container`` or ``url``; ``reason`` says in one line why this one;
    ``seconds`` is how long it took to start. ``stopper``, ``alive``, ``log``, ``halter`` (shuts down cleanly, gives
    the data directory) and ``keeper`` (lets the server outlive us) belong to the rung. ``run_directory`` is where a
    server of our own lives, ``container`` the id of one that Docker runs; ``standins`` are the extensions that we
    replace by SQL; ``at_start`` is what the cluster had before migrations ran (``postgres.cluster_wide``);
    ``proof`` is the token that a server of our own has (``postgres.proof``).
    """

    kind: str
    version: str
    version_num: int
    reason: str
    seconds: float
    params: ConnectionParams
    tcp: ConnectionParams
    stopper: Callable[[], None] = field(repr=False)
    alive: Callable[[], bool] = field(repr=False)
    log: Callable[[], str] = field(repr=False)
    proof: str = ""
    run_directory: Path | None = None
    container: str | None = None
    halter: Callable[[], Path] | None = field(default=None, repr=False)
    keeper: Callable[[], bool] | None = field(default=None, repr=False)
    standins: tuple[str, ...] = ()
    stopped: bool = False
    at_start: Mapping[tuple[str, str], str] | None = field(default=None, repr=False)
    _maintenance: psycopg.Connection[Any] | None = field(default=None, init=False, repr=False)
    _admission: Admission = field(default_factory=Admission, init=False, repr=False)

    def describe(self) -> str:
        """The server in one line: version, rung, why this one, how long it took."""
        kind = {
            "embedded": "embedded wheel",
            "local": "local binaries",
            "container": "Docker container",
            "url": "given URL",
        }[self.kind]
        return f"PostgreSQL {self.version}, {kind} ({self.reason}), {self.seconds:.2f} s"

    def look(self, name: str) -> str:
        """The command that opens a database in psql; no password is in it."""
        if self.container is not None:
            return f"docker exec -it {self.container} psql -U {self.params.user} {name}"
        target = self.tcp
        passfile = f"PGPASSFILE={self.run_directory / PASSFILE} " if self.run_directory else ""
        return f"{passfile}psql -h {target.host} -p {target.port} -U {target.user} {name}"

    def params_of(self, dbname: str) -> ConnectionParams:
        return replace(self.params, dbname=dbname)

    def tcp_of(self, dbname: str) -> ConnectionParams:
        return replace(self.tcp, dbname=dbname)

    def connect(self, dbname: str | None = None, *, autocommit: bool = True) -> psycopg.Connection[Any]:
        """Open a connection; without a name, to the database where observers belong.

        Raises:
            ForeignServerError: it reached another server.
            MigcheckError: the server died.
        """
        target = self.params if dbname is None else self.params_of(dbname)
        deadline = time.monotonic() + _RECOVERY
        while True:
            try:
                return open_connection(target, self.proof_of(target.dbname), autocommit=autocommit)
            except psycopg.OperationalError as error:
                if not self.is_alive():
                    raise self.died() from error
                waits = is_not_ready(error) and time.monotonic() < deadline
                if not waits and not (refuses(error) and self.readmit()):
                    raise
            time.sleep(0.01)

    def readmit(self) -> bool:
        """Give our own role its login and password back, over a session that is open; false if it had both."""
        kept = self._maintenance
        return kept is not None and not kept.closed and self._admission.restore(kept, self.params.password)

    def proof_of(self, dbname: str) -> str | None:
        """The token that a connection to the database must show; None if it can show none, only its address."""
        return self.proof

    def database_name(self, name: str) -> str:
        """The name that a database gets here; on a server that is not ours, it carries the run's token."""
        return name

    def create_database(
        self, name: str, template: str | None = None, by: psycopg.Connection[Any] | None = None
    ) -> Database:
        """Create a database, empty or as a copy of one that nobody is connected to; ``by`` a connection, if given."""
        unique = self.database_name(name)
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(unique), sql.Identifier(template or "template0")
        )
        if template and self.version_num >= 150000:
            statement += sql.SQL(" STRATEGY FILE_COPY")
        self._maintain(statement, by)
        return Database(self, unique)

    def drop_database(self, name: str, by: psycopg.Connection[Any] | None = None) -> None:
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        try:
            self._maintain(statement, by)
        except psycopg.errors.ObjectInUse:
            # What FORCE does not end: subscriptions, replication, prepared transactions.
            with self.connect(name) as connection:
                end_uses(connection)
            self._maintain(statement, by)

    def _maintain(self, statement: sql.Composed, by: psycopg.Connection[Any] | None) -> None:
        if by is not None:
            by.execute(statement)
        else:
            self.maintain(statement)

    def maintain(self, statement: sql.Composed | bytes, parameters: Sequence[Any] | None = None) -> psycopg.Cursor[Any]:
        """Run a statement on a connection that is kept for such: opening one takes longer than most of them."""
        if self._maintenance is None or self._maintenance.closed:
            self._maintenance = self.maintenance_connection()
        try:
            return self._maintenance.execute(statement, parameters)
        except psycopg.OperationalError:
            if not self._maintenance.closed:
                raise
            # What ran before may have ended every session; if the server is gone, connecting says so.
            self._maintenance = self.maintenance_connection()
            return self._maintenance.execute(statement, parameters)

    def _end_maintenance(self) -> None:
        if self._maintenance is not None:
            self._maintenance.close()
            self._maintenance = None

    def close_as_template(self, database: Database, name: str) -> str:
        """Rename a database and let nobody connect any more, so that it can be copied; returns its new name."""
        unique = self.database_name(name)
        old, new = sql.Identifier(database.name), sql.Identifier(unique)
        with self.connect() as connection:
            connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(old))
            # The name says that it is whole.
            connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(old, new))
        return unique

    @contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Hold a lock of this name, over all processes that use the server."""
        with self.connect() as connection:
            connection.execute("SELECT pg_catalog.pg_advisory_lock(pg_catalog.hashtextextended(%s, 0))", (name,))
            yield

    def maintenance_connection(self) -> psycopg.Connection[Any]:
        """A connection for many copies; where PostgreSQL can let the file system copy, it does."""
        connection = self.connect()
        if self.kind != "url":
            self._admission.note(connection)
        connection.execute(
            "SELECT pg_catalog.set_config('file_copy_method', 'clone', false) FROM pg_catalog.pg_settings "
            "WHERE name = 'file_copy_method' AND 'clone' = ANY (enumvals)"
        )
        return connection

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

    def died(self) -> MigcheckError:
        """The error that says so, with the end of the log."""
        if self.run_directory is not None and not (self.run_directory / "data" / "PG_VERSION").exists():
            return MigcheckError(
                f"the data directory of PostgreSQL is gone: {self.run_directory / 'data'}\n"
                "what to do: run again; if it repeats, a migration, a test or another program removes it"
            )
        return MigcheckError(
            f"PostgreSQL died in the middle of the run\n{self.log_tail()}\n"
            "what to do: run again; if it repeats, a statement of what ran before this ends the server"
        )

    def is_alive(self) -> bool:
        return not self.stopped and self.alive()

    def log_tail(self) -> str:
        """The last lines of the server's log."""
        return self.log()

    def halt(self) -> Path | None:
        """Shut a server of our own down cleanly; returns its data directory, which ``stop`` removes."""
        self._end_maintenance()
        return self.halter() if self.halter is not None else None

    def keep(self) -> str | None:
        """Let the server outlive this run; returns the command that ends it, None where that cannot be."""
        if self.stopped or self.keeper is None or not self.keeper():
            return None
        self.stopped = True
        self._end_maintenance()
        return f"rm {self.run_directory / KEPT}" if self.run_directory else f"docker rm --force {self.container}"

    def stop(self) -> None:
        """Stop the server, or drop our databases where it is not ours; may be called again."""
        if not self.stopped:
            self.stopped = True
            try:
                self.stopper()
            finally:
                self._end_maintenance()
