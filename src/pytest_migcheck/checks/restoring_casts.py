"""How the values of a column become those of another type, where PostgreSQL has no cast for them."""

from __future__ import annotations

import re

_NUMBERS = re.compile(r"smallint|integer|bigint|numeric(\(.+\))?|real|double precision")
_MOMENT = re.compile(r"timestamp(\(\d\))? with time zone")
_LOCAL_MOMENT = re.compile(r"timestamp(\(\d\))? without time zone")
_INTERVAL = re.compile(r"interval.*")


def cast(column: str, kind: str, present: str) -> str:
    """The SQL of the new value.

    Args:
        column: the column, as SQL.
        kind: the type that it gets.
        present: the type that it has.
    """
    if kind.endswith("[]") and not present.endswith("[]"):
        return f"CASE WHEN {column} IS NOT NULL THEN ARRAY[{column}]{_cast(kind)} END"
    if present.endswith("[]") and not kind.endswith("[]"):
        item = present.removesuffix("[]")
        return f"{column}[1]" if kind == item else cast(f"({column}[1])", kind, item)
    return _special(column, kind, present) or f"{column}{_cast(kind, present)}"


def _cast(kind: str, present: str = "") -> str:
    """Types that somebody made are cast by way of text; so is what has no cast of its own to them."""
    made = "." in kind or ("." in present and not kind.endswith("]"))
    if not made or present == "text" or kind == "text":
        return f"::{kind}"
    return f"::text[]::{kind}" if kind.endswith("[]") else f"::text::{kind}"


def _special(column: str, kind: str, present: str) -> str:
    number, was_number = _NUMBERS.fullmatch(kind), _NUMBERS.fullmatch(present)
    if was_number and kind == "boolean" and present != "integer":
        return f"{column} <> 0"
    if number and present == "boolean" and kind != "integer":
        return f"{column}::integer::{kind}"
    if was_number and _MOMENT.fullmatch(kind):
        return f"to_timestamp({column})"
    if was_number and _LOCAL_MOMENT.fullmatch(kind):
        return f"to_timestamp({column}) AT TIME ZONE 'UTC'"
    if was_number and _INTERVAL.fullmatch(kind):
        return f"make_interval(secs => {column})"
    if number and any(p.fullmatch(present) for p in (_MOMENT, _LOCAL_MOMENT, _INTERVAL)):
        return f"extract(epoch FROM {column})::{kind}"
    if (kind, present) == ("uuid", "bytea"):
        return f"encode({column}, 'hex')::uuid"
    return f"uuid_send({column})" if (kind, present) == ("bytea", "uuid") else ""
