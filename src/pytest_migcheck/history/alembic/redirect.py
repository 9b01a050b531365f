"""What Alembic is given: a connection of env.py must lead to a database of ours, before its first statement.

The drivers are redirected by ``guard``. SQLAlchemy's events, which are registered on its classes and so reach engines
that exist already, keep connections of one run from another
(https://docs.sqlalchemy.org/en/20/core/events.html#sqlalchemy.events.PoolEvents).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, exc
from sqlalchemy.engine import Engine
from sqlalchemy.pool import Pool

from pytest_migcheck.core.dbapi import rows_of
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.guard.drivers import Guard
from pytest_migcheck.postgres.database_set import DatabaseSet


class Redirection:
    """While active, every connection goes to ``databases``; afterwards none of ours is given out again."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._databases: DatabaseSet | None = None
        self._ours: dict[int, Any] = {}
        self._pools: dict[int, Pool] = {}
        self.refusal: MigcheckError | None = None

    @contextmanager
    def active(self, databases: DatabaseSet) -> Iterator[None]:
        """Accept connections to these databases until the block ends."""
        if not self._ours and self._databases is None and not event.contains(Engine, "do_connect", self._connect):
            event.listen(Engine, "do_connect", self._connect)
            event.listen(Pool, "connect", self._made)
            event.listen(Pool, "checkout", self._taken)
        self._databases, self.refusal = databases, None
        try:
            yield
        finally:
            self._databases = None
            self._dispose_pools()

    @property
    def left_open(self) -> bool:
        """Whether connections of a run that is over were neither closed nor given back to their pool."""
        return bool(self._ours)

    def stop(self) -> None:
        """Remove the events from SQLAlchemy's classes."""
        if event.contains(Engine, "do_connect", self._connect):
            event.remove(Engine, "do_connect", self._connect)
            event.remove(Pool, "connect", self._made)
            event.remove(Pool, "checkout", self._taken)

    def _connect(self, dialect: Any, _record: Any, _cargs: Any, _cparams: dict[str, Any]) -> Any:
        if self._databases is not None and dialect.name != "postgresql":
            raise self._refuse(
                f"env.py connects with the dialect {dialect.name!r}; pytest-migcheck verifies PostgreSQL only\n"
                "what to do: give env.py a postgresql:// URL for this run "
                "(migcheck_env = NAME={url} sets an environment variable)"
            )

    def label_of(self, connection: Any) -> str:
        """The name of the database that env.py's SQLAlchemy connection was made for; "" for the first one.

        Raises:
            MigcheckError: the connection does not lead to a database of ours.
        """
        dbapi_connection = getattr(getattr(connection, "connection", None), "dbapi_connection", None)
        if dbapi_connection is None or self._databases is None:
            return ""  # a connection that is no SQLAlchemy one is for Alembic to refuse
        name = self._proved(connection, dbapi_connection)
        if name == self._databases.main.name:
            return ""
        return next((target[2] for target, d in self._databases.targets.items() if d.name == name), "")

    def _proved(self, connection: Any, dbapi_connection: Any) -> str:
        """The database that a connection leads to; it has a random name, which no other server has."""
        assert self._databases is not None
        names = {database.name for database in self._databases.databases}
        if self._guard.label_of(dbapi_connection) in names:
            idle = not connection.in_transaction()
            found = str(rows_of(dbapi_connection, "SELECT pg_catalog.current_database()")[0][0])
            if idle:
                dbapi_connection.rollback()
            if found in names:
                return found
        raise self._refuse(
            "MC900 foreign-database: the connection that env.py hands to context.configure() does not lead to the "
            "disposable server; nothing was run on it\n"
            "what to do: make the connection in env.py from a URL, or return another one from the hook "
            "pytest_migcheck_environment"
        )

    def _refuse(self, message: str) -> MigcheckError:
        self.refusal = MigcheckError(message)
        return self.refusal

    def _made(self, dbapi_connection: Any, record: Any) -> None:
        if self._databases is None:
            return
        if self._guard.label_of(dbapi_connection) is None:
            raise self._refuse(
                "MC900 foreign-database: env.py makes its connections with create_engine(creator=...) or a dialect "
                "of its own, which cannot be redirected to the disposable server; the connection is refused\n"
                "what to do: pass a URL to create_engine, or give env.py another engine for this run "
                "(hook pytest_migcheck_environment)"
            )
        self._ours[id(dbapi_connection)] = dbapi_connection

    def _taken(self, dbapi_connection: Any, record: Any, proxy: Any) -> None:
        ours = id(dbapi_connection) in self._ours
        if ours:
            pool = getattr(proxy, "_pool", None)
            if pool is not None:
                self._pools[id(pool)] = pool
        if ours is (self._databases is None):
            raise exc.DisconnectionError("pytest-migcheck: a pooled connection of the other side")

    def _dispose_pools(self) -> None:
        for pool in self._pools.values():
            pool.dispose()
        self._pools.clear()
        self._ours = {key: c for key, c in self._ours.items() if not _is_closed(c)}

def _is_closed(connection: Any) -> bool:
    closed = getattr(connection, "closed", None)
    if closed is None:
        inner = getattr(connection, "_connection", None)
        is_closed = getattr(inner, "is_closed", None)
        return bool(is_closed()) if is_closed else False
    return bool(closed)
