"""SQLAlchemy engines, connections and sessions on a migrated database, for the user's own tests."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, exc
from sqlalchemy.orm import Session

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.guard.variables import without_libpq_variables
from pytest_migcheck.postgres.database import Database

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = ["AsyncEngine", "Connection", "Engine", "Session", "SharedConnection"]

# When the transaction began, which tells it from another one; and the locks that a rollback leaves.
_BEGIN = "SELECT pg_catalog.transaction_timestamp(), pg_catalog.pg_advisory_unlock_all()"
_NOW = "SELECT pg_catalog.transaction_timestamp()"


@contextmanager
def engine_on(database: Database, options: dict[str, Any]) -> Iterator[Engine]:
    """An engine on the database, disposed afterwards."""
    engine = _engine(database, options)
    try:
        yield engine
    finally:
        engine.dispose()


def _engine(database: Database, options: dict[str, Any]) -> Engine:
    """An engine whose connections libpq's variables do not reach."""
    engine = create_engine(database.url, **options)

    def connect(dialect: Any, _record: Any, cargs: Any, cparams: dict[str, Any]) -> Any:
        with without_libpq_variables():
            return dialect.connect(*cargs, **cparams)

    event.listen(engine, "do_connect", connect)
    return engine


def async_engine_on(database: Database, options: dict[str, Any]) -> AsyncEngine:
    """An asynchronous engine without a pool: a connection is closed by whoever opened it, in his event loop.

    Raises:
        MigcheckError: SQLAlchemy's asyncio extra is not installed.
    """
    if importlib.util.find_spec("greenlet") is None:
        raise MigcheckError('migcheck_async_engine needs greenlet\nwhat to do: pip install "sqlalchemy[asyncio]"')
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    words: dict[str, Any] = {} if "poolclass" in options else {"poolclass": NullPool}
    return create_async_engine(database.async_url, **words, **options)


class SharedConnection:
    """One connection to one database for many tests, each in a transaction that is rolled back.

    ``spoilt`` is true once a test has ended that transaction by itself: what it committed stays in the database.
    """

    def __init__(self, database: Database, options: dict[str, Any]) -> None:
        self.database = database
        self.spoilt = False
        self._engine = _engine(database, options)
        self._connection: Connection | None = None

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """The connection in a transaction; afterwards it is rolled back."""
        if self._connection is None or self._connection.closed or self._connection.invalidated:
            self._connection = self._engine.connect()
        connection = self._connection
        outer = connection.begin()
        began = connection.exec_driver_sql(_BEGIN).scalar()
        try:
            yield connection
        finally:
            self.spoilt = not self._still_in(connection, outer, began)
            with contextlib.suppress(exc.SQLAlchemyError):
                connection.rollback()
            if self.spoilt:
                self.close()

    def _still_in(self, connection: Connection, outer: Any, began: Any) -> bool:
        """Whether the transaction is the one that we began, seen by the server: SQL text may end one too."""
        if connection.closed or connection.invalidated or not outer.is_active:
            return False
        try:
            return bool(connection.exec_driver_sql(_NOW).scalar() == began)
        except exc.SQLAlchemyError:
            return True  # aborted by an error of the test: it can only be rolled back

    def close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(exc.SQLAlchemyError):
                self._connection.close()
            self._connection = None
        self._engine.dispose()


@contextmanager
def session_on(connection: Connection) -> Iterator[Session]:
    """An ORM session in the connection's transaction: its commit ends a savepoint only."""
    with Session(bind=connection, join_transaction_mode="create_savepoint") as session:
        yield session
