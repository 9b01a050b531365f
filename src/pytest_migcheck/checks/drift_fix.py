"""The code that makes one object of the migrations as it is in the models."""

from __future__ import annotations

import re

from pytest_migcheck.checks.restoring import Catalogs, changed_code, create, drop, restoring_code
from pytest_migcheck.checks.restoring_sql import address, execute, quoted
from pytest_migcheck.core.catalog import Catalog, ObjectKey
from pytest_migcheck.core.describe import text
from pytest_migcheck.core.drift import owned_sequence_name
from pytest_migcheck.core.drift_forms import FORM, index_like, index_of_same_name
from pytest_migcheck.core.finding import Change, Difference
from pytest_migcheck.core.quoting import name_parts

_PROOF = re.compile(r'CHECK \(\(("(?:[^"]|"")*"|\w+) IS NOT NULL\)\)')
_RELATIONS = frozenset(("table", "partitioned table", "view", "materialized view"))


def fix_code(difference: Difference, catalogs: Catalogs, declared: str = "models") -> str:
    """Code to paste into ``upgrade()``, or what else is to be done where the catalog does not say enough."""
    found = _code(difference, catalogs)
    proven = proven_column(difference, catalogs)
    if found and proven:
        return f"{found}   # after column {proven} is NOT NULL: without it every row would be read for that"
    if difference.change is Change.ADDED:
        declare = f"declare it in the {declared}"
        return f"{found}   # or {declare}" if found and "\n" not in found else f"{found or declare}"
    if found is not None:
        return found
    if _form(difference) and difference.kind.endswith("view"):
        return f"leave {difference.object} out with include_object in env.py: it is mapped as a table and is a view"
    word = {Change.REMOVED: "CREATE", Change.CHANGED: "ALTER"}.get(difference.change, "")
    statement = f"{word} {difference.kind.upper()}"
    return f"write the {statement} of {difference.object} in a new revision, as in the {declared}"


def proven_column(difference: Difference, catalogs: Catalogs) -> str | None:
    """The column that is to be NOT NULL and that a CHECK of the migrations proves to be: it can go after that."""
    match = _PROOF.fullmatch(difference.definition or "") if difference.change is Change.ADDED else None
    key = catalogs.key(difference) if match and difference.kind == "constraint" else None
    if match is None or key is None:
        return None
    column = ObjectKey("column", key.schema, key.parent, *name_parts(match[1]))
    wanted, present = (side.objects.get(column, {}).get("not null") for side in (catalogs.before, catalogs.after))
    return column.name if wanted and not present else None


def keys_of(difference: Difference, catalogs: Catalogs) -> tuple[ObjectKey | None, ObjectKey | None]:
    """The object among the models and in the migrations."""
    form = _form(difference)
    if form and difference.kind in _RELATIONS:
        schema, _, name = difference.object.partition(".")
        return tuple(ObjectKey(kind, schema, "", name) for kind in form)  # type: ignore[return-value]
    before, after = _key(difference, catalogs.before), _key(difference, catalogs.after)
    if form and difference.kind == "constraint":
        return (
            before or _index_of(after, catalogs.after, catalogs.before),
            after or _index_of(before, catalogs.before, catalogs.after),
        )
    return before, after


def _key(difference: Difference, catalog: Catalog) -> ObjectKey | None:
    name = difference.object
    if difference.change is Change.RENAMED:
        name = name.removesuffix(f".{difference.attributes[0].found}")
        names = {f"{name}.{side}" for a in difference.attributes for side in (a.expected, a.found)}
    else:
        names = {name}
    for key in catalog.objects:
        if key.kind == difference.kind and key.qualified in names:
            return key
    return _owned_sequence(difference, catalog) if difference.kind == "sequence" else None


def _owned_sequence(difference: Difference, catalog: Catalog) -> ObjectKey | None:
    """Sequences that a column owns are compared through it, whatever their names are."""
    for key, attributes in catalog.objects.items():
        owned = key.kind == "sequence" and attributes.get("owned by")
        if owned and f"{key.schema}.{owned_sequence_name(attributes)}" == difference.object:
            return key
    return None


def _form(difference: Difference) -> tuple[str, str] | None:
    found = next((a for a in difference.attributes if a.name == FORM), None)
    return (found.expected or "", found.found or "") if found else None


def _code(difference: Difference, catalogs: Catalogs) -> str | None:
    before, after = keys_of(difference, catalogs)
    form = _form(difference)
    if form and difference.kind == "constraint":
        return _unique_form(difference, catalogs)
    if form and (before is None or after is None):
        return None
    if difference.kind == "constraint" and (checked := _not_null(difference, before or after, catalogs)):
        return checked
    if before is not None and after is not None and difference.change is Change.CHANGED:
        return changed_code(after, before, catalogs, (a.name for a in difference.attributes))
    if difference.kind == "sequence" and (before or after):
        if difference.change is Change.ADDED and after is not None:
            return drop(after, catalogs.after)
        return create(before, catalogs.before) if before is not None else None
    return restoring_code(difference, catalogs)


def _not_null(difference: Difference, key: ObjectKey | None, catalogs: Catalogs) -> str | None:
    """NOT NULL that is not valid on one side: PostgreSQL 18 lists it as a constraint, and as NOT NULL of the column."""
    side = catalogs.after if difference.change is Change.ADDED else catalogs.before
    attributes = side.objects.get(key, {}) if key else {}
    if key is None or attributes.get("type") != "n" or difference.change is Change.CHANGED:
        return None
    name = text(attributes.get("definition")).removeprefix("NOT NULL ").removesuffix(" NOT VALID").strip('"')
    column = ObjectKey("column", key.schema, key.parent, name.replace('""', '"'))
    both = all(c.objects.get(column, {}).get("not null") for c in (catalogs.before, catalogs.after))
    if not both:
        return None
    alter = f"ALTER TABLE {address(key._replace(name=key.parent))}"
    if difference.change is Change.ADDED:
        return execute(f"{alter} VALIDATE CONSTRAINT {quoted(key.name)}")
    free = execute(f"{alter} ALTER COLUMN {quoted(column.name)} DROP NOT NULL")
    return f"{free}\n{create(key, catalogs.before)}"


def _unique_form(difference: Difference, catalogs: Catalogs) -> str | None:
    """An index in the place of a constraint, or the other way round: the one that is there makes room."""
    before, after = keys_of(difference, catalogs)
    if before is None or after is None:
        return None
    made = create(before, catalogs.before)
    gone = drop(after, catalogs.after)
    if after.kind == "index" and _stands(after, catalogs.before):
        return made
    if before.kind == "index" and _stands(before, catalogs.after):
        return gone
    return f"{gone}\n{made}" if gone and made else None


def _stands(index: ObjectKey, catalog: Catalog) -> bool:
    """Whether the other side has the index as well, beside the constraint."""
    found = catalog.objects.get(index)
    return found is not None and not found.get("_constraint")


def _index_of(constraint: ObjectKey | None, side: Catalog, other: Catalog) -> ObjectKey | None:
    """The index that the other side has in the place of a constraint of this one."""
    if constraint is None:
        return None
    like = index_like(constraint, side.objects[constraint], other.objects)
    return like or index_of_same_name(constraint, other.objects)
