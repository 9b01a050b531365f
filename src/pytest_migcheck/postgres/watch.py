"""Wait for a step, and end it with both sides named when it blocks itself or takes too long."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable

from pytest_migcheck.core import progress
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.postgres.counters import is_look
from pytest_migcheck.postgres.database_set import DatabaseSet

_PATIENCE = 2.0
_LAST_SECONDS = 5.0

# A session that waits for another session of the same databases, while that one is idle in a transaction.
_BLOCKED = """
SELECT w.pid, w.query, b.pid, b.query, coalesce(nullif(b.application_name, ''), '(no application_name)')
FROM pg_catalog.pg_stat_activity w
CROSS JOIN LATERAL unnest(pg_catalog.pg_blocking_pids(w.pid)) AS blocker(pid)
JOIN pg_catalog.pg_stat_activity b ON b.pid = blocker.pid
WHERE w.datname = ANY (%s) AND b.state LIKE 'idle in transaction%%'
    AND b.state_change < now() - interval '1 second'"""

_RUNS = """
SELECT query FROM pg_catalog.pg_stat_activity
WHERE datname = ANY (%s) AND state = 'active' ORDER BY query_start LIMIT 1"""


class StepEnded(MigcheckError):
    """The step was ended from outside: it waited for a session of its own, or too long.

    ``late`` is what it still gave after that.
    """

    def __init__(self, reason: str, late: object = None) -> None:
        super().__init__(reason)
        self.late = late


class Watch:
    """Waits for the end of one step over a set of databases.

    Args:
        databases: their sessions are ended with the step.
        timeout: the limit in seconds.
        doing: what the step is called.
        kill: ends code that does not return even then; gives where that code was, as text for the message.
    """

    def __init__(
        self, databases: DatabaseSet, timeout: float, doing: str = "the step", kill: Callable[[], str] | None = None
    ) -> None:
        self._doing = doing
        self._kill = kill
        self._databases = databases
        self._timeout = timeout
        self._started = time.monotonic()
        self._told = 0.0

    def wait(self, take: Callable[..., object]) -> object:
        """Return what ``take(timeout=...)`` gives, or the reason for which the step was ended."""
        pause = _PATIENCE
        while True:
            try:
                return take(timeout=pause)
            except queue.Empty:
                reason = self._reason_to_end()
            if reason is not None:
                return self._end(take, reason)
            self._tell()
            pause = 0.5

    def _tell(self) -> None:
        """Tell what runs, the more seldom the longer it lasts."""
        seconds = time.monotonic() - self._started
        if not progress.is_heard() or seconds < progress.next_moment(self._told):
            return
        self._told = seconds
        names = [d.name for d in self._databases.databases]
        with self._databases.server.connect() as observer:
            row = observer.execute(_RUNS, (names,)).fetchone()
        progress.tell(seconds, "no statement; its Python code works" if row is None else _one_line(row[0]))

    def _reason_to_end(self) -> str | None:
        names = [d.name for d in self._databases.databases]
        if not self._databases.server.is_alive():
            return f"PostgreSQL died in the middle of the step\n{self._databases.server.log_tail()}"
        with self._databases.server.connect() as observer:
            row = observer.execute(_BLOCKED, (names,)).fetchone()
        if row is not None:
            return (
                "the migration waits for ever for another session of this same process\n"
                f"  waits   pid {row[0]}: {_one_line(row[1])}\n"
                f"  holds   pid {row[2]}, idle in a transaction, {row[4]}{_last_ran(row[3])}\n"
                "what to do: let the migration use op.get_bind() (or commit and close the other session) "
                "before this statement"
            )
        if time.monotonic() - self._started > self._timeout:
            return (
                f"{self._doing} did not end within migcheck_step_timeout = {self._timeout:g} seconds\n"
                "what to do: raise migcheck_step_timeout if it may take that long"
            )
        return None

    def _end(self, take: Callable[..., object], reason: str) -> BaseException:
        if self._databases.server.is_alive():
            self._terminate()
        late: object = None
        try:
            late = take(timeout=_LAST_SECONDS)
        except queue.Empty:
            reason += self._kill() if self._kill is not None else "\n(its Python code has not returned yet)"
        return StepEnded(reason, late)

    def _terminate(self) -> None:
        names = [d.name for d in self._databases.databases]
        self._databases.release()
        with self._databases.server.connect() as observer:
            observer.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ANY (%s)", (names,)
            )


def watched(
    work: Callable[[], object], databases: DatabaseSet, timeout: float, doing: str = "the step"
) -> BaseException | None:
    """Run ``work`` in a thread until it ends or has to be ended; returns what it raised, or why it was ended.

    Args:
        work: what is done in the databases.
        databases: their sessions are ended with it.
        timeout: its limit in seconds.
        doing: what it is called where it did not end in time.
    """
    done: queue.SimpleQueue[object] = queue.SimpleQueue()

    def guarded() -> None:
        try:
            work()
            done.put(None)
        except BaseException as error:  # noqa: BLE001 - handed over to the waiting thread
            done.put(error)

    threading.Thread(target=guarded, name="migcheck-step", daemon=True).start()
    outcome = Watch(databases, timeout, doing).wait(done.get)
    return outcome if isinstance(outcome, BaseException) else None


def _last_ran(sql: str | None) -> str:
    """What the blocking session ran last, unless it is our own look at its locks."""
    return "" if is_look(sql or "") else f": last ran {_one_line(sql)}"


def _one_line(sql: str | None) -> str:
    return " ".join((sql or "").split())[:200]
