"""Collect the statements of one step, each with the line of the user's code that ran it."""

from __future__ import annotations

import linecache
import sys
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import lru_cache
from types import FrameType, TracebackType
from typing import Any

from pytest_migcheck.core.statement import Source, Statement, StatementError
from pytest_migcheck.trace.observe import Observation, Observer


class Recorder:
    """Records what runs while a step is open; told of each statement by whoever owns the connection.

    Args:
        is_ours: tells whether a file belongs to the user's migrations.
        is_utility: tells a utility statement from a query, whose scans depend on the rows.
        only_truncates: tells TRUNCATE, which makes new empty files, from what rewrites a table.
    """

    def __init__(
        self,
        is_ours: Callable[[str], bool],
        is_utility: Callable[[str], bool],
        only_truncates: Callable[[str], bool],
    ) -> None:
        self._is_ours = is_ours
        self._is_utility = is_utility
        self._only_truncates = only_truncates
        # The connections are kept too: a number that is used again would name another one.
        self._observers: dict[int, tuple[Any, Observer]] = {}
        self._statements: list[Statement] = []
        self._transaction_number = 1
        self._observing = False
        self._listing = False
        self._open = False
        self._begins = True
        self._started = 0.0
        self._source: Source | None = None
        # The clock of a step stands still while we look.
        self._step_began = 0.0
        self._looked = 0.0
        self._ends: dict[int, float] = {}

    @property
    def recording(self) -> bool:
        return self._open

    def open_step(self, *, observing: bool, continuing: bool = False) -> None:
        """Begin a step; ``observing`` asks the server about each statement.

        ``continuing`` keeps what the step has run so far, in another database of the same history.
        """
        if not continuing:
            self._statements, self._transaction_number = [], 1
            self._step_began, self._looked, self._ends = time.perf_counter(), 0.0, {}
        self._observing, self._listing, self._open, self._begins = observing, True, True, True
        if not observing:
            for _, observer in self._observers.values():
                observer.miss()

    def close_step(self) -> tuple[Statement, ...]:
        """End the step and return its statements."""
        self._open, self._listing = False, False
        return tuple(replace(s, released=self._ends.get(s.transaction or 0)) for s in self._statements)

    def stop_observing(self) -> None:
        """The user's function returned: what follows, such as the version table's row, is Alembic's own."""
        self._observing, self._listing = False, False

    @property
    def statements(self) -> tuple[Statement, ...]:
        """What the step has run so far."""
        return tuple(self._statements)

    def before(self, connection: Any, *, autocommit: bool, source: Source | None = None) -> None:
        """A statement is about to run on this DBAPI connection; ``source`` is its place where no Python frame is."""
        if not self._open:
            return
        entered = time.perf_counter()
        self._source = source
        if self._observing:
            self._prepare_observer(connection, autocommit=autocommit)
        self._started = time.perf_counter()
        self._looked += self._started - entered

    def _on_the_clock(self, moment: float) -> float:
        return moment - self._step_began - self._looked

    def _prepare_observer(self, connection: Any, *, autocommit: bool) -> None:
        _, observer = self._observers.setdefault(id(connection), (connection, Observer()))
        if autocommit or self._begins:
            observer.begin(connection, autocommit=autocommit)
        self._begins = autocommit

    def after(self, connection: Any, sql: str, *, autocommit: bool) -> None:
        """The statement ended without error."""
        if not self._listing:
            return
        ended = time.perf_counter()
        seconds, started = ended - self._started, self._on_the_clock(self._started)
        observation = Observation()
        if self._observing:
            observer = self._observers[id(connection)][1]
            observation = observer.observe_committed(connection) if autocommit else observer.observe(connection)
            if self._only_truncates(sql):
                observation = replace(observation, scans=(), rewrites=())
        self._looked += time.perf_counter() - ended
        self._statements.append(
            Statement(
                sql=sql,
                source=self.calling(),
                seconds=seconds,
                transaction=None if autocommit else self._transaction_number,
                acquired=observation.acquired,
                held=observation.held,
                scans=observation.scans,
                rewrites=observation.rewrites,
                created=observation.created,
                lock_timeout=observation.lock_timeout,
                # What was not observed has no scans to judge.
                utility=self._observing and self._is_utility(sql),
                started=started,
            )
        )

    def failed(self, sql: str, error: StatementError, *, autocommit: bool) -> None:
        """The server refused the statement; its locks are gone already."""
        if not self._open:
            return
        self._statements.append(
            Statement(
                sql=sql,
                source=self.calling(),
                seconds=time.perf_counter() - self._started,
                transaction=None if autocommit else self._transaction_number,
                error=error,
                utility=self._observing and self._is_utility(sql),
                started=self._on_the_clock(self._started),
            )
        )

    def ended_by_migration(self, sql: str) -> None:
        """The migration itself is about to end the transaction, by a call of its connection."""
        if self._open:
            started = self._on_the_clock(time.perf_counter())
            self._statements.append(
                Statement(
                    sql=sql,
                    source=self.calling(),
                    seconds=0.0,
                    transaction=self._transaction_number,
                    driver_call=True,
                    started=started,
                )
            )

    def calling(self) -> Source | None:
        """The line of the user's code that is running the statement."""
        return self._source or source_of_frame(sys._getframe(1), self._is_ours)

    def transaction_ended(self) -> None:
        """A commit or a rollback came through."""
        if self._open:
            self._ends[self._transaction_number] = self._on_the_clock(time.perf_counter())
            self._transaction_number += 1
            self._begins = True

    def forget_connections(self) -> None:
        """The run is over; its connections are closed."""
        self._observers.clear()


def source_of_frame(frame: FrameType | None, is_ours: Callable[[str], bool]) -> Source | None:
    """The innermost frame, from ``frame`` outwards, that is in the user's migrations."""
    while frame is not None:
        if is_ours(frame.f_code.co_filename):
            return source_at(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
        frame = frame.f_back
    return None


def source_of_traceback(traceback: TracebackType | None, is_ours: Callable[[str], bool]) -> Source | None:
    """The innermost frame of a traceback that is in the user's migrations."""
    found: Source | None = None
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if is_ours(code.co_filename):
            found = source_at(code.co_filename, traceback.tb_lineno, code.co_name)
        traceback = traceback.tb_next
    return found


def source_at(path: str, line: int, function: str) -> Source:
    return Source(path=path, line=line, function=function, text=linecache.getline(path, line).rstrip("\n"))


def paths_below(directories: Collection[str]) -> Callable[[str], bool]:
    """Tell whether a file lies in one of the directories."""
    prefixes = tuple(directory.rstrip("/") + "/" for directory in directories)

    @lru_cache(maxsize=4096)
    def inside(path: str) -> bool:
        return path.startswith(prefixes)

    return inside
