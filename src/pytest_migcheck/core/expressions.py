"""Pairs of expressions that may be two spellings of one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pytest_migcheck.core.catalog import Attributes, ObjectKey
from pytest_migcheck.core.describe import text
from pytest_migcheck.core.index_definition import read_definition


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionPair:
    """Two spellings of one expression, to be folded by the planner; ``type`` casts it where it is not empty.

    ``table`` is the relation whose columns it reads, or the domain whose ``VALUE`` it reads. ``condition`` says that
    its truth alone counts, and not how it is written: a query finds an index on ``(a + b)`` by these words only.
    """

    schema: str
    table: str
    type: str
    expected: str
    found: str
    of_domain: bool = False
    condition: bool = False


Fold = Callable[[Sequence[ExpressionPair]], Sequence[bool]]

_POLICY = ("using", "with check")


def folds(key: ObjectKey, name: str, before: Attributes, after: Attributes, folded: Fold) -> bool:
    """Whether one attribute differs in its spelling only."""
    pairs = expression_pairs(key, name, before, after)
    return bool(pairs) and all(folded(pairs))


def expression_pairs(key: ObjectKey, name: str, before: Attributes, after: Attributes) -> list[ExpressionPair]:
    """The expressions of an attribute that differ in their text; none where something else differs."""
    left, right = text(before.get(name)), text(after.get(name))
    if not left or not right:
        return []
    if key.kind == "column" and before.get("type") == after.get("type"):
        return _of_column(key, name, text(before.get("type")), left, right)
    if key.kind == "constraint" and name == "definition" and all(t.startswith("CHECK (") for t in (left, right)):
        bodies = [(_check_body(left), _check_body(right))]
        return _pairs(key.schema, key.parent, bodies, of_domain="deferrable" not in before, condition=True)
    if key.kind in ("index", "constraint") and name == "definition":
        return _of_list(key.schema, key.parent, left, right)
    if key.kind == "partitioned table" and name == "partition key":
        return _of_list(key.schema, key.name, left, right)
    if key.kind == "policy" and name in _POLICY:
        return _pairs(key.schema, key.parent, [(left, right)], condition=True)
    return []


def _of_column(key: ObjectKey, name: str, kind: str, left: str, right: str) -> list[ExpressionPair]:
    if name == "generated" and left[:2] == right[:2]:
        left, right = left[2:], right[2:]
    elif name != "default":
        return []
    return _pairs(key.schema, key.parent, [(left, right)], kind=kind)


def _of_list(schema: str, table: str, left: str, right: str) -> list[ExpressionPair]:
    """The expressions of an index, an exclusion constraint or a partition key."""
    before, after = read_definition(left), read_definition(right)
    if before is None or after is None or len(before.elements) != len(after.elements):
        return []
    elements = list(zip(before.elements, after.elements, strict=True))
    same = (before.method, before.tail) == (after.method, after.tail)
    if not same or any(a.rest != b.rest or bool(a.expression) != bool(b.expression) for a, b in elements):
        return []
    if bool(before.predicate) != bool(after.predicate):
        return []
    return [
        *_pairs(schema, table, [(a.expression, b.expression) for a, b in elements]),
        *_pairs(schema, table, [(before.predicate, after.predicate)], condition=True),
    ]


def _pairs(
    schema: str,
    table: str,
    texts: Sequence[tuple[str, str]],
    *,
    kind: str = "",
    of_domain: bool = False,
    condition: bool = False,
) -> list[ExpressionPair]:
    return [
        ExpressionPair(
            schema=schema,
            table=table,
            type=kind,
            expected=left,
            found=right,
            of_domain=of_domain,
            condition=condition,
        )
        for left, right in texts
        if left != right
    ]


def _check_body(definition: str) -> str:
    return re.sub(r"\)( NOT VALID| NO INHERIT| NOT ENFORCED)+$", ")", definition).removeprefix("CHECK ")
