"""The fixes of all differences, as they can be pasted together into one revision."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count

from pytest_migcheck.checks.drift_aside import asides, ordered
from pytest_migcheck.checks.drift_fix import fix_code, keys_of, proven_column
from pytest_migcheck.checks.drift_order import TABLES, VIEWS, Item, in_paste_order, targets
from pytest_migcheck.checks.restoring import Catalogs, create, drop, drop_if_there
from pytest_migcheck.checks.restoring_constraints import with_final_names
from pytest_migcheck.checks.restoring_sql import address
from pytest_migcheck.checks.restoring_tables import partitions_of
from pytest_migcheck.checks.restoring_type_changes import spelt
from pytest_migcheck.core.catalog import Catalog, ObjectKey
from pytest_migcheck.core.describe import text
from pytest_migcheck.core.finding import Change, Difference
from pytest_migcheck.core.foreign_keys import read_foreign_key
from pytest_migcheck.core.labels import read_labels
from pytest_migcheck.core.quoting import literal
from pytest_migcheck.rules import _code as code


def fixes(
    differences: Iterable[Difference], catalogs: Catalogs, declared: str = "models"
) -> list[tuple[Difference, str]]:
    """The differences in an order in which all their fixes can be pasted one under the other, each with its code."""
    items = in_paste_order(_item(d, catalogs) for d in differences)
    aside = asides(items, catalogs.after, catalogs.version)
    work = _Together(items, catalogs, declared, {key for keys in aside.dropped.values() for key in keys})
    codes = []
    for place, item in enumerate(items):
        lines = [*map(work.drop, ordered(aside.dropped.get(place, ()), catalogs.after, backwards=True))]
        lines.append(work.code(item))
        lines += map(work.make, ordered(aside.made.get(place, ()), catalogs.after))
        lines += work.foreign_keys_to(item)
        made = "\n".join(filter(None, lines))
        codes.append(with_final_names(made) if catalogs.conventions else made)
    return [(item.difference, _committed(place, item, codes)) for place, item in enumerate(items)]


def _committed(place: int, item: Item, codes: Sequence[str]) -> str:
    """The code; outside of the transaction where it adds a label to an enum that another fix uses.

    https://www.postgresql.org/docs/current/sql-altertype.html: a new value can be used after a commit only.
    """
    if item.key.kind != "type" or " ADD VALUE " not in codes[place]:
        return codes[place]
    present = read_labels(text(item.new.get("labels")))
    added = [label for label in read_labels(text(item.old.get("labels"))) if label not in present]
    others = (c for c in (*codes[:place], *codes[place + 1 :]) if spelt(item.key) in c)
    if any(_written(label).search(other) for other in others for label in added):
        return code.autocommit(codes[place].replace(" ADD VALUE ", " ADD VALUE IF NOT EXISTS "))
    return codes[place]


def _written(label: str) -> re.Pattern[str]:
    """The label as a constant, or within that of an array."""
    escaped = re.escape(code.text(literal(label))[2:-2])
    return re.compile(rf"'{escaped}'|'\{{[^']*{escaped}")


def _item(difference: Difference, catalogs: Catalogs) -> Item:
    before, after = keys_of(difference, catalogs)
    # A number that the server gave to a constraint without a name can be of another one on the other side.
    before = None if difference.change is Change.ADDED else before
    after = None if difference.change is Change.REMOVED else after
    old = catalogs.before.objects.get(before, {}) if before else {}
    new = catalogs.after.objects.get(after, {}) if after else {}
    pointed: tuple[str, ...] = ()
    key = before or after
    if key is not None and key.kind in TABLES:
        pointed = tuple(targets(key, (catalogs.before if before else catalogs.after).beside(key)))
    proof = proven_column(difference, catalogs) is not None
    return Item(difference=difference, before=before, after=after, old=old, new=new, targets=pointed, proof=proof)


class _Together:
    """Fixes that are pasted together."""

    def __init__(self, items: Sequence[Item], catalogs: Catalogs, declared: str, aside: Collection[ObjectKey]) -> None:
        self._catalogs, self._declared, self._aside = catalogs, declared, aside
        self._rebuilt = dict(_rebuilt(items, catalogs))
        self._dropped = {i.after for i in items if i.difference.change is Change.ADDED}
        self._later: dict[str, list[ObjectKey]] = {}
        self._waiting = {
            address(i.key) for i in items if i.key.kind in TABLES and i.difference.change is Change.REMOVED
        }

    def code(self, item: Item) -> str:
        """The fix of one, with regard to what the others do."""
        table = self._rebuilt.get((item.key.schema, item.key.parent or item.key.name))
        if table not in (None, item.difference.object):
            return f"# comes with the fix of {table}"
        if item.after in self._aside and item.after is not None:
            made = create(item.before, self._catalogs.before) if item.before is not None else None
            return "\n".join(filter(None, (drop_if_there(item.after), made)))
        views = (ObjectKey(kind, item.key.schema, "", item.key.parent) for kind in VIEWS)
        if item.key.kind == "column" and any(view in self._aside for view in views):
            return "# comes with the view, which is made anew"
        if item.key.kind in TABLES and item.difference.change is Change.REMOVED:
            return self._new_table(item)
        if item.key.kind == "constraint" and item.difference.change is Change.REMOVED:
            return self._new_constraint(item)
        return fix_code(item.difference, self._by_then(item), self._declared)

    def _new_constraint(self, item: Item) -> str:
        """A constraint; under the next free number where a server's name is of another one in the migrations."""
        key, present = item.key, self._catalogs.after.objects
        if key not in present or key in self._dropped:
            return fix_code(item.difference, self._catalogs, self._declared)
        taken = {k.name for side in (present, self._catalogs.before.objects) for k in side if k[:3] == key[:3]}
        base = key.name.rstrip("0123456789")
        free = key._replace(name=next(n for n in (f"{base}{n}" for n in count(1)) if n not in taken))
        objects = self._catalogs.before.objects
        return create(free, Catalog({**objects, free: objects[key]})) or ""

    def _by_then(self, item: Item) -> Catalogs:
        """The migrations as they are by then: for a key without foreign keys, for a type without lost tables."""
        after, lost = self._catalogs.after, set()
        if item.difference.change is Change.CHANGED and item.new.get("type") in ("p", "u"):
            lost = {k for k, a in after.objects.items() if a.get("type") == "f"}
        elif item.difference.change is Change.CHANGED and item.key.kind == "type":
            tables = {(k.schema, k.name) for k in self._dropped if k is not None and k.kind in TABLES}
            lost = {k for k in after.objects if (k.schema, k.parent) in tables}
        return replace(self._catalogs, after=_without(after, lost)) if lost else self._catalogs

    def _new_table(self, item: Item) -> str:
        """A table without the foreign keys to tables that come later."""
        self._waiting.discard(address(item.key))
        early = []
        for key, attributes in self._catalogs.before.beside(item.key).items():
            found = read_foreign_key(text(attributes.get("definition"))) if key.kind == "constraint" else None
            own = (key.schema, key.parent) == (item.key.schema, item.key.name)
            if found is not None and own and address(found.target) in self._waiting:
                self._later.setdefault(address(found.target), []).append(key)
                early.append(key)
        before = _without(self._catalogs.before, early) if early else self._catalogs.before
        return fix_code(item.difference, replace(self._catalogs, before=before), self._declared)

    def foreign_keys_to(self, item: Item) -> list[str]:
        """The foreign keys that waited for a table."""
        waited = self._later.pop(address(item.key), []) if item.key.kind in TABLES else []
        return [create(key, self._catalogs.before) or "" for key in sorted(waited)]

    def drop(self, key: ObjectKey) -> str:
        return drop(key, self._catalogs.after) or ""

    def make(self, key: ObjectKey) -> str:
        """What stood aside, as the models have it."""
        side = self._catalogs.before if key in self._catalogs.before.objects else self._catalogs.after
        return create(key, side) or ""


def _rebuilt(items: Sequence[Item], catalogs: Catalogs) -> Iterator[tuple[tuple[str, str], str]]:
    """(schema, name) of each table that is made anew with its partitions, and the object whose fix does it."""
    for item in items:
        if item.rebuilt and item.before and item.after:
            for key, side in ((item.before, catalogs.before), (item.after, catalogs.after)):
                for table in (key, *partitions_of(key, side)):
                    yield (table.schema, table.name), item.difference.object


def _without(catalog: Catalog, keys: Collection[ObjectKey]) -> Catalog:
    return Catalog({k: a for k, a in catalog.objects.items() if k not in keys})
