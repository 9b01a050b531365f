"""Move one set of databases along the graph of a history, one revision at a time.

The state before revision R is always the same, whatever was asked before: every revision that comes earlier
in the upgrade order is applied, except those whose upgrade fails and those that require one of them.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Protocol

from pytest_migcheck.core.catalog import Catalog
from pytest_migcheck.core.diff import same
from pytest_migcheck.core.finding import Direction
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.core.step import NO_WAY_BACK, StepFailure, StepRecord
from pytest_migcheck.history.source import History, Run
from pytest_migcheck.postgres.broken import DriverError, after_loss, failure_by_lock_out
from pytest_migcheck.postgres.catalog import unheard
from pytest_migcheck.postgres.database_set import DatabaseSet
from pytest_migcheck.postgres.server import Server
from pytest_migcheck.sql.transaction_control import ends_transaction
from pytest_migcheck.walk.checkpoints import Checkpoints
from pytest_migcheck.walk.stairway import Stairway

# A replay longer than this ends with a checkpoint: copying costs about as much as twenty steps.
_LONG_REPLAY = 20
_labels = itertools.count(1)


class Floor(Protocol):
    """A state of the history that can be had without running it: ``position`` revisions are applied."""

    @property
    def position(self) -> int: ...

    def copy(self, server: Server, label: str, *, incremental: bool) -> DatabaseSet: ...


class Cursor:
    """Walks one history over databases of its own."""

    def __init__(
        self, history: History, server: Server, reset_cluster: Callable[[], None], *,
        traced: bool = True, reads: bool = True, floor: Floor | None = None,
    ) -> None:  # fmt: skip
        """Make a cursor.

        Args:
            history: the migrations.
            server: where the databases are made.
            reset_cluster: takes back what walks left outside of databases (roles).
            traced: ask the server what each statement locks, scans and rewrites.
            reads: catalogs will be read, so hear from the server what is touched.
            floor: where to start, in place of an empty database.
        """
        self._floor, self._traced, self._reads = floor, traced, reads
        self.history, self._server, self._reset_cluster = history, server, reset_cluster
        self._order = history.graph.order
        self._position = 0
        self._databases: DatabaseSet | None = None
        self._run: Run | None = None
        self._catalog: Catalog | None = None
        self._checkpoints = Checkpoints()
        self._failed: dict[str, StepFailure] = {}
        self._seeded: str | None = None

    def stairway(self, revision: str) -> Stairway:
        """Run the revision up, down and up, from the state before it."""
        position = self._order.index(revision)
        self._move_to(position)
        blocker = self._blocker(revision)
        if blocker is not None:
            self._position = position + 1
            return Stairway(blocked_by=blocker)
        self._seed(revision)
        up = self._step(revision, Direction.UPGRADE, 1, self._current())
        if up.failure is not None:
            self._failed[revision] = up.failure
            return self._after_failed_upgrade(up)
        down = self._step(revision, Direction.DOWNGRADE, 1, _known(up.after))
        if down.failure is not None:
            return self._after_failed_downgrade(up, down)
        again = self._step(revision, Direction.UPGRADE, 2, _known(down.after))
        clean = again.failure is None and same(_known(up.after), _known(again.after))
        self._stand_at(position + 1, clean=clean and same(up.before, _known(down.after)))
        return Stairway(up=up, down=down, again=again)

    def catalog_at_end(self) -> Catalog:
        """The catalog with every revision applied."""
        self._move_to(len(self._order))
        return self._current()

    def before(self, revision: str) -> DatabaseSet | None:
        """Stand right before a revision; None if a failed one keeps it from being reached."""
        self._move_to(self._order.index(revision))
        if self._blocker(revision) is not None:
            return None
        self._seed(revision)
        return self._databases

    def stands_after(self, revision: str) -> bool:
        """Whether the revision is the one that was applied last."""
        stands = self._databases is not None and self._position == self._order.index(revision) + 1
        return stands and revision not in self._failed and self._blocker(revision) is None

    @contextlib.contextmanager
    def taken_back(self, revision: str) -> Iterator[DatabaseSet | None]:
        """Stand before a revision that goes up and down cleanly, and after it again; None if it does not go down now.

        What happens meanwhile is rolled back, except for what sequences count: that is put back.
        """
        down = self._running().step(revision, Direction.DOWNGRADE, traced=False)
        if down.failure is not None:
            self._abandon()
            yield None
            return
        assert self._databases is not None
        numbers = self._databases.sequence_numbers()
        try:
            yield self._databases
        except BaseException:
            # Interrupted, env.py may be in the middle of a step: nobody waits for that.
            self._abandon()
            raise
        self._databases.restore_sequences(numbers)
        if self._running().step(revision, Direction.UPGRADE, traced=False).failure is not None:
            self._abandon()

    def run(self) -> Run:
        """The run of env.py where the cursor stands."""
        return self._running()

    def query(self, sql: str) -> Sequence[Sequence[Any]]:
        """Run one statement in the main database where the cursor stands."""
        assert self._databases is not None
        return self._databases.run(sql)

    def copy(self, label: str) -> DatabaseSet:
        """A copy of the databases where the cursor stands."""
        self.release()
        assert self._databases is not None
        return self._databases.copy(label)

    def release(self) -> None:
        """End the run of env.py: nothing of ours stays between other people's tests."""
        if self._run is not None:
            self._run.end()
            self._run = None
        if self._databases is not None:
            self._databases.release()

    def forget(self) -> None:
        """Drop all databases; the next question starts from an empty one."""
        self.release()
        if self._databases is not None:
            self._databases.drop()
            self._databases = None
        self._checkpoints.drop()
        self._position, self._catalog, self._seeded = 0, None, None

    def _after_failed_upgrade(self, up: StepRecord) -> Stairway:
        dirty = not same(up.before, _known(up.after))
        self._stand_at(self._order.index(up.revision) + 1, clean=not dirty)
        if not dirty and self._databases is not None:
            self._catalog = up.before
        return Stairway(up=up, dirty=dirty)

    def _after_failed_downgrade(self, up: StepRecord, down: StepRecord) -> Stairway:
        dirty = not same(down.before, _known(down.after))
        self._stand_at(self._order.index(up.revision) + 1, clean=not dirty)
        return Stairway(up=up, down=down, dirty=dirty)

    def _stand_at(self, position: int, *, clean: bool) -> None:
        self._position = position
        if not clean:
            self._abandon()

    def _abandon(self) -> None:
        """Give up databases that are not in a state of the history any more."""
        self.release()
        self._seeded = None
        if self._databases is not None:
            self._databases.drop()
            self._databases = None
        self._catalog = None

    def _move_to(self, position: int) -> None:
        if self._databases is None or self._position > position:
            self._restore(position)
        start = self._position
        for index in range(start, position):
            self._advance(self._order[index])
        self._position = position
        if position - start > _LONG_REPLAY and position < len(self._order):
            self.release()
            assert self._databases is not None
            self._checkpoints.keep(position, self._databases)

    def _restore(self, position: int) -> None:
        self._abandon()
        self._reset_cluster()
        label = f"w{next(_labels)}"
        self._position = self._checkpoints.nearest(position)
        if self._position:
            self._databases = self._checkpoints.restore(self._position, label)
        elif self._floor is not None and self._floor.position <= position:
            self._position = self._floor.position
            self._databases = self._floor.copy(self._server, label, incremental=self._reads)
        else:
            self._databases = DatabaseSet(self._server, label, incremental=self._reads)
            self.history.prepare(self._databases)

    def _advance(self, revision: str) -> None:
        """Apply one revision without looking, on the way to another."""
        if revision in self._failed or self._blocker(revision) is not None:
            return
        self._catalog = None
        self._seed(revision)
        result = self._running().step(revision, Direction.UPGRADE, traced=False)
        if result.failure is not None:
            self._failed[revision] = result.failure
            self._run = None
            if any(s.autocommit or ends_transaction(s.sql) for s in result.statements):
                position = self._order.index(revision)
                self._restore(position)
                for index in range(self._position, position):
                    self._advance(self._order[index])

    def _seed(self, revision: str) -> None:
        """Insert the user's rows; env.py does not run meanwhile, since it takes every connection to itself."""
        if self.history.seeds() and self._seeded != revision:
            self._seeded = revision
            self.release()
            assert self._databases is not None
            self.history.seed(self._databases, revision)

    def _blocker(self, revision: str) -> str | None:
        if not self._failed:
            return None
        ancestors = self.history.graph.ancestors(revision)
        return next((r for r in self._failed if r in ancestors), None)

    def _running(self) -> Run:
        if self._run is None or not self._run.alive:
            if self._databases is None:
                raise MigcheckError("pytest-migcheck: there is no database to run on")
            self._databases.listen()
            self._run = self.history.start(self._databases)
        return self._run

    def _current(self) -> Catalog:
        if self._catalog is None:
            self._running()
            self._catalog = self._read(everything=True)
        return self._catalog

    def _read(self, *, everything: bool) -> Catalog:
        assert self._databases is not None
        return self._databases.read_catalog(self.history.version_tables(), everything=everything)

    def _step(self, revision: str, direction: Direction, run: int, before: Catalog) -> StepRecord:
        result = self._running().step(revision, direction, traced=self._traced and run == 1)
        record = StepRecord(
            revision=revision,
            direction=direction,
            run=run,
            before=before,
            after=None,
            statements=result.statements,
            failure=result.failure,
            seconds=result.seconds,
            changed_settings=result.changed_settings,
            left_uncommitted=result.left_uncommitted,
        )
        if result.failure is not None and result.failure.kind == NO_WAY_BACK:
            return replace(record, after=before)
        if result.failure is not None:
            self._run = None
        hidden_from_us = result.failure is not None or unheard(s.sql for s in result.statements)
        try:
            self._catalog = self._read(everything=hidden_from_us)
        except DriverError as error:
            self._abandon()
            return after_loss(record, error, self._server)
        return replace(record, after=self._catalog, failure=record.failure or failure_by_lock_out(record, self._server))


def _known(catalog: Catalog | None) -> Catalog:
    assert catalog is not None
    return catalog
