"""Send every connection that env.py opens to our databases, and refuse those that cannot be sent.

SQLAlchemy's ``do_connect`` event is registered on the ``Engine`` class, so it reaches engines that exist already,
synchronous and asynchronous ones, whatever URL they were made with
(https://docs.sqlalchemy.org/en/20/core/events.html#sqlalchemy.events.DialectEvents.do_connect).
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, exc
from sqlalchemy.engine import Engine
from sqlalchemy.pool import Pool

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.postgres.database_set import DatabaseSet

# Names of the places that the drivers take a connection's target, security and routing from.
_TARGET_KEYS = frozenset(
    (
        *("host", "hostaddr", "port", "user", "password", "passfile", "dbname", "database", "dsn", "service"),
        *("ssl", "sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslpassword", "sslnegotiation"),
        *("requiressl", "gssencmode", "krbsrvname", "target_session_attrs", "load_balance_hosts", "channel_binding"),
        *("require_auth", "unix_sock", "ssl_context", "direct_tls", "passwd"),
    )
)
_SOCKET_DRIVERS = frozenset({"psycopg", "psycopg_async", "psycopg2", "asyncpg"})
_RAW_DRIVERS = (("psycopg", "dbname"), ("psycopg2", "dbname"), ("asyncpg", "database"))


class Redirection:
    """While active, every connection goes to ``databases``; afterwards none of ours is given out again."""

    def __init__(self) -> None:
        self._databases: DatabaseSet | None = None
        self._ours: dict[int, Any] = {}
        self._labels: dict[int, str] = {}
        self._pools: dict[int, Pool] = {}
        self._threads: set[int] = set()
        self._connecting = threading.local()
        self.refusal: MigcheckError | None = None

    @contextmanager
    def active(self, databases: DatabaseSet) -> Iterator[None]:
        """Redirect until the block ends; the current thread's raw driver calls are redirected too."""
        if not self._ours and self._databases is None and not event.contains(Engine, "do_connect", self._connect):
            event.listen(Engine, "do_connect", self._connect)
            event.listen(Pool, "connect", self._made)
            event.listen(Pool, "checkout", self._taken)
        self._databases, self.refusal = databases, None
        self._threads.add(threading.get_ident())
        restore = self._patch_raw_drivers()
        try:
            yield
        finally:
            restore()
            self._threads.discard(threading.get_ident())
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
        kept = {k: v for k, v in cparams.items() if k not in _TARGET_KEYS}
        params = database.params if dialect.driver in _SOCKET_DRIVERS else database.tcp
        name_key = "database" if dialect.driver in ("asyncpg", "pg8000") else "dbname"
        kept.update(host=params.host, port=params.port, user=params.user, password=params.password)
        kept[name_key] = params.dbname
        self._connecting.internal = True
        try:
            connection = dialect.connect(**kept)
        finally:
            self._connecting.internal = False
        self._ours[id(connection)] = connection
        self._labels[id(connection)] = "" if database is self._databases.main else target[2]
        return connection

    def label_of(self, dbapi_connection: Any) -> str:
        """The name of the database that the connection was made for; "" for the first that env.py connects to."""
        return self._labels.get(id(dbapi_connection), "")

    def _refuse(self, message: str) -> MigcheckError:
        self.refusal = MigcheckError(message)
        return self.refusal

    def _made(self, dbapi_connection: Any, record: Any) -> None:
        if self._databases is not None and id(dbapi_connection) not in self._ours:
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
        self._labels = {key: label for key, label in self._labels.items() if key in self._ours}

    def _patch_raw_drivers(self) -> Callable[[], None]:
        originals: list[tuple[Any, str, Any]] = []
        for module_name, name_key in _RAW_DRIVERS:
            module = sys.modules.get(module_name)
            if module is not None:
                original = module.connect
                originals.append((module, "connect", original))
                module.connect = self._raw_connect(original, name_key)  # type: ignore[attr-defined]

        def restore() -> None:
            for module, name, original in originals:
                setattr(module, name, original)

        return restore

    def _raw_connect(self, original: Callable[..., Any], name_key: str) -> Callable[..., Any]:
        def connect(*args: Any, **kwargs: Any) -> Any:
            ours = threading.get_ident() not in self._threads or getattr(self._connecting, "internal", False)
            if ours or self._databases is None:
                return original(*args, **kwargs)
            params = self._databases.main.params
            kept = {k: v for k, v in kwargs.items() if k not in _TARGET_KEYS and k != "conninfo"}
            kept.update(host=params.host, port=params.port, user=params.user, password=params.password)
            return original(**{**kept, name_key: params.dbname})

        return connect


def _target(cargs: Any, cparams: dict[str, Any]) -> tuple[str, str, str]:
    """(host, port, database) that the engine asked for."""
    name = cparams.get("dbname") or cparams.get("database") or (str(cargs[0]) if cargs else "")
    return (str(cparams.get("host") or ""), str(cparams.get("port") or 5432), str(name))


def _is_closed(connection: Any) -> bool:
    closed = getattr(connection, "closed", None)
    if closed is None:
        inner = getattr(connection, "_connection", None)
        is_closed = getattr(inner, "is_closed", None)
        return bool(is_closed()) if is_closed else False
    return bool(closed)
