"""One thing in two kinds of object: a view and a table, a unique constraint and a unique index."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from pytest_migcheck.core.catalog import Attributes, ObjectKey
from pytest_migcheck.core.consequences import brought_along
from pytest_migcheck.core.describe import text
from pytest_migcheck.core.diff import one_sided
from pytest_migcheck.core.finding import AttributeChange, Change, Difference, Severity
from pytest_migcheck.core.foreign_keys import read_foreign_key
from pytest_migcheck.core.quoting import in_quotes

# The attribute under which one rule in two kinds of object is told.
FORM = "form"
UNIQUE_FORMS = ("UNIQUE constraint", "unique index")
_TABLES = ("table", "partitioned table")
# Constraints with an index: what they are called, and how their definition begins.
_KEYS = {
    "p": ("PRIMARY KEY", "PRIMARY KEY"), "u": ("UNIQUE constraint", "UNIQUE"), "x": ("exclusion constraint", "EXCLUDE")
}  # fmt: skip
_NULLS = " NULLS NOT DISTINCT"


def mapped_views(expected: dict[ObjectKey, Attributes], found: dict[ObjectKey, Attributes]) -> Iterator[Difference]:
    """A view that the models map as a table: one warning for the pair, and nothing of what making a table brings."""
    views = {(k.schema, k.name): k for k in found if k.kind in ("view", "materialized view")}
    for key in [k for k in expected if k.kind == "table" and (k.schema, k.name) in views]:
        view = views[key.schema, key.name]
        form = AttributeChange(name=FORM, expected="table", found=view.kind)
        yield replace(one_sided(view, found[view], Change.CHANGED, Severity.WARNING), attributes=(form,))
        types = {text(a.get("type")).removesuffix("[]") for a in _take_out(expected, key).values()}
        _take_out(found, view)
        _take_out_types(expected, found, types)
        for pointing in [k for k in expected if k not in found and _references(expected[k], key)]:
            _take_out(expected, pointing)


def _take_out(side: dict[ObjectKey, Attributes], key: ObjectKey) -> dict[ObjectKey, Attributes]:
    """Remove an object with all that it brings along, and what that brings along; return what went."""
    gone: dict[ObjectKey, Attributes] = {}
    found = {key} & side.keys()
    while found:
        gone |= {k: side.pop(k) for k in found}
        found = brought_along(side, gone)
    return gone


def _take_out_types(
    expected: dict[ObjectKey, Attributes], found: Mapping[ObjectKey, Attributes], spelt: Collection[str]
) -> None:
    """Types of the columns of a mapped view, where nothing else needs them; the view may do with others."""
    needed = {text(a.get(name)).removesuffix("[]") for a in expected.values() for name in ("type", "base type")}
    for key in [k for k in expected if k.kind == "type" and k not in found]:
        names = {f"{one}.{other}" for one in _spellings(key.schema) for other in _spellings(key.name)}
        if names & set(spelt) and not names & needed:
            _take_out(expected, key)


def _references(attributes: Attributes, table: ObjectKey) -> bool:
    found = read_foreign_key(text(attributes.get("definition"))) if attributes.get("type") == "f" else None
    return found is not None and (found.target.schema, found.target.name) == (table.schema, table.name)


def _spellings(name: str) -> tuple[str, str]:
    """A name as PostgreSQL prints it, whether it needs quotes or not."""
    return name, in_quotes(name)


def table_kinds(expected: dict[ObjectKey, Attributes], found: dict[ObjectKey, Attributes]) -> Iterator[Difference]:
    """A plain table on one side, a partitioned one on the other: one difference, and its parts are compared."""
    for key in [k for k in expected if k.kind in _TABLES and k not in found]:
        other = key._replace(kind=_TABLES[1 - _TABLES.index(key.kind)])
        if other in found and other not in expected:
            form = AttributeChange(name=FORM, expected=key.kind, found=other.kind)
            yield replace(one_sided(other, found[other], Change.CHANGED, Severity.ERROR), attributes=(form,))
            del expected[key], found[other]


def unique_forms(
    constraints: dict[ObjectKey, Attributes],
    opposite: Mapping[ObjectKey, Attributes],
    opposite_only: dict[ObjectKey, Attributes],
    forms: tuple[str, str],
) -> Iterator[Difference]:
    """A unique constraint on one side, a unique index on the other: one rule, another syntax."""
    change = AttributeChange(name=FORM, expected=forms[0], found=forms[1])
    for key in [k for k in constraints if k.kind == "constraint" and constraints[k].get("type") == "u"]:
        index = index_like(key, constraints[key], opposite)
        if index is not None:
            yield replace(one_sided(key, constraints[key], Change.CHANGED, Severity.WARNING), attributes=(change,))
            del constraints[key]
            constraints.pop(key._replace(kind="index"), None)
            opposite_only.pop(index, None)


def index_like(
    constraint: ObjectKey, attributes: Attributes, side: Mapping[ObjectKey, Attributes]
) -> ObjectKey | None:
    """The unique index of a side that enforces what a constraint of the other does."""
    for key, other in side.items():
        free = (key.kind, *key[1:3]) == ("index", *constraint[1:3]) and not other.get("_constraint")
        if free and other.get("unique") and _as_constraint("UNIQUE", other) == text(attributes.get("definition")):
            return key
    return None


def index_of_same_name(constraint: ObjectKey, side: Mapping[ObjectKey, Attributes]) -> ObjectKey | None:
    """The index that has the name of a constraint, and is none of a constraint's."""
    key = constraint._replace(kind="index")
    return key if key in side and not side[key].get("_constraint") else None


def taken_names(
    constraints: dict[ObjectKey, Attributes],
    own: dict[ObjectKey, Attributes],
    opposite: dict[ObjectKey, Attributes],
    *,
    declared: bool,
) -> Iterator[Difference]:
    """A key on one side, on the other an index of its name that is no such key: one has to go for the other.

    ``declared`` tells that the constraints are the models'.
    """
    for key in [k for k in constraints if k.kind == "constraint" and constraints[k].get("type") in _KEYS]:
        index = index_of_same_name(key, opposite)
        if index is None:
            continue
        form, head = _KEYS[text(constraints[key].get("type"))]
        unique = bool(opposite[index].get("unique"))
        of_constraint = {FORM: form, "definition": text(constraints[key].get("definition"))}
        of_index = {
            FORM: "unique index" if unique else "index",
            "definition": _as_constraint(head if unique else "INDEX", opposite[index]),
        }
        expected, found = (of_constraint, of_index) if declared else (of_index, of_constraint)
        changes = tuple(
            AttributeChange(name=name, expected=expected[name], found=found[name])
            for name in (FORM, "definition")
            if expected[name] != found[name]
        )
        yield replace(one_sided(key, constraints[key], Change.CHANGED), attributes=changes)
        del constraints[key], opposite[index]
        own.pop(index, None)


def _as_constraint(head: str, index: Attributes) -> str:
    """The definition of an index in the words of a constraint."""
    body, where, predicate = text(index.get("definition")).partition(" USING ")[2].partition(" WHERE ")
    if _NULLS in body:
        head, body = head + _NULLS, body.replace(_NULLS, "", 1)
    return f"{head} {body.removeprefix('btree ')}{where}{predicate}"
