"""Send every connection that env.py opens to our databases, and refuse those that cannot be sent.

SQLAlchemy's ``do_connect`` event is registered on the ``Engine`` class, so it reaches engines that exist already,
synchronous and asynchronous ones, whatever URL they were made with
(https://docs.sqlalchemy.org/en/20/core/events.html#sqlalchemy.events.DialectEvents.do_connect).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, exc
from sqlalchemy.engine import Engine
from sqlalchemy.pool import Pool

from pytest_migcheck.core.dbapi import rows_of
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.guard.places import TARGET_WORDS
from pytest_migcheck.postgres.database_set import DatabaseSet

_SOCKET_DRIVERS = frozenset({"psycopg", "psycopg_async", "psycopg2", "asyncpg"})


class Redirection:
    """While active, every connection goes to ``databases``; afterwards none of ours is given out again."""

    def __init__(self) -> None:
        self._databases: DatabaseSet | None = None
        self._ours: dict[int, Any] = {}
        self._pools: dict[int, Pool] = {}
        self.refusal: MigcheckError | None = None

    @contextmanager
    def active(self, databases: DatabaseSet) -> Iterator[None]:
        """Redirect the engines until the block ends."""
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

    def _connect(self, dialect: Any, _record: Any, cargs: Any, cparams: dict[str, Any]) -> Any:
        if self._databases is None:
            return None
        if dialect.name != "postgresql":
            raise self._refuse(
                f"env.py connects with the dialect {dialect.name!r}; pytest-migcheck verifies PostgreSQL only\n"
                "what to do: give env.py a postgresql:// URL for this run "
                "(migcheck_env = NAME={url} sets an environment variable)"
            )
        target = _target(cargs, cparams)
        database = self._databases.database_for(target)
        kept = {k: v for k, v in cparams.items() if k not in TARGET_WORDS}
        params = database.params if dialect.driver in _SOCKET_DRIVERS else database.tcp
        name_key = "database" if dialect.driver in ("asyncpg", "pg8000") else "dbname"
        kept.update(host=params.host, port=params.port, user=params.user, password=params.password)
        kept[name_key] = params.dbname
        connection = dialect.connect(**kept)
        self._ours[id(connection)] = connection
        return connection

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
        return next(target[2] for target, d in self._databases.targets.items() if d.name == name)

    def _proved(self, connection: Any, dbapi_connection: Any) -> str:
        """The database that a connection leads to, which has a random name that no other server has."""
        assert self._databases is not None
        names = {database.name for database in self._databases.databases}
        if id(dbapi_connection) in self._ours or _leads_to(dbapi_connection, names):
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
        if self._databases is None or id(dbapi_connection) in self._ours:
            return
        # create_engine(creator=...): the driver has redirected it, if it is one that we know.
        if _leads_to(dbapi_connection, {database.name for database in self._databases.databases}):
            self._ours[id(dbapi_connection)] = dbapi_connection
            return
        raise self._refuse(
            "MC900 foreign-database: env.py makes its connections with create_engine(creator=...), which cannot "
            "be redirected to the disposable server; the connection is refused\n"
            "what to do: pass a URL to create_engine, or give env.py another engine for this run "
            "(hook pytest_migcheck_environment)"
        )

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

def _target(cargs: Any, cparams: dict[str, Any]) -> tuple[str, str, str]:
    """(host, port, database) that the engine asked for."""
    name = cparams.get("dbname") or cparams.get("database") or (str(cargs[0]) if cargs else "")
    return (str(cparams.get("host") or ""), str(cparams.get("port") or 5432), str(name))


def _leads_to(dbapi_connection: Any, names: Collection[str]) -> bool:
    """Whether the driver says that a connection leads to one of these databases; nothing is sent for it."""
    inner = getattr(dbapi_connection, "_connection", dbapi_connection)
    info = getattr(inner, "info", None)
    name = getattr(info, "dbname", None) or getattr(getattr(inner, "_params", None), "database", None)
    if name is None:
        settings = getattr(inner, "_con", inner)
        name = getattr(getattr(settings, "_params", None), "database", None)
    return str(name) in names


def _is_closed(connection: Any) -> bool:
    closed = getattr(connection, "closed", None)
    if closed is None:
        inner = getattr(connection, "_connection", None)
        is_closed = getattr(inner, "is_closed", None)
        return bool(is_closed()) if is_closed else False
    return bool(closed)
