"""What one executed statement said and did."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_migcheck.core.lock import HeldLock, LockMode


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A line of the user's code: an absolute path, a 1-based line, the function it is in, its text."""

    path: str
    line: int
    function: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementError:
    """The error with which the server refused a statement."""

    sqlstate: str | None
    kind: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement as it ran, with the locks, scans and rewrites that the server made for it.

    ``transaction`` numbers the transactions of a step from 1; None means autocommit.
    ``acquired`` are locks that this statement took or strengthened, ``held`` all locks of the
    transaction when it ended; in autocommit there are none to see. ``scans`` and ``rewrites`` are
    schema-qualified tables that this statement read whole or wrote anew. ``created`` are relations the
    transaction made before it ended.
    ``utility`` is false for SELECT, INSERT, UPDATE, DELETE, MERGE and the like.
    ``driver_call`` marks a COMMIT or ROLLBACK that the migration asked of the connection, not in SQL.
    ``started`` and ``released``, the end of its transaction, are seconds from the start of the step, without the time
    that it took us to look.
    """

    sql: str
    source: Source | None
    seconds: float
    transaction: int | None
    error: StatementError | None = None
    acquired: tuple[HeldLock, ...] = ()
    held: tuple[HeldLock, ...] = ()
    scans: tuple[str, ...] = ()
    rewrites: tuple[str, ...] = ()
    created: tuple[str, ...] = ()
    lock_timeout: str = "0"
    utility: bool = True
    driver_call: bool = False
    started: float = 0.0
    released: float | None = None

    @property
    def autocommit(self) -> bool:
        return self.transaction is None

    def blocking_locks(self) -> tuple[HeldLock, ...]:
        """Locks of SHARE or stronger on pre-existing tables that this statement scans or rewrites.

        This is the live rule of the design: such a lock is kept for a time that grows with the table.
        """
        worked_on = {*self.scans, *self.rewrites}
        return tuple(
            lock for lock in self.held if lock.preexisting and lock.mode >= LockMode.SHARE and lock.table in worked_on
        )
