"""Walk a database through single revisions by hand, for tests of what a migration does to data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest_migcheck.core.catalog import Catalog
from pytest_migcheck.core.finding import Direction
from pytest_migcheck.core.outcome import MigcheckError, hidden_frames, told_where_asked
from pytest_migcheck.core.step import StepFailure
from pytest_migcheck.history.source import History
from pytest_migcheck.postgres.database import Database
from pytest_migcheck.postgres.database_set import DatabaseSet
from pytest_migcheck.provision.building import migration_failed
from pytest_migcheck.provision.points import Point, find_revision, point_at, point_before

# A message says it all; pytest shows where the test asked.
__tracebackhide__ = hidden_frames


class StepFailed(MigcheckError):
    """A step of a ``Stepper`` failed; ``kind`` is the name of the error's class, ``sqlstate`` PostgreSQL's code."""

    def __init__(self, failure: StepFailure, text: str) -> None:
        super().__init__(text)
        self.kind = failure.kind
        self.sqlstate = failure.sqlstate


class Stepper:
    """A database of its own that stands at a revision, and moves when told.

    Example::

        def test_locales_are_filled_in(migcheck_stepper):
            migcheck_stepper.before("6f13ea")
            with migcheck_stepper.connect() as connection:
                connection.execute("INSERT INTO users (name) VALUES ('Ada')")
            migcheck_stepper.upgrade()
            with migcheck_stepper.connect() as connection:
                assert connection.execute("SELECT locale FROM users").fetchone() == ("en",)
    """

    def __init__(
        self,
        history: History,
        open_at: Callable[[Point], DatabaseSet],
        pause: Callable[[], None],
    ) -> None:
        self._history = history
        self._open_at = open_at
        self._pause = pause
        self._databases: DatabaseSet | None = None
        self._applied: list[str] = []
        self._next: str | None = None

    @told_where_asked
    def before(self, revision: str) -> Stepper:
        """Stand right before a revision: everything that comes earlier in Alembic's order is applied.

        Args:
            revision: an id, the start of one, or a branch label.

        Raises:
            MigcheckError: it is no revision, or a migration before it fails.
        """
        self._stand(point_before(self._history.graph, revision))
        self._next = find_revision(self._history.graph, revision)
        return self

    @told_where_asked
    def at(self, revision: str) -> Stepper:
        """Stand at a revision, as ``alembic upgrade REVISION`` leaves it.

        Raises:
            MigcheckError: it is no revision, or a migration up to it fails.
        """
        self._stand(point_at(self._history, revision))
        return self

    def _stand(self, point: Point) -> None:
        self.close()
        self._databases = self._open_at(point)
        order = self._history.graph.order
        self._applied = list(order if point.revisions is None else point.revisions)
        self._next = None

    @property
    def database(self) -> Database:
        """The database: ``url``, ``async_url``, ``dsn``, ``name``."""
        return self._standing().main

    @property
    def url(self) -> str:
        """SQLAlchemy's URL of the database, ``postgresql+psycopg://...``."""
        return self.database.url

    @property
    def current(self) -> tuple[str, ...]:
        """The revisions that are applied, in the order in which they were."""
        return tuple(self._applied)

    def connect(self) -> Any:
        """Open a psycopg connection in autocommit."""
        return self.database.connect()

    def upgrade(self) -> Stepper:
        """Apply the next revision, exactly one, in a transaction of its own.

        Raises:
            StepFailed: the migration fails.
            MigcheckError: there is no next revision.
        """
        order = self._history.graph.order
        revision = self._next or next((r for r in order if r not in self._applied), None)
        if revision is None:
            raise MigcheckError("migcheck_stepper.upgrade(): the database stands at the heads already")
        self._step(revision, Direction.UPGRADE)
        self._applied.append(revision)
        self._next = None
        return self

    def downgrade(self) -> Stepper:
        """Take the revision back that was applied last, exactly one.

        Raises:
            StepFailed: the migration fails, or has no way back.
            MigcheckError: nothing is applied.
        """
        self._standing()
        if not self._applied:
            raise MigcheckError("migcheck_stepper.downgrade(): no revision is applied")
        revision = self._applied[-1]
        self._step(revision, Direction.DOWNGRADE)
        self._applied.pop()
        self._next = revision
        return self

    def _step(self, revision: str, direction: Direction) -> None:
        databases = self._standing()
        self._pause()
        run = self._history.start(databases)
        try:
            result = run.step(revision, direction, traced=False)
        finally:
            # A run that waits for its next step would redirect the test's own connections.
            run.end()
        if result.failure is not None:
            raise StepFailed(result.failure, str(migration_failed(result.failure, direction, revision)))

    def catalog(self) -> Catalog:
        """The catalog of the database as it is now; two of them are equal if nothing differs."""
        databases = self._standing()
        try:
            return databases.read_catalog(self._history.version_tables())
        finally:
            databases.release()

    def _standing(self) -> DatabaseSet:
        if self._databases is None:
            raise MigcheckError("migcheck_stepper: say where to stand first: migcheck_stepper.before(REVISION)")
        return self._databases

    def close(self) -> None:
        """Drop the database."""
        if self._databases is not None:
            self._databases.drop()
            self._databases = None
