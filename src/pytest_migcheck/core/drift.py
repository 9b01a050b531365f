"""Compare the models' catalog with the migrated one, by a policy of what should fail a run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pytest_migcheck.core.catalog import Attributes, Catalog, ObjectKey
from pytest_migcheck.core.describe import text
from pytest_migcheck.core.diff import (
    changed_objects,
    implied_keys,
    one_sided,
    pair_renames,
    renamed_difference,
)
from pytest_migcheck.core.finding import Change, Difference, Severity

# Cluster-wide or personal to a server: the disposable one has others.
_OFF_KINDS = frozenset(("role", "membership", "default privileges", "setting", "large object", "user mapping"))
_OFF_ATTRIBUTES = frozenset(("owner", "grants"))
# Tuning is done in SQL, models seldom declare it.
_INFO_ATTRIBUTES = frozenset(
    (
        "storage", "statistics", "compression", "options", "toast options", "tablespace", "replica identity",
        "access method", "fdw options", "clustered", "row security", "force row security", "relocatable", "version",
    )
)
# Models can declare these; everything else that only migrations have is listed, not failed.
_DECLARABLE = frozenset(
    ("table", "partitioned table", "column", "constraint", "index", "sequence", "foreign table")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionPair:
    """Two spellings of one expression, to be folded by the planner; ``type`` casts it where it is not empty."""

    schema: str
    table: str
    type: str
    expected: str
    found: str


Fold = Callable[[Sequence[ExpressionPair]], Sequence[bool]]


def drift(
    models: Catalog,
    migrated: Catalog,
    *,
    folded: Fold | None = None,
    ignore: Callable[[Difference], bool] | None = None,
) -> tuple[Difference, ...]:
    """Return what the models and the migrated database disagree about.

    Args:
        models: the catalog that ``create_all`` made: the expected side.
        migrated: the catalog that the migrations made.
        folded: tells for each pair whether the planner makes both the same.
        ignore: true for differences that env.py's filters leave out.
    """
    expected, found = _comparable(models), _comparable(migrated)
    removed = {k: v for k, v in expected.items() if k not in found}
    added = {k: v for k, v in found.items() if k not in expected}
    differences = list(_mapped_views(removed, added))
    differences += _renames(removed, added)
    differences += _unique_forms(removed, added)
    differences += _one_sided(removed, Change.REMOVED)
    differences += _one_sided(added, Change.ADDED)
    differences += _changed(expected, found, folded)
    kept = [d for d in differences if ignore is None or not ignore(d)]
    return tuple(sorted(kept, key=lambda d: (d.object, d.kind)))


def _comparable(catalog: Catalog) -> dict[ObjectKey, Attributes]:
    """Without what drift leaves off, and with owned sequences named after their column."""
    names = {
        f"{key.schema}.{key.name}": _owned_name(attributes)
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
        comparable[key] = kept
    return comparable


def _owned_name(attributes: Attributes) -> str:
    _, table, column = text(attributes["owned by"]).rsplit(".", 2)
    return f"{table}_{column}_seq"


def _renamed_sequence(default: str, names: Mapping[str, str]) -> str:
    match = re.search(r"nextval\('(.+?)'::regclass\)", default)
    if match is None:
        return default
    name = match.group(1).replace('"', "")
    return default.replace(match.group(1), f"{name.partition('.')[0]}.{names[name]}") if name in names else default


def _mapped_views(
    removed: dict[ObjectKey, Attributes], added: dict[ObjectKey, Attributes]
) -> Iterator[Difference]:
    """A view that the models map as a table: one warning for the pair."""
    views = {(k.schema, k.name): k for k in added if k.kind in ("view", "materialized view")}
    for key in [k for k in removed if k.kind == "table" and (k.schema, k.name) in views]:
        view = views[key.schema, key.name]
        yield one_sided(view, added[view], Change.CHANGED, Severity.WARNING)
        for side in (removed, added):
            for part in [k for k in side if (k.schema, k.parent) == (key.schema, key.name)]:
                del side[part]
        del removed[key], added[view]


def _renames(removed: dict[ObjectKey, Attributes], added: dict[ObjectKey, Attributes]) -> Iterator[Difference]:
    for old, new in list(pair_renames(removed, added)):
        attributes = added.pop(new)
        backing = attributes.get("_constraint")
        del removed[old]
        if not backing and not (_generated_name(old) or _generated_name(new)):
            yield renamed_difference(old, new, attributes, Severity.WARNING)


def _generated_name(key: ObjectKey) -> bool:
    """Whether the name is of the form that PostgreSQL gives to an unnamed constraint or index."""
    pattern = rf"{re.escape(key.parent[:40])}.*_(pkey|key|fkey|check|excl|idx)\d*"
    return re.fullmatch(pattern, key.name) is not None


def _unique_forms(
    removed: dict[ObjectKey, Attributes], added: dict[ObjectKey, Attributes]
) -> Iterator[Difference]:
    """A unique constraint on one side, a unique index on the other: one rule, another syntax."""
    for constraints, indexes in ((removed, added), (added, removed)):
        for key in [k for k in constraints if k.kind == "constraint"]:
            definition = text(constraints[key].get("definition"))
            columns = definition.removeprefix("UNIQUE ")
            for index in [k for k in indexes if k.kind == "index" and (k.schema, k.parent) == (key.schema, key.parent)]:
                same = indexes[index].get("unique") and text(indexes[index].get("definition")).endswith(
                    f"USING btree {columns}"
                )
                if definition.startswith("UNIQUE ") and same and not indexes[index].get("_constraint"):
                    yield one_sided(key, constraints[key], Change.CHANGED, Severity.WARNING)
                    del constraints[key], indexes[index]
                    constraints.pop(key._replace(kind="index"), None)
                    break


def _one_sided(side: Mapping[ObjectKey, Attributes], change: Change) -> Iterator[Difference]:
    implied = implied_keys(side)
    for key, attributes in side.items():
        if key not in implied:
            yield one_sided(key, attributes, change, _one_sided_severity(key, attributes, change))


def _one_sided_severity(key: ObjectKey, attributes: Attributes, change: Change) -> Severity:
    if key.kind in ("comment", "security label"):
        return Severity.WARNING
    if change is Change.REMOVED:
        return Severity.ERROR
    if key.kind == "type":
        return Severity.WARNING
    if key.kind not in _DECLARABLE or attributes.get("partition bound") is not None:
        return Severity.INFO
    return Severity.ERROR


def _changed(
    expected: Mapping[ObjectKey, Attributes], found: Mapping[ObjectKey, Attributes], folded: Fold | None
) -> Iterator[Difference]:
    keys = {(k.kind, k.qualified): k for k in expected}
    for difference in changed_objects(expected, found):
        key = keys[difference.kind, difference.object]
        kept = tuple(
            a
            for a in difference.attributes
            if folded is None or not _folds(key, a.name, expected[key], found[key], folded)
        )
        if kept:
            yield replace(difference, attributes=kept, severity=_changed_severity(replace(difference, attributes=kept)))


def _folds(key: ObjectKey, name: str, before: Attributes, after: Attributes, folded: Fold) -> bool:
    pair = _pair(key, name, before, after)
    return pair is not None and folded([pair])[0]


def _pair(key: ObjectKey, name: str, before: Attributes, after: Attributes) -> ExpressionPair | None:
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
    elif key.kind == "constraint" and name == "definition" and left.startswith("CHECK (") and right.startswith("CHECK ("):
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


def _changed_severity(difference: Difference) -> Severity:
    if difference.kind in ("comment", "security label"):
        return Severity.WARNING
    names = {a.name for a in difference.attributes}
    if names <= _INFO_ATTRIBUTES:
        return Severity.INFO
    if difference.kind == "type" and names == {"labels"}:
        (labels,) = difference.attributes
        same = sorted((labels.expected or "").split(", ")) == sorted((labels.found or "").split(", "))
        return Severity.WARNING if same else Severity.ERROR
    if difference.kind not in _DECLARABLE and difference.kind not in ("type", "view", "materialized view"):
        return Severity.INFO
    return Severity.ERROR
