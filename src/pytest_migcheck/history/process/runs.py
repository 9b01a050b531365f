"""Runs of env.py in a history process: one for many steps, or one for each step."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from pytest_migcheck.core.finding import Direction
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.core.statement import Source, Statement
from pytest_migcheck.core.step import NOT_COMMITTED, StepFailure
from pytest_migcheck.history.process.process import HistoryProcess, ProcessEndedError
from pytest_migcheck.history.source import Rehearsing, StepResult
from pytest_migcheck.postgres.database_set import DatabaseSet
from pytest_migcheck.postgres.watch import StepEnded

T = TypeVar("T")


class Owner(Protocol):
    """The history that a run belongs to."""

    process: HistoryProcess

    def version_tables(self) -> tuple[tuple[str, str], ...]:
        """(schema, name) of each version table."""


def not_committed(begun: Source, revision: str) -> StepFailure:
    """The failure of migrations that env.py rolled back, though none of them failed.

    Args:
        begun: the call of ``context.configure()`` that found a transaction.
        revision: the first one that the version table does not record.
    """
    return StepFailure(
        kind=NOT_COMMITTED,
        message="env.py begins a transaction before context.configure(), so Alembic leaves the commit to env.py, "
        "which does not commit: all that the migrations did is rolled back",
        source=begun,
        revision=revision,
    )


def ended_failure(error: MigcheckError, direction: Direction) -> StepFailure:
    """The failure of a step whose process ended or was ended.

    Args:
        error: ``ProcessEndedError`` or ``StepEnded``.
        direction: which way the step went.
    """
    if isinstance(error, ProcessEndedError):
        function = "upgrade()" if direction is Direction.UPGRADE else "downgrade()"
        message = f"{function} ended the process ({error.how})"
        return StepFailure(kind="ProcessEnded", message=message, source=error.source)
    failed = _failure_after(error)
    return StepFailure(
        kind=type(error).__name__,
        message=str(error),
        source=failed.source if failed else None,
        traceback=failed.traceback if failed else "",
    )


def _after(error: MigcheckError) -> StepResult | None:
    """What the step still gave after it was ended."""
    late = error.late if isinstance(error, StepEnded) else None
    value = getattr(late, "value", None)
    value = value[0] if isinstance(value, tuple) else value
    return value if isinstance(value, StepResult) else None


def _failure_after(error: MigcheckError) -> StepFailure | None:
    result = _after(error)
    return result.failure if result is not None else None


def _statements(error: MigcheckError) -> tuple[Statement, ...]:
    result = _after(error)
    return result.statements if result is not None else ()


class SeparateRuns:
    """One run of env.py per step: for several databases, loops over tenants, external transactions."""

    alive = True

    def __init__(self, history: Owner, databases: DatabaseSet) -> None:
        self._history = history
        self._process = history.process
        self._databases = databases

    def step(self, revision: str, direction: Direction, *, traced: bool) -> StepResult:
        began = time.perf_counter()
        try:
            result: StepResult = self._process.ask(
                "step_alone", revision, direction, traced, databases=self._databases
            )
        except (ProcessEndedError, StepEnded) as error:
            return _failed(error, direction, began)
        finally:
            self._databases.wait_until_unused()
        if result.failure is None and result.uncommitted is not None and self._is_lost(revision, direction):
            result = replace(result, failure=not_committed(result.uncommitted, revision))
        return result

    def _is_lost(self, revision: str, direction: Direction) -> bool:
        """Whether the one version table does not say that the step was made."""
        if len(self._databases.databases) > 1 or len(self._history.version_tables()) > 1:
            return False
        ((schema, table),) = self._history.version_tables()
        recorded = self._databases.column_values(schema, table, "version_num")
        return (revision in recorded) is (direction is Direction.DOWNGRADE)

    def rehearse(self, work: Callable[[Rehearsing], T]) -> T | None:
        return None

    def end(self) -> None:
        self._databases.wait_until_unused()


class SingleRun:
    """One run of env.py for many steps; between them it waits for the next."""

    def __init__(self, history: Owner, databases: DatabaseSet) -> None:
        self._process = history.process
        self._databases = databases
        self._ended = False
        self._ask("walk", inside=False)
        self._generation = self._process.generation
        self._process.open(self.end)

    def _ask(self, name: str, *arguments: Any, inside: bool = True) -> Any:
        return self._process.ask(name, *arguments, databases=self._databases, inside=inside)

    @property
    def alive(self) -> bool:
        return not self._ended

    def step(self, revision: str, direction: Direction, *, traced: bool) -> StepResult:
        self._refuse_after_the_end()
        began = time.perf_counter()
        try:
            result: StepResult = self._ask("step", revision, direction, traced)
        except (ProcessEndedError, StepEnded) as error:
            if isinstance(error, StepEnded) and _failure_after(error) is None:
                self._process.close()  # env.py may go on as if nothing had happened
            self._finish()
            return _failed(error, direction, began)
        except KeyboardInterrupt:
            self._give_up()
            raise
        if result.failure is not None:
            self._finish()
        elif result.ends_session:
            self.end()
        return result

    def rehearse(self, work: Callable[[Rehearsing], T]) -> T | None:
        """Do the work in a transaction on env.py's connection, which is rolled back.

        Raises:
            StepEnded: it waited for itself, or took too long.
            ProcessEndedError: the user's code ended the process.
        """
        self._refuse_after_the_end()
        try:
            self._ask("rehearse")
            done = self._rehearsed(work)
        except (ProcessEndedError, StepEnded):
            self._finish()
            raise
        except KeyboardInterrupt:
            self._give_up()
            raise
        if self._process.generation != self._generation:
            self._finish()  # a migration has ended the process, which its result says
        return done

    def _rehearsed(self, work: Callable[[Rehearsing], T]) -> T:
        try:
            done = work(_Rehearsal(self._ask))
        except (ProcessEndedError, StepEnded, KeyboardInterrupt):
            raise  # nothing answers any more
        except BaseException:
            self._ask("rehearsed")
            raise
        self._ask("rehearsed")
        return done

    def _refuse_after_the_end(self) -> None:
        if self._ended:
            raise MigcheckError("pytest-migcheck: the run of env.py has ended already")

    def end(self) -> None:
        if not self._ended:
            try:
                self._ask("end")
            except MigcheckError:
                # What env.py does after its last step is no step's fault; upgrade_to_heads sees it.
                self._process.close()
            finally:
                self._finish()

    def _finish(self) -> None:
        self._ended = True
        self._process.closed()
        self._databases.wait_until_unused()

    def _give_up(self) -> None:
        """Interrupted in the middle of a step: nothing waits for its answer."""
        self._ended = True
        self._process.close()


class _Rehearsal:
    """Implements ``history.source.Rehearsing``."""

    def __init__(self, ask: Callable[..., Any]) -> None:
        self._ask = ask

    def query(self, sql: str) -> Sequence[Sequence[Any]]:
        rows: Sequence[Sequence[Any]] = self._ask("query", sql)
        return rows

    def migrate(self, revision: str, direction: Direction) -> StepResult:
        try:
            result: StepResult = self._ask("migrate", revision, direction)
        except ProcessEndedError as error:
            return StepResult(statements=(), failure=ended_failure(error, direction), seconds=0.0)
        return result


def _failed(error: MigcheckError, direction: Direction, began: float) -> StepResult:
    failure = ended_failure(error, direction)
    return StepResult(statements=_statements(error), failure=failure, seconds=time.perf_counter() - began)


