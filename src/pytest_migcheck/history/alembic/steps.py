"""Run single revisions: one run of env.py for many steps, or one run for each where env.py needs that.

All of it happens in the main thread of the history process, as the ``alembic`` command would do it.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Protocol

from alembic.runtime.migration import MigrationStep

from pytest_migcheck.core.finding import Direction
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.core.statement import Source
from pytest_migcheck.core.step import StepFailure
from pytest_migcheck.history.alembic.environment import Environment
from pytest_migcheck.history.alembic.session_state import SessionState
from pytest_migcheck.history.source import StepResult
from pytest_migcheck.postgres.database_set import DatabaseSet

Explain = Callable[[BaseException, str, Direction], StepFailure]
_CAUGHT = "env.py caught the error of this step and continued, so the step did not run to its end"


class Asker(Protocol):
    """Asks a waiting run of env.py for steps, one after the other."""

    def entered(self, walk: Walk, context: Any) -> None:
        """env.py has called ``context.run_migrations()``."""

    def next_step(self) -> tuple[str, Direction, bool] | None:
        """Wait for the next step: (revision, direction, traced); None ends the run."""

    def stepped(self, result: StepResult) -> None:
        """The step has been committed."""


class Steps:
    """Makes Alembic's steps for single revisions, and their results."""

    def __init__(self, environment: Environment, explain: Explain) -> None:
        self._environment = environment
        self._explain = explain
        self._left_uncommitted = False
        self._running = False
        self._started = 0.0

    def begin(self) -> None:
        """A step begins now."""
        self._started = time.perf_counter()
        self._left_uncommitted = self._running = False

    def committed(self, context: Any) -> None:
        """Commit what Alembic did not, because the migration ended its transaction: the next step starts clean."""
        if not context._in_external_transaction and context.connection.in_transaction():
            self._left_uncommitted = True
            context.connection.commit()

    def migration_step(self, revision: str, direction: Direction, *, traced: bool) -> Any:
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
            try:
                with unchanged_process():
                    original(**kwargs)
            finally:
                # What env.py runs on its way out is not the revision's.
                recorder.stop_observing()

        step.migration_fn = recorded_function
        return step

    def result(self, error: BaseException | None, revision: str, direction: Direction) -> StepResult:
        """What the step did, and why it failed."""
        failure = None if error is None else self._explain(error, revision, direction)
        statements = self._environment.recorder.close_step()
        return StepResult(
            statements=statements,
            failure=failure,
            seconds=time.perf_counter() - self._started,
            left_uncommitted=self._left_uncommitted and failure is None,
        )

    def separately(
        self, databases: DatabaseSet, revision: str, direction: Direction, *, traced: bool
    ) -> StepResult:
        """Run env.py for one step: for several databases, loops over tenants, external transactions."""
        self.begin()
        self._environment.recorder.open_step(observing=False)
        self._environment.recorder.close_step()

        def steps(_heads: Any, context: Any) -> Iterator[Any]:
            yield self.migration_step(revision, direction, traced=traced)
            self.committed(context)

        error: BaseException | None = None
        begun: Source | None = None
        try:
            begun = self._environment.run(databases, steps, transaction_per_migration=True).begun
        except BaseException as raised:  # noqa: BLE001 - reported in the result
            error = raised
        result = self.result(error, revision, direction)
        self._environment.recorder.forget_connections()
        return replace(result, uncommitted=begun)

    def migrated(self, revision: str, direction: Direction) -> StepResult:
        """Call the migration's function alone; the caller owns the transaction."""
        self.begin()
        error: BaseException | None = None
        step = self.migration_step(revision, direction, traced=False)
        try:
            step.migration_fn()
        except BaseException as raised:  # noqa: BLE001 - reported in the result
            error = raised
        return self.result(error, revision, direction)


class Walk:
    """One run of env.py for many steps; between them it waits for the next one in ``asker``."""

    def __init__(self, environment: Environment, explain: Explain, databases: DatabaseSet, asker: Asker) -> None:
        self.steps = Steps(environment, explain)
        self._environment = environment
        self._databases = databases
        self._asker = asker
        self._current: tuple[str, Direction] | None = None

    def run(self) -> None:
        """Run env.py to its end.

        Raises:
            BaseException: whatever env.py raises outside of a step.
        """
        error: BaseException | None = None
        try:
            self._environment.run(self._databases, self._steps, transaction_per_migration=True)
        except BaseException as raised:  # noqa: BLE001 - reported in the step's result, or raised below
            error = raised
        finally:
            self._environment.recorder.forget_connections()
        if self._current is not None:
            result = self.steps.result(error or MigcheckError(_CAUGHT), *self._current)
            self._asker.stepped(result)
        elif error is not None:
            raise error

    def _steps(self, _heads: Any, context: Any) -> Iterator[Any]:
        state = SessionState(context.connection)
        self._asker.entered(self, context)
        while (wanted := self._asker.next_step()) is not None:
            revision, direction, traced = wanted
            self.steps.begin()
            self._current = (revision, direction)
            yield self.steps.migration_step(revision, direction, traced=traced)
            self.steps.committed(context)
            # Each revision is a release: the next one must not remember the enum types of this one.
            context.impl.memo.clear()
            self._current = None
            result = self.steps.result(None, revision, direction)
            certain = state.is_certain(result.statements)
            if certain:
                state.restore(result.statements)
            self._asker.stepped(replace(result, ends_session=not certain))


def guarded_step(step: Any) -> Any:
    """Alembic's own step, with the process left as it was."""
    original = step.migration_fn

    def migration(**kwargs: Any) -> None:
        with unchanged_process():
            original(**kwargs)

    step.migration_fn = migration
    return step


class unchanged_process:  # noqa: N801 - used as a with statement
    """Undo what the user's code changes in the process and the next step must not inherit.

    The working directory, the recursion limit, and modules taken out of ``sys.modules``. A child that the user's
    code forked, and that returns instead of exiting, ends here: only its parent answers.
    """

    def __enter__(self) -> None:
        self._process = os.getpid()
        self._limit = sys.getrecursionlimit()
        self._modules = dict(sys.modules)
        self._directory = os.getcwd()  # noqa: PTH109 - of each step, so it is cheap

    def __exit__(self, *_: object) -> None:
        if os.getpid() != self._process:
            os._exit(0)
        sys.setrecursionlimit(self._limit)
        for name, module in self._modules.items():
            if name not in sys.modules:
                sys.modules[name] = module
        if os.getcwd() != self._directory:  # noqa: PTH109
            os.chdir(self._directory)
