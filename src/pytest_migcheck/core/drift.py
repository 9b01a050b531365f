"""Compare the models' catalog with the migrated one, by a policy of what should fail a run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from pytest_migcheck.core.catalog import Attributes, Catalog, ObjectKey
from pytest_migcheck.core.consequences import implied_keys, without_consequences
from pytest_migcheck.core.describe import text
from pytest_migcheck.core.diff import (
    changed_objects,
    one_sided,
    pair_renames,
    renamed_difference,
)
from pytest_migcheck.core.drift_forms import UNIQUE_FORMS, mapped_views, table_kinds, taken_names, unique_forms
from pytest_migcheck.core.drift_policy import changed_severity, one_sided_severity
from pytest_migcheck.core.expressions import Fold, folds
from pytest_migcheck.core.finding import Change, Difference, Severity
from pytest_migcheck.core.quoting import literal, name_parts

# Cluster-wide or personal to a server: the disposable one has others.
_OFF_KINDS = frozenset(
    (
        *("role", "membership", "default privileges", "setting", "database", "large objects", "user mapping"),
        *("system setting", "replication slot", "replication origin", "tablespace", "parameter grants"),
    )
)
_OFF_ATTRIBUTES = frozenset(("owner", "grants"))
_WITH = re.compile(r" WITH \(([^()]+)\)")


def drift(
    models: Catalog,
    migrated: Catalog,
    *,
    folded: Fold | None = None,
    ignore: Callable[[Difference], bool] | None = None,
    chosen: Callable[[ObjectKey], bool] | None = None,
    complete: bool = False,
) -> tuple[Difference, ...]:
    """Return what the models and the migrated database disagree about.

    Args:
        models: the catalog that ``create_all`` made: the expected side.
        migrated: the catalog that the migrations made.
        folded: tells for each pair whether the planner makes both the same.
        ignore: true for differences that env.py's filters leave out.
        chosen: true for constraints and indexes whose name the models give; where nobody knows, its form tells.
        complete: every kind can be declared there, so that what only migrations make is an error whatever it is.
    """
    expected, found = _comparable(models), _comparable(migrated)
    differences = [*mapped_views(expected, found), *table_kinds(expected, found)]

    def unnamed(key: ObjectKey) -> bool:
        return _generated_name(key) and not (chosen and chosen(key))

    swapped = _unpaired_numbers(expected, found, unnamed)
    removed = {k: v for k, v in expected.items() if k not in found} | swapped[0]
    added = {k: v for k, v in found.items() if k not in expected} | swapped[1]
    differences += unique_forms(removed, found, added, UNIQUE_FORMS)
    differences += unique_forms(added, expected, removed, UNIQUE_FORMS[::-1])
    differences += _renames(removed, added, folded, unnamed)
    for key in [k for k in removed if k in added]:
        expected[key], found[key] = removed.pop(key), added.pop(key)
    differences += taken_names(removed, expected, found, declared=True)
    differences += taken_names(added, found, expected, declared=False)
    differences += _one_sided(removed, Change.REMOVED, models)
    differences += _one_sided(added, Change.ADDED, migrated, complete=complete)
    differences += _changed(expected, found, folded)
    differences = without_consequences(differences, expected, found)
    kept = [d for d in differences if ignore is None or not ignore(d)]
    return tuple(sorted(kept, key=lambda d: (d.object, d.kind)))


def _comparable(catalog: Catalog) -> dict[ObjectKey, Attributes]:
    """Without what drift leaves off, and with owned sequences named after their column."""
    names = {
        f"{key.schema}.{key.name}": owned_sequence_name(attributes)
        for key, attributes in catalog.objects.items()
        if key.kind == "sequence" and attributes.get("owned by")
    }
    comparable: dict[ObjectKey, Attributes] = {}
    for key, attributes in catalog.objects.items():
        if key.kind in _OFF_KINDS or (key.kind == "schema" and key.name == "public"):
            continue
        kept = {n: v for n, v in attributes.items() if n not in _OFF_ATTRIBUTES}
        if key.kind == "sequence" and f"{key.schema}.{key.name}" in names:
            key = key._replace(name=names[f"{key.schema}.{key.name}"])
        if key.kind == "column" and "nextval(" in text(kept.get("default")):
            kept["default"] = _renamed_sequence(text(kept["default"]), names)
        if key.kind == "index" and ", " in text(kept.get("options")):
            kept["definition"] = _WITH.sub(_sorted_parameters, text(kept["definition"]))
        comparable[key] = kept
    return comparable


def _sorted_parameters(found: re.Match[str]) -> str:
    """Storage parameters are printed in the order in which they were set."""
    return f" WITH ({', '.join(sorted(found[1].split(', ')))})"


def owned_sequence_name(attributes: Attributes) -> str:
    """The name that PostgreSQL would give to a sequence that a column owns."""
    *_, table, column = name_parts(text(attributes["owned by"]))
    return f"{table}_{column}_seq"


def _renamed_sequence(default: str, names: Mapping[str, str]) -> str:
    match = re.search(r"(?<=nextval\()'((?:[^']|'')+)'(?=::regclass\))", default)
    parts = name_parts(match[1].replace("''", "'")) if match else []
    name = names.get(".".join(parts))
    return default.replace(match[0], literal(f"{parts[0]}.{name}")) if match and name else default


def _renames(
    removed: dict[ObjectKey, Attributes],
    added: dict[ObjectKey, Attributes],
    folded: Fold | None,
    unnamed: Callable[[ObjectKey], bool],
) -> Iterator[Difference]:
    """Pair constraints and indexes by their definition; a name that nobody chose says nothing."""
    yield from _silenced_names(pair_renames(removed, added), removed, added, unnamed)
    if folded is not None:
        yield from _silenced_names(_folded_renames(removed, added, folded), removed, added, unnamed)


def _silenced_names(
    pairs: Iterable[tuple[ObjectKey, ObjectKey]],
    removed: dict[ObjectKey, Attributes],
    added: dict[ObjectKey, Attributes],
    unnamed: Callable[[ObjectKey], bool],
) -> Iterator[Difference]:
    for old, new in list(pairs):
        attributes = added.pop(new, None)
        if attributes is None or removed.pop(old, None) is None:
            continue
        if not attributes.get("_constraint") and not unnamed(old):
            yield renamed_difference(old, new, attributes, Severity.WARNING)


def _folded_renames(
    removed: Mapping[ObjectKey, Attributes], added: Mapping[ObjectKey, Attributes], folded: Fold
) -> Iterator[tuple[ObjectKey, ObjectKey]]:
    """Pair constraints and indexes whose texts differ and mean the same."""
    for old in [k for k in removed if k.kind in ("constraint", "index")]:
        for new in [k for k in added if k[:3] == old[:3]]:
            if _same_but_for(removed[old], added[new], "definition") and folds(
                old, "definition", removed[old], added[new], folded
            ):
                yield old, new
                break


def _same_but_for(before: Attributes, after: Attributes, name: str) -> bool:
    compared = {n for n in (*before, *after) if not n.startswith("_") and n != name}
    return all(before.get(n) == after.get(n) for n in compared)


def _unpaired_numbers(
    expected: dict[ObjectKey, Attributes],
    found: dict[ObjectKey, Attributes],
    unnamed: Callable[[ObjectKey], bool],
) -> tuple[dict[ObjectKey, Attributes], dict[ObjectKey, Attributes]]:
    """Take out the unnamed constraints of one name and another definition: their numbers depend on the order."""
    same_names = [
        key
        for key, attributes in expected.items()
        if key.kind == "constraint"
        and key in found
        and attributes.get("definition") != found[key].get("definition")
        and unnamed(key)
    ]
    return {k: expected.pop(k) for k in same_names}, {k: found.pop(k) for k in same_names}


def _generated_name(key: ObjectKey) -> bool:
    """Whether the name is of the form that PostgreSQL gives to an unnamed constraint or index."""
    pattern = rf"{re.escape(key.parent[:28])}.*_(pkey|key|fkey|check|excl|idx)\d*"
    return re.fullmatch(pattern, key.name) is not None


def _one_sided(
    side: Mapping[ObjectKey, Attributes], change: Change, whole: Catalog, *, complete: bool = False
) -> Iterator[Difference]:
    implied = implied_keys(side)
    for key, attributes in side.items():
        if key not in implied:
            severity = one_sided_severity(key, attributes, change, whole.objects, complete=complete)
            yield one_sided(key, attributes, change, severity)


def _changed(
    expected: Mapping[ObjectKey, Attributes], found: Mapping[ObjectKey, Attributes], folded: Fold | None
) -> Iterator[Difference]:
    keys = {(k.kind, k.qualified): k for k in expected}
    for difference in changed_objects(expected, found):
        key = keys[difference.kind, difference.object]
        kept = tuple(
            a
            for a in difference.attributes
            if folded is None or not folds(key, a.name, expected[key], found[key], folded)
        )
        if kept:
            left = replace(difference, attributes=kept)
            yield replace(left, severity=changed_severity(left, owned=bool(expected[key].get("owned by"))))
