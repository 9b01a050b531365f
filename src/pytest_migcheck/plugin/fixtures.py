"""The fixtures: a migrated database for every test. They work with and without ``--migcheck``."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from pytest_migcheck.plugin.shared import session_of

if TYPE_CHECKING:
    from pytest_migcheck.core.rows import Row
    from pytest_migcheck.history.alembic.engine import AsyncEngine, Connection, Engine, SharedConnection
    from pytest_migcheck.history.alembic.engine import Session as OrmSession
    from pytest_migcheck.postgres.database import Database
    from pytest_migcheck.provision.databases import MigratedDatabases
    from pytest_migcheck.provision.facade import MigcheckServer
    from pytest_migcheck.provision.stepping import Stepper

    DatabaseFactory = Callable[..., AbstractContextManager[Database]]
    Populate = Callable[..., dict[str, list[Row]]]

USED = pytest.StashKey["list[Database]"]()
FAILED = pytest.StashKey[bool]()


class MigcheckLeakWarning(pytest.PytestWarning):
    """A test left a connection to its database open."""


@contextmanager
def _told() -> Iterator[None]:
    """Show what stops us as text, without the frames of ours that lead there."""
    from pytest_migcheck.core.outcome import MigcheckError

    try:
        yield
    except MigcheckError as error:
        raise pytest.fail.Exception(f"migcheck: {error}", pytrace=False) from None


@pytest.fixture(scope="session")
def _migcheck_databases(request: pytest.FixtureRequest) -> MigratedDatabases:
    with _told():
        return session_of(request.config).databases()


@pytest.fixture(scope="session")
def migcheck_server(_migcheck_databases: MigratedDatabases) -> Iterator[MigcheckServer]:
    """The disposable PostgreSQL server: url, version, create_database().

    One per run, shared by all workers of pytest-xdist.
    """
    from pytest_migcheck.provision.facade import MigcheckServer

    with _told():
        server = MigcheckServer(_migcheck_databases)
    yield server
    server.close()


@pytest.fixture(scope="session")
def migcheck_engine_options() -> dict[str, Any]:
    """Arguments of create_engine() for the engines of migcheck fixtures; override it to set some."""
    return {}


@pytest.fixture
def migcheck_db(request: pytest.FixtureRequest, _migcheck_databases: MigratedDatabases) -> Iterator[Database]:
    """A fresh, migrated database of this test's own: url, async_url, dsn, name, connect().

    It is a copy of a template that is migrated once. With ``@pytest.mark.migcheck_at("3f2a1c")`` it stands at that
    revision. A connection that the test leaves open is told with a warning.
    """
    with _told():
        database = _migcheck_databases.clone(*_wanted(request))
    request.node.stash.setdefault(USED, []).append(database)
    yield database
    _warn_of_leaks(request, _migcheck_databases, database)
    _give_back(request, _migcheck_databases, database)


def _wanted(request: pytest.FixtureRequest) -> tuple[str, str | None]:
    """What the marker ``migcheck_at`` asks for."""
    marker = request.node.get_closest_marker("migcheck_at")
    if marker is None:
        return "heads", None
    if len(marker.args) != 1 or set(marker.kwargs) - {"history"}:
        pytest.fail(
            'migcheck_at takes one revision: @pytest.mark.migcheck_at("3f2a1c"), '
            'with history="NAME" if there are several histories',
            pytrace=False,
        )
    return str(marker.args[0]), marker.kwargs.get("history")


def _warn_of_leaks(request: pytest.FixtureRequest, databases: MigratedDatabases, database: Database) -> None:
    with _told():
        left = databases.open_sessions(database)
    if left:
        lines = "".join(f"\n  {session}" for session in left)
        request.node.warn(
            MigcheckLeakWarning(
                f"the test left {len(left)} connection{'s' if len(left) > 1 else ''} to its database open{lines}\n"
                "what to do: close the connection, or dispose the engine, in the test or in the fixture that opened it"
            )
        )


def _give_back(request: pytest.FixtureRequest, databases: MigratedDatabases, database: Database) -> None:
    """Drop the database, unless the test failed and ``--migcheck-keep`` wants it."""
    if not (request.config.getoption("migcheck_keep") and request.node.stash.get(FAILED, False)):
        databases.give_back(database)


@pytest.fixture
def migcheck_engine(migcheck_db: Database, migcheck_engine_options: dict[str, Any]) -> Iterator[Engine]:
    """A SQLAlchemy engine on migcheck_db, disposed after the test."""
    from pytest_migcheck.history.alembic.engine import engine_on

    with engine_on(migcheck_db, migcheck_engine_options) as engine:
        yield engine


@pytest.fixture
def migcheck_async_engine(migcheck_db: Database, migcheck_engine_options: dict[str, Any]) -> AsyncEngine:
    """An asynchronous SQLAlchemy engine on migcheck_db, for tests under anyio or pytest-asyncio.

    With asyncpg if it is installed, else with psycopg. It has no pool, so nothing outlives the test's event loop.
    """
    from pytest_migcheck.history.alembic.engine import async_engine_on

    with _told():
        return async_engine_on(migcheck_db, migcheck_engine_options)


@pytest.fixture(scope="session")
def _migcheck_shared(
    _migcheck_databases: MigratedDatabases, migcheck_engine_options: dict[str, Any]
) -> Iterator[Callable[[str, str | None], SharedConnection]]:
    """Gives the one connection that tests share, by what they ask for; a new one after a test that committed."""
    from pytest_migcheck.history.alembic.engine import SharedConnection

    known: dict[tuple[str, str | None], SharedConnection] = {}

    def shared(at: str, history: str | None) -> SharedConnection:
        connection = known.get((at, history))
        if connection is not None and connection.spoilt:
            _migcheck_databases.give_back(connection.database)
            connection = None
        if connection is None:
            with _told():
                database = _migcheck_databases.clone(at, history)
            connection = known[at, history] = SharedConnection(database, migcheck_engine_options)
        return connection

    yield shared
    for connection in known.values():
        connection.close()
        _migcheck_databases.give_back(connection.database)


@pytest.fixture
def migcheck_connection(
    request: pytest.FixtureRequest, _migcheck_shared: Callable[[str, str | None], SharedConnection]
) -> Iterator[Connection]:
    """A SQLAlchemy connection to a migrated database, in a transaction that is rolled back after the test.

    The fastest isolation: tests share one database, and none sees what another wrote. Sequences go on counting. A test
    that commits is still isolated, and costs the next one a new database.
    """
    shared = _migcheck_shared(*_wanted(request))
    request.node.stash.setdefault(USED, []).append(shared.database)
    with shared.transaction() as connection:
        yield connection


@pytest.fixture
def migcheck_session(migcheck_connection: Connection) -> Iterator[OrmSession]:
    """A SQLAlchemy ORM session on migcheck_connection: commit() works, and all is rolled back after the test."""
    from pytest_migcheck.history.alembic.engine import session_on

    with session_on(migcheck_connection) as session:
        yield session


@pytest.fixture(scope="session")
def migcheck_db_factory(_migcheck_databases: MigratedDatabases) -> DatabaseFactory:
    """Makes migrated databases: ``with migcheck_db_factory(at="heads", history=None, rows=0) as db``.

    For fixtures of your own with a wider scope, and for tests that need two databases. ``rows`` fills every table with
    that many valid rows.
    """

    @contextmanager
    def factory(at: str = "heads", history: str | None = None, rows: int = 0) -> Generator[Database, None, None]:
        with _told():
            lent = _migcheck_databases.clone(at, history)
        try:
            with _told():
                if rows:
                    _migcheck_databases.populate(lent, (), rows)
            yield lent
        finally:
            _migcheck_databases.give_back(lent)

    return factory


@pytest.fixture
def migcheck_stepper(request: pytest.FixtureRequest, _migcheck_databases: MigratedDatabases) -> Iterator[Stepper]:
    """A database to walk by hand: before("3f2a1c"), upgrade(), downgrade(), catalog(), connect().

    For tests of what a migration does to rows: stand before it, insert, upgrade, look.
    """
    with _told():
        _, history = _wanted(request)
        stepper = _migcheck_databases.stepper(history)
    yield stepper
    stepper.close()


@pytest.fixture
def migcheck_populate(_migcheck_databases: MigratedDatabases) -> Populate:
    """Fills tables with valid rows: migcheck_populate(migcheck_stepper, "orders", rows=10) returns them.

    The target is migcheck_db, migcheck_stepper, migcheck_connection or migcheck_session. Tables that foreign keys need
    are filled as well; without names every table is. Values come from the catalog: types, keys, CHECKs.
    """

    def fill(target: Any, *tables: str, rows: int = 10) -> dict[str, list[Row]]:
        with _told():
            return _migcheck_databases.populate(target, tables, rows)

    return fill
