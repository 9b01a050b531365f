"""Run single revisions: one env.py run for many steps, or one run for each where env.py needs that."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from alembic.runtime.migration import MigrationStep

from pytest_migcheck.core.finding import Direction
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.core.step import StepFailure
from pytest_migcheck.history.alembic.environment import Environment
from pytest_migcheck.history.alembic.rehearsal import rehearsed
from pytest_migcheck.history.source import Rehearsing, StepResult
from pytest_migcheck.postgres.database_set import DatabaseSet
from pytest_migcheck.postgres.watch import Watch, watched

T = TypeVar("T")
STEP_COMMITTED = object()
Explain = Callable[[BaseException, str, Direction], StepFailure]


class Stepper:
    """Runs single steps over a set of databases; the common part of the two ways."""

    def __init__(self, environment: Environment, databases: DatabaseSet, explain: Explain, timeout: float) -> None:
        self._environment = environment
        self._databases = databases
        self._explain = explain
        self._timeout = timeout
        self._left_uncommitted = False
        self._running = False

    @property
    def leaves_connections(self) -> bool:
        return self._environment.redirection.left_open

    def _committed(self, context: Any) -> None:
        """Commit what Alembic did not, because the migration ended its transaction: the next step starts clean."""
        if not context._in_external_transaction and context.connection.in_transaction():
            self._left_uncommitted = True
            context.connection.commit()

    def _migration_step(self, revision: str, direction: Direction, *, traced: bool) -> Any:
        """Alembic's step for exactly one revision; records while the user's function runs."""
        scripts, recorder = self._environment.scripts, self._environment.recorder
        script = scripts.get_revision(revision)
        if direction is Direction.UPGRADE:
            step = MigrationStep.upgrade_from_script(scripts.revision_map, script)
        else:
            step = MigrationStep.downgrade_from_script(scripts.revision_map, script)
        original = step.migration_fn

        def recorded_function(**kwargs: Any) -> None:
            recorder.open_step(observing=traced, continuing=self._running)
            self._running = True
            original(**kwargs)
            recorder.stop_observing()

        step.migration_fn = recorded_function
        return step

    def _result(self, error: BaseException | None, revision: str, direction: Direction, started: float) -> StepResult:
        failure = None if error is None else self._explain(error, revision, direction)
        statements = self._environment.recorder.close_step()
        return StepResult(
            statements=statements,
            failure=failure,
            seconds=time.perf_counter() - started,
            left_uncommitted=self._left_uncommitted and failure is None,
        )

    def _watch(self) -> Watch:
        return Watch(self._databases, self._timeout)


class SeparateRuns(Stepper):
    """One env.py run per step: for several databases, tenant loops, external transactions."""

    alive = True

    def step(self, revision: str, direction: Direction, *, traced: bool) -> StepResult:
        started = time.perf_counter()
        self._left_uncommitted = self._running = False
        self._environment.recorder.open_step(observing=False)
        self._environment.recorder.close_step()

        def steps(_heads: Any, context: Any) -> Iterator[Any]:
            yield self._migration_step(revision, direction, traced=traced)
            self._committed(context)

        def work() -> None:
            self._environment.run(self._databases, steps, transaction_per_migration=True)

        error = watched(work, self._databases, self._timeout)
        return self._result(error, revision, direction, started)

    def rehearse(self, work: Callable[[Rehearsing], T]) -> T | None:
        return None

    def end(self) -> None:
        self._environment.recorder.forget_connections()
        self._databases.wait_until_unused()


class SingleRun(Stepper):
    """One env.py run for many steps; it waits between them, in a thread, for the next."""

    def __init__(self, environment: Environment, databases: DatabaseSet, explain: Explain, timeout: float) -> None:
        super().__init__(environment, databases, explain, timeout)
        self._wanted: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="migcheck-env", daemon=True)
        self._ended = False
        self._busy = False
        self._thread.start()

    @property
    def alive(self) -> bool:
        return not self._ended

    def _work(self) -> None:
        try:
            self._environment.run(self._databases, self._steps, transaction_per_migration=True)
            self._done.put(None)
        except BaseException as error:  # noqa: BLE001 - handed over to the waiting thread
            self._done.put(error)

    def _steps(self, _heads: Any, context: Any) -> Iterator[Any]:
        while (wanted := self._wanted.get()) is not None:
            if callable(wanted):
                self._done.put(wanted(context))
                continue
            yield wanted
            self._committed(context)
            # Each revision is a release: the next one must not remember the enum types of this one.
            context.impl.memo.clear()
            self._done.put(STEP_COMMITTED)

    def step(self, revision: str, direction: Direction, *, traced: bool) -> StepResult:
        self._refuse_after_the_end()
        started = time.perf_counter()
        self._left_uncommitted = self._running = False
        self._wanted.put(self._migration_step(revision, direction, traced=traced))
        self._busy = True
        outcome = self._watch().wait(self._done.get)
        self._busy = False
        error = outcome if isinstance(outcome, BaseException) else None
        if outcome is None:
            error = MigcheckError("env.py caught the error of this step and went on: it was not run to its end")
        self._ended = outcome is not STEP_COMMITTED
        result = self._result(error, revision, direction, started)
        if self._ended:
            self._finish()
        return result

    def rehearse(self, work: Callable[[Rehearsing], T]) -> T | None:
        """Do the work in the thread of env.py, in a transaction that is rolled back."""
        self._refuse_after_the_end()

        def in_thread(context: Any) -> tuple[T]:
            return (rehearsed(context, self._migrated, work),)

        self._wanted.put(in_thread)
        self._busy = True
        outcome = self._watch().wait(self._done.get)
        self._busy = False
        if isinstance(outcome, tuple):
            return outcome[0]  # type: ignore[no-any-return]
        self._ended = True
        self._finish()
        raise outcome if isinstance(outcome, BaseException) else MigcheckError("env.py ended in a rehearsal")

    def _refuse_after_the_end(self) -> None:
        if self._ended or self._busy:
            what = "was interrupted" if self._busy else "has ended already"
            raise MigcheckError(f"pytest-migcheck: the run of env.py {what}")

    def _migrated(self, revision: str, direction: Direction) -> StepResult:
        """Call the migration's function alone; whoever asked owns the transaction."""
        started, error = time.perf_counter(), None
        self._left_uncommitted = self._running = False
        step = self._migration_step(revision, direction, traced=False)
        try:
            step.migration_fn()
        except BaseException as raised:  # noqa: BLE001 - told in the result
            error = raised
        return self._result(error, revision, direction, started)

    def end(self) -> None:
        if self._busy:
            # Interrupted in the middle of a step: nobody waits for it any more.
            self._ended = True
        if not self._ended:
            self._ended = True
            self._wanted.put(None)
            self._watch().wait(self._done.get)
            self._finish()

    def _finish(self) -> None:
        self._thread.join(self._timeout)
        self._environment.recorder.forget_connections()
        self._databases.wait_until_unused()
