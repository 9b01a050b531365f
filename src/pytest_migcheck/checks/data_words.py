"""PostgreSQL's errors in terms of the rows that cause them, and what to do about each."""

from __future__ import annotations

import re
from collections.abc import Callable

from pytest_migcheck.core.step import StepFailure

_NULLS = re.compile(r'column "(.+?)" (?:of relation "(.+?)" )?(?:contains null values|violates not-null)')
_NULL_IN = re.compile(r'null value in column "(.+?)" of relation "(.+?)"')
_DUPLICATE = re.compile(r'(?:unique index|unique constraint) "(.+?)"')
_KEY = re.compile(r"Key \((.+?)\)=\((.*?)\) ")
_ORPHAN = re.compile(r'table "(.+?)" violates foreign key constraint "(.+?)"')
_CHECKED = re.compile(
    r'check constraint "(.+?)" (?:of relation "(.+?)" )?is violated|violates check constraint "(.+?)"'
)
_DOMAIN = re.compile(r'column "(.+?)" of table "(.+?)" contains values that violate')
_DEFAULT_PARTITION = re.compile(r'partition constraint for default partition "(.+?)"')
_EXCLUSION = re.compile(r'exclusion constraint "(.+?)"')
_TOO_LONG = re.compile(r"value too long for type (.+)")


def when(failure: StepFailure) -> str:
    """The cause in a few words, such as `` when orders.email is NULL``."""
    words = _WORDS.get(failure.sqlstate or "")
    said = words(failure.message) if words else None
    first = failure.message.strip().splitlines()[0] if failure.message.strip() else failure.kind
    return f" when {said}" if said else f" on some rows: {first}"


def _null(message: str) -> str | None:
    found = _NULLS.search(message) or _NULL_IN.search(message)
    if found is None:
        return None
    column, table = found[1], found[2]
    return f"{table}.{column} is NULL" if table else f"{column} is NULL"


def _duplicate(message: str) -> str | None:
    found, key = _DUPLICATE.search(message), _KEY.search(message)
    what = f"two rows have the same {key[1]}" if key else "two rows are alike"
    return f"{what} ({found[1]})" if found else what


def _orphan(message: str) -> str | None:
    key, found = _KEY.search(message), _ORPHAN.search(message)
    table = f"{found[1]}." if found else ""
    if key is None or "is still referenced" in message:
        return f"rows still refer to what is deleted ({found[2]})" if found else None
    missing = re.search(r'not present in table "(.+?)"', message)
    return f"{table}{key[1]} is not in {missing[1]}" if missing else f"{table}{key[1]} refers to nothing"


def _checked(message: str) -> str | None:
    found = _CHECKED.search(message)
    if found is None:
        domain, default = _DOMAIN.search(message), _DEFAULT_PARTITION.search(message)
        if domain is not None:
            return f"{domain[2]}.{domain[1]} violates the new CHECK of its domain"
        return f"a row of the default partition {default[1]} belongs to the new one" if default else None
    name = found[1] or found[3]
    return f"a row of {found[2]} violates {name}" if found[2] else f"a row violates {name}"


def _excluded(message: str) -> str | None:
    found = _EXCLUSION.search(message)
    return f"two rows exclude each other ({found[1]})" if found else None


def _long(message: str) -> str | None:
    found = _TOO_LONG.search(message)
    return f"a value is longer than {found[1].splitlines()[0]}" if found else None


_WORDS: dict[str, Callable[[str], str | None]] = {
    "23502": _null,
    "23505": _duplicate,
    "23503": _orphan,
    "23514": _checked,
    "23P01": _excluded,
    "22001": _long,
    "22003": lambda _: "a number is out of range",
    "55006": lambda _: "a trigger still waits for rows that were changed before",
}
_ADVICE = {
    "23505": "merge or change the rows that are alike before the unique index is made",
    "23503": "delete the rows that refer to nothing, or give them a target, before the foreign key is added",
    "23514": "bring the rows to what the CHECK asks before it is added",
    "23P01": "change the rows that exclude each other before the constraint is added",
    "22001": "shorten the values first, in a way that you choose, or keep the wider type",
    "22003": "move the numbers that do not fit, or keep the wider type",
    "22P02": "map every value that the new type does not know, in USING or before",
    "55006": "SET CONSTRAINTS ALL IMMEDIATE before the table is altered, or alter it in another revision",
}
# PostgreSQL's words for rows that a statement writes against what is there already, and what helps then.
_WRITTEN = (
    ("duplicate key value violates", "merge or change the rows that would become alike first"),
    ("is still referenced from", "delete the rows that refer to it first, or point them elsewhere"),
    ("new row for relation", "write what the CHECK allows, or change the CHECK first"),
    ("conflicting key value violates", "change the rows that would exclude each other first"),
)


def advice(failure: StepFailure) -> str:
    """What to do, in one line; "" where the error says it all."""
    if failure.sqlstate == "23502":
        found = _NULLS.search(failure.message)
        if found and "contains null" in failure.message:
            name = f"{found[2]}.{found[1]}" if found[2] else found[1]
            return f"backfill {name} before SET NOT NULL, or add it with a default"
        return "give the column a value"
    written = (help_ for words, help_ in _WRITTEN if words in failure.message)
    return next(written, _ADVICE.get(failure.sqlstate or "", ""))
