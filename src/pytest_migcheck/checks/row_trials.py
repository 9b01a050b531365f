"""What the user says about rows, and the time that they may take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pytest_migcheck.core.graph import Revision
from pytest_migcheck.core.outcome import Outcome
from pytest_migcheck.history.source import History
from pytest_migcheck.postgres.server import Server
from pytest_migcheck.settings import Settings
from pytest_migcheck.walk.cursor import Cursor, Floor, Stairway

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


class RowHooks(Protocol):
    """The user's hook for values."""

    def strategy(self, table: str, column: str) -> Any: ...


@dataclass(frozen=True, slots=True)
class Walker:
    """What a walk needs: the history, where its databases are made, and what takes roles back."""

    history: History
    server: Server
    reset_cluster: Callable[[], None]
    floor: Floor | None


class RowTrials:
    """The ``data`` items of a run; each history has a cursor of its own for them, made when it is needed."""

    def __init__(self, settings: Settings, hooks: RowHooks) -> None:
        self._settings = settings
        self._hooks = hooks
        self._budget = Budget(seconds=float(settings.time_budget))
        self._cursors: dict[str, Cursor] = {}
        self._sample: Sample | None = None

    def outcome(self, walker: Walker, node: Revision, stairway: Stairway, *, irreversible: bool) -> Outcome:
        """Judge a revision by rows; ``stairway`` are its records without any."""
        from pytest_migcheck.checks.data import judge_data

        name = walker.history.name
        if name not in self._cursors:
            self._cursors[name] = Cursor(
                walker.history, walker.server, walker.reset_cluster, traced=False, reads=False, floor=walker.floor
            )
        cursor = self._cursors[name]
        try:
            return judge_data(stairway, node, cursor, self._options(name, irreversible=irreversible), self._budget)
        finally:
            cursor.release()

    def _options(self, history: str, *, irreversible: bool) -> DataOptions:
        s = self._settings
        return DataOptions(
            history=history,
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
        """Drop the databases; a later item starts from an empty one."""
        for cursor in self._cursors.values():
            cursor.forget()
        self._cursors.clear()
