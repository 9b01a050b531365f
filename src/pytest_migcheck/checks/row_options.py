"""What the user says about rows, and the time that they may take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pytest_migcheck.settings import Settings

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


class RowOptions:
    """The options of a run; the sample is read when rows are first needed."""

    def __init__(self, settings: Settings, hooks: RowHooks) -> None:
        from pytest_migcheck.populate.sample import Sample

        self._settings = settings
        self._hooks = hooks
        self._sample = Sample(settings.sample) if settings.sample is not None else None
        self.budget = Budget(seconds=float(settings.time_budget))

    def of(self, history: str, revision: str) -> DataOptions:
        s = self._settings
        return DataOptions(
            history=history,
            examples=s.examples,
            bounds=s.empty_tables,
            own=self._hooks.strategy,
            sample=self._sample,
            seed=s.seed,
            irreversible=any(revision.startswith(name) for name in s.irreversible),
        )
