"""Run single migrations, each in a session of its own: a migration is a release."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from pytest_migcheck.core.finding import Direction
from pytest_migcheck.history.source import Rehearsing, StepResult
from pytest_migcheck.history.sql.failures import irreversible, step_failure
from pytest_migcheck.history.sql.layout import Layout, Migration, ScriptError
from pytest_migcheck.history.sql.running import Session
from pytest_migcheck.postgres.database_set import DatabaseSet
from pytest_migcheck.postgres.script import ScriptConnection
from pytest_migcheck.postgres.watch import watched
from pytest_migcheck.trace.recorder import Recorder

T = TypeVar("T")


class ScriptRun:
    """Implements ``history.source.Run``; between two steps nothing is connected."""

    alive = True

    def __init__(
        self,
        layout: Layout,
        migrations: Mapping[str, Migration],
        databases: DatabaseSet,
        recorder: Recorder,
        timeout: float,
    ) -> None:
        self._layout = layout
        self._migrations = migrations
        self._databases = databases
        self._recorder = recorder
        self._timeout = timeout

    def step(self, revision: str, direction: Direction, *, traced: bool) -> StepResult:
        started = time.perf_counter()
        migration = self._migrations[revision]
        if direction is Direction.DOWNGRADE and not migration.has_downgrade:
            return StepResult(statements=(), failure=irreversible(migration, self._layout), seconds=0.0)
        self._recorder.open_step(observing=traced)
        try:
            error = watched(lambda: self._run(migration, direction), self._databases, self._timeout)
        finally:
            statements = self._recorder.close_step()
            self._recorder.forget_connections()
        first = self._layout.migrations[0] is migration
        failure = None if error is None else step_failure(error, migration, direction, self._layout, first=first)
        return StepResult(statements=statements, failure=failure, seconds=time.perf_counter() - started)

    def _run(self, migration: Migration, direction: Direction) -> None:
        session = Session(ScriptConnection(self._databases.main), self._recorder)
        try:
            if direction is Direction.UPGRADE and is_applied(session.connection, self._layout, migration, []):
                return
            run_migration(session, migration, direction, self._databases)
            write_ledger(session.connection, self._layout, migration, direction)
        finally:
            session.connection.close()

    def rehearse(self, work: Callable[[Rehearsing], T]) -> T | None:
        """Scripts end their own transactions: rows go through them in copies."""
        return None

    def end(self) -> None:
        """Nothing is left to finish: each step closes its session."""


def run_migration(session: Session, migration: Migration, direction: Direction, databases: DatabaseSet) -> None:
    """Run one direction of a migration, and what the tool looks at afterwards."""
    session.run(migration.read(direction), direction)
    if direction is Direction.UPGRADE and migration.repeatable:
        # It must be able to run again: that is what its name promises.
        session.run(migration.read(direction), direction)
    if direction is Direction.UPGRADE and migration.verify is not None:
        verifying = Session(ScriptConnection(databases.main), Recorder(*[lambda _text: False] * 3))
        try:
            verifying.run(migration.verify(), direction)
        finally:
            verifying.connection.close()


def is_applied(connection: ScriptConnection, layout: Layout, migration: Migration, edited: list[str]) -> bool:
    """Whether the tool's own record has the migration already, so that it is not run.

    Args:
        connection: where the record is.
        layout: the folder.
        migration: what is to be run.
        edited: gets the id of one whose file is not what was applied.

    Raises:
        ScriptError: the record says that it failed, so that the tool runs nothing.
    """
    ledger = layout.ledger
    rows = connection.rows(ledger.known(migration)) if ledger is not None and ledger.known is not None else []
    for finished, checksum in rows:
        if not finished:
            raise ScriptError(
                migration.path,
                1,
                f"the database that the history starts from holds {migration.id} as failed: {layout.tool} runs nothing "
                "until that is resolved (P3009)",
                f"prisma migrate resolve --rolled-back {migration.id} (or --applied), and make the dump anew",
            )
        if ledger is not None and ledger.checksum is not None and checksum != ledger.checksum(migration.path):
            edited.append(migration.id)
    return bool(rows)


def write_ledger(connection: ScriptConnection, layout: Layout, migration: Migration, direction: Direction) -> None:
    """Note in the tool's own table what it would note."""
    if layout.ledger is not None:
        write = layout.ledger.applied if direction is Direction.UPGRADE else layout.ledger.reverted
        connection.execute(write(migration))
