"""What the user says about rows, and the time that they may take."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from pytest_migcheck.core.diff import same
from pytest_migcheck.core.graph import Revision
from pytest_migcheck.core.outcome import Outcome
from pytest_migcheck.core.table_shape import TableName
from pytest_migcheck.history.source import History
from pytest_migcheck.postgres.server import Server
from pytest_migcheck.settings import Settings
from pytest_migcheck.walk.cursor import Cursor, Floor
from pytest_migcheck.walk.stairway import Stairway

if TYPE_CHECKING:
    from pytest_migcheck.populate.sample import Sample


@dataclass(slots=True, kw_only=True)
class Budget:
    """The seconds that all ``data`` items of a run may take for more than one set of rows each."""

    seconds: float
    used: float = 0.0

    def left(self) -> float:
        return self.seconds - self.used


@dataclass(frozen=True, slots=True, kw_only=True)
class DataOptions:
    """What the user says about rows."""

    history: str
    examples: int
    bounds: Mapping[str, int]
    own: Callable[[str, str], Any]
    sample: Sample | None
    seed: int | None
    irreversible: bool
    hidden: Collection[TableName]


class RowHooks(Protocol):
    """The user's hook for values."""

    def strategy(self, table: str, column: str) -> Any: ...


@dataclass(frozen=True, slots=True)
class Walked:
    """The records of a revision without rows, and what a walk with rows needs.

    ``reset_cluster`` takes roles back, ``cursor`` has made the records.
    """

    history: History
    revision: str
    stairway: Stairway
    server: Server
    reset_cluster: Callable[[], None]
    cursor: Cursor
    floor: Floor | None


class RowTrials:
    """The ``data`` items of a run; each history has a cursor of its own for them, made when it is needed."""

    def __init__(self, settings: Settings, hooks: RowHooks) -> None:
        self._settings = settings
        self._hooks = hooks
        self._budget = Budget(seconds=float(settings.time_budget))
        self._cursors: dict[str, Cursor] = {}
        self._walked: dict[str, Walked] = {}
        self._sample: Sample | None = None

    def remember(self, walked: Walked) -> None:
        """Keep the records of a revision until the next one of the history: they hold whole catalogs."""
        self._walked[walked.history.name] = walked

    def knows(self, history: History, revision: str) -> bool:
        """Whether the revision is the one that was walked last."""
        return history.name in self._walked and self._walked[history.name].revision == revision

    def outcome(self, history: History, revision: Revision, *, irreversible: bool) -> Outcome:
        """Judge a revision by rows."""
        from pytest_migcheck.checks.data import judge_data

        walked = self._walked[history.name]
        options = self._options(history, irreversible=irreversible)
        outcome = judge_data(walked.stairway, revision, lambda: self._before(walked), options, self._budget)
        if options.sample is None:
            return outcome
        for catalog in (walked.stairway.up.before, walked.stairway.up.after) if walked.stairway.up else ():
            if catalog is not None:
                options.sample.look(catalog)
        # Before the heads, what a file names may be yet to come.
        unknown = options.sample.strangers(revision.id) if revision.id in history.graph.heads else ()
        return replace(outcome, notes=(*outcome.notes, *unknown))

    @contextlib.contextmanager
    def _before(self, walked: Walked) -> Iterator[Cursor | None]:
        """A cursor right before the revision; None where that is not reached."""
        cursor = walked.cursor
        if _is_clean(walked.stairway) and cursor.stands_after(walked.revision):
            with cursor.taken_back(walked.revision) as databases:
                if databases is not None:
                    yield cursor
                    return
        # A way of its own: the other cursor cannot stand before the revision again.
        cursor.release()
        own = self._own_cursor(walked)
        try:
            yield None if own.before(walked.revision) is None else own
        finally:
            # Two runs of env.py never overlap.
            own.release()

    def _own_cursor(self, walked: Walked) -> Cursor:
        name = walked.history.name
        if name not in self._cursors:
            self._cursors[name] = Cursor(
                walked.history, walked.server, walked.reset_cluster, traced=False, reads=False, floor=walked.floor
            )
        return self._cursors[name]

    def _options(self, history: History, *, irreversible: bool) -> DataOptions:
        s = self._settings
        return DataOptions(
            history=history.name,
            hidden=history.version_tables(),
            examples=s.examples,
            bounds=s.empty_tables,
            own=self._hooks.strategy,
            sample=self._read_sample(),
            seed=s.seed,
            irreversible=irreversible,
        )

    def _read_sample(self) -> Sample | None:
        from pytest_migcheck.populate.sample import Sample

        if self._sample is None and self._settings.sample is not None:
            self._sample = Sample(self._settings.sample)
        return self._sample

    def release(self) -> None:
        """End the runs of env.py."""
        for cursor in self._cursors.values():
            cursor.release()

    def forget(self) -> None:
        """Drop the databases; a later item starts from an empty one.

        The cursors stay: one of them may be what asks for it, on the way to databases that are to be dropped later.
        """
        for cursor in self._cursors.values():
            cursor.forget()

    def leave(self) -> None:
        """Drop the databases; a later item is judged on another server."""
        self.forget()
        self._cursors.clear()


def _is_clean(stairway: Stairway) -> bool:
    """Whether the revision can be taken back and applied again without a trace."""
    up, down, again = stairway.up, stairway.down, stairway.again
    if up is None or down is None or again is None or stairway.dirty:
        return False
    failed = any(record.failure is not None for record in (up, down, again))
    return not failed and down.after is not None and same(up.before, down.after)
