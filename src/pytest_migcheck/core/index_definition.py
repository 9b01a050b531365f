"""The parts of an index, an exclusion constraint or a partition key, as PostgreSQL prints them.

``pg_get_indexdef`` prints a column by its name, a call as it is, and every other expression in parentheses; behind it
stand collation, operator class, direction and, in an exclusion constraint, the operator.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One column or expression: ``expression`` is "" for a plain column, which ``rest`` then begins with."""

    expression: str
    rest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """``method`` is what stands before the list, ``tail`` what stands behind it, without the predicate."""

    method: str
    elements: tuple[Element, ...]
    tail: str
    predicate: str


def read_definition(text: str) -> Definition | None:
    """Read a definition; the name of an index and its table are left out. None for what has no list."""
    start = next((n for n, char, _ in _outside_quotes(text) if char == "("), None)
    if start is None:
        return None
    end = _closing(text, start)
    head = text[:start].strip()
    tail, predicate = _predicate(text[end + 1 :], in_parentheses=head.startswith("EXCLUDE"))
    return Definition(
        method=head.rpartition("USING ")[2],
        elements=tuple(_element(part.strip()) for part in _split(text[start + 1 : end])),
        tail=tail,
        predicate=predicate,
    )


def _element(text: str) -> Element:
    opening = next((n for n, char, _ in _outside_quotes(text) if char == "(" or char.isspace()), None)
    if opening is None or text[opening] != "(":
        return Element(expression="", rest=text)
    end = _closing(text, opening) + 1
    return Element(expression=text[:end], rest=text[end:].strip())


def _predicate(rest: str, *, in_parentheses: bool) -> tuple[str, str]:
    where = next((n for n, _, depth in _outside_quotes(rest) if not depth and rest.startswith(" WHERE ", n)), None)
    if where is None:
        return rest.strip(), ""
    start = where + len(" WHERE ")
    end = _closing(rest, start) + 1 if in_parentheses else len(rest)
    return f"{rest[:where]} {rest[end:]}".strip(), rest[start:end]


def _split(text: str) -> Iterator[str]:
    start = 0
    for n, char, depth in _outside_quotes(text):
        if char == "," and not depth:
            yield text[start:n]
            start = n + 1
    yield text[start:]


def _closing(text: str, opening: int) -> int:
    """Where the parenthesis at ``opening`` is closed."""
    inside = _outside_quotes(text[opening:])
    return next((opening + n for n, char, depth in inside if char == ")" and not depth), len(text))


def _outside_quotes(text: str) -> Iterator[tuple[int, str, int]]:
    """(offset, character, depth) of what is in no string and no quoted name; a parenthesis has its outer depth."""
    depth = 0
    for quoted in re.finditer(r"""'[^']*'|"[^"]*"|(.)""", text, re.DOTALL):
        char = quoted[1]
        if char is None:
            continue
        depth -= char in ")]"
        yield quoted.start(), char, depth
        depth += char in "(["
