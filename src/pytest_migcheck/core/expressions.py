"""Pairs of expressions that may be two spellings of one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pytest_migcheck.core.catalog import Attributes, ObjectKey
from pytest_migcheck.core.describe import text


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionPair:
    """Two spellings of one expression, to be folded by the planner; ``type`` casts it where it is not empty."""

    schema: str
    table: str
    type: str
    expected: str
    found: str


Fold = Callable[[Sequence[ExpressionPair]], Sequence[bool]]


def folds(key: ObjectKey, name: str, before: Attributes, after: Attributes, folded: Fold) -> bool:
    """Whether one attribute differs in its spelling only."""
    pair = expression_pair(key, name, before, after)
    return pair is not None and folded([pair])[0]


def expression_pair(key: ObjectKey, name: str, before: Attributes, after: Attributes) -> ExpressionPair | None:
    """The two expressions in an attribute, or None where they cannot be the same."""
    left, right = text(before.get(name)), text(after.get(name))
    if not left or not right:
        return None
    kind = ""
    if key.kind == "column" and name in ("default", "generated") and before.get("type") == after.get("type"):
        kind = text(before.get("type"))
        if name == "generated":
            if left[:2] != right[:2]:
                return None
            left, right = left[2:], right[2:]
    elif key.kind == "constraint" and name == "definition" and all(t.startswith("CHECK (") for t in (left, right)):
        left, right = _check_body(left), _check_body(right)
    elif key.kind == "index" and name == "definition":
        head, _, left = left.partition(" WHERE ")
        other, _, right = right.partition(" WHERE ")
        if head != other or not left or not right:
            return None
    else:
        return None
    return ExpressionPair(schema=key.schema, table=key.parent, type=kind, expected=left, found=right)


def _check_body(definition: str) -> str:
    return re.sub(r"\)( NOT VALID| NO INHERIT| NOT ENFORCED)+$", ")", definition).removeprefix("CHECK ")
