"""What follows from another difference, and is not listed beside it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from pytest_migcheck.core.catalog import Attributes, ObjectKey, Value
from pytest_migcheck.core.finding import AttributeChange, Change, Difference
from pytest_migcheck.core.quoting import addresses, name_parts

_RELATIONS = frozenset(("table", "partitioned table", "view", "materialized view", "foreign table", "composite type"))
_NOTES = frozenset(("comment", "security label"))


def implied_keys(side: Mapping[ObjectKey, Attributes]) -> set[ObjectKey]:
    """Keys of one-sided objects that another one-sided object brings along."""
    return brought_along(side, side)


def brought_along(side: Mapping[ObjectKey, Attributes], by: Mapping[ObjectKey, Attributes]) -> set[ObjectKey]:
    """Keys of a side that come and go with some of its objects."""
    relations = {(key.schema, key.name) for key in by if key.kind in _RELATIONS or key.kind == "type"}
    names = {(key.kind, key.qualified) for key in by}
    bare = {_bare(key) for key in by if key.kind not in _NOTES}
    return {
        key
        for key, attributes in side.items()
        if (key.parent and (key.schema, key.parent) in relations)
        or _inherited(key, attributes, names)
        or (key.kind == "index" and _constraint_of(key, attributes) in names)
        or (key.kind == "sequence" and _owner_is_gone(attributes, relations, names))
        or (key.kind in _NOTES and _target_is_gone(attributes, relations, bare))
        or (key.kind == "operator family" and ("operator class", key.qualified) in names)
    }


def _inherited(key: ObjectKey, attributes: Attributes, names: Collection[tuple[str, str]]) -> bool:
    return any((key.kind, origin) in names for origin in _split(attributes.get("_from")))


def _constraint_of(key: ObjectKey, attributes: Attributes) -> tuple[str, str]:
    return "constraint", key._replace(name=str(attributes.get("_constraint"))).qualified


def _owner_is_gone(
    attributes: Attributes, relations: Collection[tuple[str, str]], names: Collection[tuple[str, str]]
) -> bool:
    owner = name_parts(str(attributes.get("owned by") or ""))
    return ("column", ".".join(owner)) in names or tuple(owner[:2]) in relations


def _target_is_gone(attributes: Attributes, relations: Collection[tuple[str, str]], bare: Collection[str]) -> bool:
    target = str(attributes.get("_of") or "")
    return target in bare or tuple(target.split(".")[:2]) in relations


def _bare(key: ObjectKey) -> str:
    """The name as the address of a comment spells it: an index without its table, a function without arguments."""
    if key.kind == "index":
        return f"{key.schema}.{key.name}"
    return key.qualified.partition("(")[0]


def _split(names: Value) -> list[str]:
    """The addresses as ``ObjectKey.qualified`` spells them."""
    return [".".join(name_parts(address)) for address in addresses(str(names))] if names else []


def without_consequences(
    differences: Sequence[Difference], expected: Mapping[ObjectKey, Attributes], found: Mapping[ObjectKey, Attributes]
) -> list[Difference]:
    """Leave out what changed because a parent, the constraint or the identity behind it changed."""
    others = {(d.kind, d.object): d for d in differences}
    keys = {
        (key.kind, key.qualified): (key, attributes)
        for side in (expected, found)
        for key, attributes in side.items()
        if (key.kind, key.qualified) in others
    }
    return [
        d for d in differences if (d.kind, d.object) not in keys or not _follows(d, *keys[d.kind, d.object], others)
    ]


def _of_view(key: ObjectKey, others: Mapping[tuple[str, str], Difference]) -> bool:
    """Whether the view that the column is of differs itself."""
    return any((kind, f"{key.schema}.{key.parent}") in others for kind in ("view", "materialized view"))


def _still_identity(change: AttributeChange) -> bool:
    """ALWAYS for BY DEFAULT says nothing of the options of the sequence."""
    return change.name == "identity" and bool(change.expected and change.found)


def _follows(
    difference: Difference, key: ObjectKey, attributes: Attributes, others: Mapping[tuple[str, str], Difference]
) -> bool:
    names = {a.name for a in difference.attributes}
    if difference.kind == "index" and difference.change in (Change.CHANGED, Change.RENAMED):
        constraint = others.get(_constraint_of(key, attributes))
        if constraint is not None and constraint.change is difference.change and names <= {"definition", "name"}:
            return True
    identity = attributes.get("identity") or "identity" in names
    if difference.kind == "sequence" and (identity or difference.change is not Change.CHANGED):
        columns = (others.get(("column", owner)) for owner in _split(attributes.get("owned by")))
        behind = ("identity",) if identity else ("identity", "default")
        return any(
            c is not None and any(a.name in behind and not _still_identity(a) for a in c.attributes) for c in columns
        )
    if difference.kind == "column" and names <= {"type", "collation", "not null"} and _of_view(key, others):
        return True
    if difference.change is not Change.CHANGED:
        return False
    table = f"{key.schema}.{key.parent}"
    moved = any(a.name == "parents" for d in others.values() if d.object == table for a in d.attributes)
    if moved and names in ({"inherited"}, {"attached to"}):
        return True
    origins = (others.get((difference.kind, origin)) for origin in _split(attributes.get("_from")))
    return any(o is not None and o.attributes == difference.attributes for o in origins)
