"""The n-th value of a type: for columns that must differ from row to row."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from pytest_migcheck.core.table_shape import TypeShape
from pytest_migcheck.populate.candidates import is_text

_FIRST_DAY = date(2000, 1, 1)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def nth_value(type_: int, n: int, types: Mapping[int, TypeShape]) -> str | None:
    """A simple value that no other ``n`` gives; None where the type has no such row of values."""
    shape = types.get(type_)
    if shape is None:
        return None
    if shape.form == "domain":
        return nth_value(shape.inner or 0, n, types)
    if shape.form == "array":
        inner = nth_value(shape.inner or 0, n, types)
        return None if inner is None else f"{{{inner}}}"
    if shape.form == "enum":
        return shape.labels[n] if n < len(shape.labels) else None
    if shape.form in ("range", "multirange"):
        return None
    return _base(shape.name, n)


def _base(name: str, n: int) -> str | None:
    day = str(_FIRST_DAY + timedelta(days=n))
    if is_text(name):
        return _LETTERS[n] if n < len(_LETTERS) else f"a{n}"
    values = {
        **dict.fromkeys(("smallint", "integer", "bigint", "numeric", "real", "double precision", "oid"), str(n)),
        "uuid": f"00000000-0000-0000-0000-{n:012d}",
        "date": day,
        "timestamp without time zone": f"{day} 00:00:00",
        "timestamp with time zone": f"{day} 00:00:00+00",
        "bytea": f"\\x{n:04x}",
        "inet": f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}",
        "boolean": "false" if n == 0 else "true" if n == 1 else None,
        "jsonb": f'{{"a": {n}}}',
        "money": str(n),
    }
    return values.get(name)
