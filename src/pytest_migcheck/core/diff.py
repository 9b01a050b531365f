"""Compare two catalogs, strictly: what the stairway asks of a downgrade."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_migcheck.core.catalog import Attributes, Catalog, ObjectKey
from pytest_migcheck.core.consequences import implied_keys, without_consequences
from pytest_migcheck.core.describe import describe, text
from pytest_migcheck.core.finding import AttributeChange, Change, Difference, Severity

_RENAMED_KINDS = frozenset(("constraint", "index"))


def diff(expected: Catalog, found: Catalog) -> tuple[Difference, ...]:
    """Return one difference for each object that the catalogs disagree about.

    Attributes whose name begins with ``_`` are not compared. What follows from another difference
    (the columns of a missing table, the index of a missing constraint) is not listed.
    """
    before, after = expected.apart_from(found), found.apart_from(expected)
    if before == after:
        return ()
    removed = {k: v for k, v in before.items() if k not in after}
    added = {k: v for k, v in after.items() if k not in before}
    renamed = list(pair_renames(removed, added))
    gone = {key for pair in renamed for key in pair}
    differences = [renamed_difference(old, new, added[new]) for old, new in renamed]
    for change, side in ((Change.REMOVED, removed), (Change.ADDED, added)):
        implied = implied_keys(side)
        differences += [
            one_sided(key, attributes, change)
            for key, attributes in side.items()
            if key not in implied and key not in gone
        ]
    differences += changed_objects(before, after)
    if not differences:
        return ()
    kept = without_consequences(differences, expected.objects, found.objects)
    return tuple(sorted(kept, key=lambda d: (d.object, d.kind, d.change.value)))


def same(expected: Catalog, found: Catalog) -> bool:
    """Whether a strict comparison finds nothing."""
    return not diff(expected, found)


def one_sided(
    key: ObjectKey, attributes: Attributes, change: Change, severity: Severity = Severity.ERROR
) -> Difference:
    return Difference(
        kind=key.kind,
        object=key.qualified,
        change=change,
        definition=describe(key, attributes),
        severity=severity,
    )


def renamed_difference(
    old: ObjectKey, new: ObjectKey, attributes: Attributes, severity: Severity = Severity.ERROR
) -> Difference:
    return Difference(
        kind=new.kind,
        object=new.qualified,
        change=Change.RENAMED,
        attributes=(AttributeChange(name="name", expected=old.name, found=new.name),),
        definition=describe(new, attributes),
        severity=severity,
    )


def changed_objects(
    expected: Mapping[ObjectKey, Attributes], found: Mapping[ObjectKey, Attributes]
) -> Iterator[Difference]:
    """Yield the objects that both sides have, with different attributes."""
    for key, before in expected.items():
        after = found.get(key)
        if after is None or after is before or after == before:
            continue
        changes = tuple(
            AttributeChange(name=name, expected=_side(before, name), found=_side(after, name))
            for name in dict.fromkeys((*before, *after))
            if not name.startswith("_") and before.get(name) != after.get(name)
        )
        if changes:
            yield Difference(
                kind=key.kind,
                object=key.qualified,
                change=Change.CHANGED,
                attributes=changes,
                definition=describe(key, after),
            )


def _side(attributes: Attributes, name: str) -> str | None:
    value = attributes.get(name)
    return None if value is None else text(value)


def pair_renames(
    removed: Mapping[ObjectKey, Attributes], added: Mapping[ObjectKey, Attributes]
) -> Iterator[tuple[ObjectKey, ObjectKey]]:
    """Pair constraints and indexes of one table that differ in nothing but their name."""
    unpaired = {key for key in added if key.kind in _RENAMED_KINDS}
    for old, attributes in removed.items():
        if old.kind not in _RENAMED_KINDS:
            continue
        for new in sorted(unpaired):
            same_place = (new.kind, new.schema, new.parent) == (old.kind, old.schema, old.parent)
            if same_place and nameless(old, attributes) == nameless(new, added[new]):
                unpaired.discard(new)
                yield old, new
                break


def nameless(key: ObjectKey, attributes: Attributes) -> dict[str, object]:
    """The attributes without the object's own name, to compare definitions."""
    bare = {name: value for name, value in attributes.items() if not name.startswith("_")}
    if key.kind == "index":
        bare["definition"] = text(bare.get("definition")).partition(" ON ")[2]
    return dict(bare)
