"""Let Hypothesis look for the smallest rows that break a migration."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import hypothesis
from hypothesis.database import ExampleDatabase

from pytest_migcheck.core.rows import RowSet
from pytest_migcheck.populate.drawing import seed_of
from pytest_migcheck.populate.plan import Plan
from pytest_migcheck.populate.simplify import simplified
from pytest_migcheck.populate.strategies import row_sets

# What a set of rows breaks; an empty tuple if nothing.
Judge = Callable[[RowSet], tuple[Hashable, ...]]


class _Broken(Exception):
    """Rows that break the migration; a class of its own for each way, so that each is shrunk."""


class _Ended(BaseException):
    """Ends a search at once, for an error or for want of time: Hypothesis would shrink the one, and draw on."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self.error = error


@dataclass(slots=True)
class Search:
    """One search: what was tried, and the smallest rows for each way of breaking."""

    tried: int = 0
    cut: bool = False
    smallest: dict[Hashable, RowSet] = field(default_factory=dict)


def search(
    plan: Plan, judge: Judge, *, name: str, examples: int, time_left: Callable[[], float], seed: int | None = None
) -> Search:
    """Draw rows until some break the migration, and shrink them.

    Args:
        plan: the tables.
        judge: runs the migration over rows and says what breaks.
        name: of the item; its finds are kept in Hypothesis' database under it.
        examples: how many sets of rows to draw.
        time_left: in seconds; when it is up, what was found so far is the answer.
        seed: another than that of the name.
    """
    found = Search()
    known: dict[RowSet, tuple[Hashable, ...]] = {}
    ways: dict[Hashable, type[_Broken]] = {}

    def judged(rows: RowSet) -> tuple[Hashable, ...]:
        if rows not in known:
            if time_left() <= 0:
                found.cut = True
                raise _Ended
            found.tried += 1
            try:
                known[rows] = judge(rows)
            except Exception as error:
                raise _Ended(error) from error
        return known[rows]

    def nothing_breaks(rows: RowSet) -> None:
        for way in judged(rows):
            found.smallest[way] = rows
            raise ways.setdefault(way, type("Broken", (_Broken,), {}))

    try:
        _run(nothing_breaks, plan, name, examples, seed)
    except _Ended as ended:
        if ended.error is not None:
            raise ended.error from None
    except Exception as error:
        if not _is_find(error):
            raise
    for way, rows in list(found.smallest.items()):
        found.smallest[way] = simplified(rows, plan, partial(_still, judged, way))
    return found


def _still(judged: Judge, way: Hashable, simpler: RowSet) -> bool:
    try:
        return way in judged(simpler)
    except _Ended as ended:
        if ended.error is not None:
            raise ended.error from None
        return False


def _is_find(error: BaseException) -> bool:
    inner: Iterable[Any] = getattr(error, "exceptions", ())
    return isinstance(error, (_Broken, hypothesis.errors.Flaky)) or any(map(_is_find, inner))


def _run(test: Callable[[RowSet], None], plan: Plan, name: str, examples: int, seed: int | None) -> None:
    database = hypothesis.settings().database
    settings = hypothesis.settings(
        max_examples=examples,
        database=None if database is None else _Named(database, name),
        deadline=None,
        derandomize=False,
        phases=(hypothesis.Phase.reuse, hypothesis.Phase.generate, hypothesis.Phase.shrink),
        suppress_health_check=tuple(hypothesis.HealthCheck),
        verbosity=hypothesis.Verbosity.quiet,
        print_blob=False,
        report_multiple_bugs=True,
    )
    seeded = hypothesis.seed(seed_of(name) if seed is None else seed)
    seeded(settings(hypothesis.given(rows=row_sets(plan))(test)))()


class _Named(ExampleDatabase):
    """Keeps the finds of items apart: all are made by the one function above."""

    def __init__(self, inner: ExampleDatabase, name: str) -> None:
        super().__init__()
        self._inner = inner
        self._prefix = name.encode() + b"\0"

    def save(self, key: bytes, value: bytes) -> None:
        self._inner.save(self._prefix + key, value)

    def fetch(self, key: bytes) -> Iterable[bytes]:
        return self._inner.fetch(self._prefix + key)

    def delete(self, key: bytes, value: bytes) -> None:
        self._inner.delete(self._prefix + key, value)
