"""Hypothesis strategies: values of columns beyond the candidates, and whole sets of rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar

import hypothesis
from hypothesis import strategies as st

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.core.rows import RowSet
from pytest_migcheck.core.table_shape import ColumnShape, TypeShape
from pytest_migcheck.populate.candidates import is_text
from pytest_migcheck.populate.drawing import draw_rows, simple_key
from pytest_migcheck.populate.plan import Plan
from pytest_migcheck.populate.plan_parts import PlannedColumn

T = TypeVar("T")
_FAR = datetime(9999, 12, 30)  # noqa: DTZ001 - of a type without a time zone
# PostgreSQL takes no NUL in a text, and no half of a surrogate pair.
_ALPHABET = st.characters(codec="utf-8", exclude_characters="\0")
_WHOLE = {"smallint": 15, "integer": 31, "bigint": 63}


@lru_cache(maxsize=64)
def open_values(type_name: str) -> st.SearchStrategy[str] | None:
    """Any value of a type, as text; None where the candidates have to do."""
    if is_text(type_name):
        return st.text(_ALPHABET, max_size=12)
    if type_name in _WHOLE:
        bits = _WHOLE[type_name]
        return st.integers(-(2**bits), 2**bits - 1).map(str)
    made: dict[str, Callable[[], st.SearchStrategy[str]]] = {
        "numeric": lambda: st.decimals(-(10**8), 10**8, places=4).map(str),
        "double precision": lambda: st.floats().map(_float),
        "date": lambda: st.dates().map(str),
        "timestamp without time zone": lambda: st.datetimes(max_value=_FAR).map(str),
        "timestamp with time zone": lambda: st.datetimes(max_value=_FAR).map(lambda t: f"{t}+00"),
        "bytea": lambda: st.binary(max_size=8).map(lambda b: f"\\x{b.hex()}"),
        "uuid": lambda: st.uuids().map(str),
        "jsonb": lambda: _documents().map(json.dumps),
    }
    return made[type_name]() if type_name in made else None


def _float(value: float) -> str:
    return {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}.get(str(value), str(value))


def _documents() -> st.SearchStrategy[Any]:
    plain = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(("a", "", "ä"))
    return st.dictionaries(st.sampled_from(("a", "b", "c")), plain, max_size=3)


class Drawn:
    """A ``drawing.Chooser`` whose choices Hypothesis makes, and shrinks."""

    def __init__(self, draw: st.DrawFn, types: Mapping[int, TypeShape]) -> None:
        self._draw = draw
        self._types = types

    def many(self, low: int, high: int, make: Callable[[int], T]) -> list[T]:
        """One after the other, each in a draw of its own: what Hypothesis can leave out as a whole."""
        made: list[T] = []
        while len(made) < high:
            if not self._draw(_more(make, made, must=len(made) < low)):
                break
        return made

    def pick(self, options: Sequence[T]) -> T:
        return self._draw(st.sampled_from(options))

    def value(self, column: PlannedColumn) -> str | None:
        if column.own is not None:
            return own_text(self._draw(column.own), column.shape)
        beyond = self._open(column)
        if not column.candidates:
            return None if beyond is None else self._draw(beyond)
        ways = [st.sampled_from(column.candidates)]
        if column.special:
            ways.append(st.sampled_from(column.special))
        if beyond is not None:
            ways.append(beyond)
        return self._draw(st.one_of(ways))

    def key(self, column: PlannedColumn, n: int, types: Mapping[int, TypeShape]) -> str | None:
        return simple_key(column, n, types) if self.pick((True, True, False)) else self.value(column)

    def _open(self, column: PlannedColumn) -> st.SearchStrategy[str] | None:
        shape = self._types.get(column.shape.type)
        return open_values(shape.name) if column.open and shape is not None and shape.form == "base" else None


@st.composite
def _more(draw: st.DrawFn, make: Callable[[int], T], made: list[T], *, must: bool) -> bool:
    if not draw(st.sampled_from((must, True, True))):
        return False
    made.append(make(len(made)))
    return True


def own_text(value: Any, column: ColumnShape) -> str | None:
    """A Python value of the user's strategy as PostgreSQL's text."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    if isinstance(value, float):
        return _float(value)
    if column.type_text in ("json", "jsonb"):
        return json.dumps(value)
    if isinstance(value, (list, tuple)):
        texts = (own_text(element, column) for element in value)
        return "{" + ",".join("NULL" if t is None else json.dumps(t) for t in texts) + "}"
    if isinstance(value, dict):
        return json.dumps(value)
    if isinstance(value, (date, timedelta)) or hasattr(value, "__str__"):
        return str(value)
    raise MigcheckError(f"pytest_migcheck_strategy: {value!r} is no value for {column.name} {column.type_text}")


def own_values(column: PlannedColumn, number: int = 50) -> tuple[str | None, ...]:
    """Values of the user's strategy, the same in each run."""
    values: list[str | None] = []

    @hypothesis.seed(0)
    @hypothesis.settings(
        max_examples=number,
        database=None,
        deadline=None,
        derandomize=False,
        phases=(hypothesis.Phase.generate,),
        suppress_health_check=tuple(hypothesis.HealthCheck),
    )
    @hypothesis.given(column.own)
    def collect(value: Any) -> None:
        values.append(own_text(value, column.shape))

    collect()
    return tuple(dict.fromkeys(values))


@st.composite
def row_sets(draw: st.DrawFn, plan: Plan) -> RowSet:
    """Sets of rows for the tables of a plan; they shrink to few rows of NULLs and of the simplest values."""
    return draw_rows(plan, Drawn(draw, plan.types))
