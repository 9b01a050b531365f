"""What has to stand aside while something else changes: PostgreSQL refuses or drops it along."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from pytest_migcheck.checks.drift_order import TABLES, VIEWS, Item
from pytest_migcheck.checks.restoring_column_changes import expression_is_set, in_family
from pytest_migcheck.checks.restoring_constraints import key_columns
from pytest_migcheck.checks.restoring_sql import address, is_table, quoted
from pytest_migcheck.checks.restoring_type_changes import is_remade, spelt
from pytest_migcheck.core.catalog import Attributes, Catalog, ObjectKey
from pytest_migcheck.core.describe import text
from pytest_migcheck.core.finding import Change
from pytest_migcheck.core.foreign_keys import read_foreign_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """Objects of the migrations that are dropped before the first fix that needs it, and made again after the last."""

    dropped: dict[int, list[ObjectKey]] = field(default_factory=dict)
    made: dict[int, list[ObjectKey]] = field(default_factory=dict)


def asides(items: list[Item], catalog: Catalog, version: int) -> Aside:
    """Which objects stand aside at which fix.

    Args:
        items: the differences in the order of their fixes.
        catalog: the migrated one.
        version: the number of the server.
    """
    needs = _Needs(items, catalog, version)
    first: dict[ObjectKey, int] = {}
    last: dict[ObjectKey, int] = {}
    for place, item in enumerate(items):
        for key in needs.of(item, place):
            first.setdefault(key, place)
            last[key] = place
    found = Aside()
    for key, place in first.items():
        own = needs.place_of.get(key)
        found.dropped.setdefault(place, []).append(key)
        if own is None and not needs.table_goes(key):
            found.made.setdefault(needs.last_for(key, last[key]), []).append(key)
    return found


class _Needs:
    def __init__(self, items: list[Item], catalog: Catalog, version: int) -> None:
        self._items = items
        self._catalog = catalog
        self._version = version
        self.place_of = {i.after: n for n, i in enumerate(items) if i.after is not None}
        self._views: list[ObjectKey] | None = None
        self._pointing: dict[tuple[str, str], list[ObjectKey]] | None = None

    def of(self, item: Item, place: int) -> Iterator[ObjectKey]:
        """The objects that are there at this place and must not be."""
        if item.after is None or item.difference.change is Change.RENAMED:
            return
        if item.after.parent and self.table_goes(item.after):
            return
        seen: set[ObjectKey] = set()
        waiting = list(self._directly(item, item.after))
        while waiting:
            key = waiting.pop()
            if key in seen or self._gone(key, place) or self._catalog.objects[key].get("inherited"):
                continue
            seen.add(key)
            yield key
            if key.kind == "column":
                waiting += [*self._on_column(key, everything=True), *self._views_of(key)]
            elif key.kind in VIEWS:
                waiting += self._views_of(key)
            elif _is_key(self._catalog.objects[key]):
                waiting += self._pointing_at(key)

    def last_for(self, key: ObjectKey, place: int) -> int:
        """A foreign key comes back when the keys of its target are there."""
        definition = text(self._catalog.objects[key].get("definition"))
        found = read_foreign_key(definition) if key.kind == "constraint" else None
        if found is None:
            return place
        target = (found.target.schema, found.target.name)
        made = (n for n, i in enumerate(self._items) if (i.key.schema, i.key.parent) == target and _is_key(i.old))
        return max([place, *made])

    def _gone(self, key: ObjectKey, place: int) -> bool:
        """Whether an earlier fix has dropped the object, or made it as it is to be."""
        own = self.place_of.get(key)
        return self.table_goes(key, place) or (own is not None and own <= place)

    def table_goes(self, key: ObjectKey, before: int = sys.maxsize) -> bool:
        """Whether the fix of the table, at an earlier place, drops it."""
        tables = (self.place_of.get(ObjectKey(kind, key.schema, "", key.parent)) for kind in TABLES)
        return any(n is not None and n < before and _goes_away(self._items[n]) for n in tables)

    def _directly(self, item: Item, key: ObjectKey) -> Iterable[ObjectKey]:
        goes = item.difference.change is Change.ADDED
        if key.kind == "column" and not goes and is_table(key, self._catalog):
            return self._for_column(item, key)
        if key.kind in ("constraint", "index") and _is_key(item.new):
            return self._pointing_at(key)
        if key.kind in TABLES and (goes or item.rebuilt):
            return self._at_table(key.schema, key.name)
        if key.kind == "type" and not goes and item.before and is_remade(item.names, key, item.old, item.new):
            return self._for_type(key)
        return ()

    def _for_column(self, item: Item, key: ObjectKey) -> Iterator[ObjectKey]:
        if "generated" in item.names:
            if not self._altered(item):
                yield from self._on_column(key, everything=True)
            return
        if not item.names & {"type", "collation"}:
            return
        yield from (*self._generated_from(key), *self._views_of(key))
        if not in_family(text(item.old.get("type")), text(item.new.get("type"))):
            yield from self._on_column(key, everything=False)
            yield from self._foreign_keys_of(key)

    def _altered(self, item: Item) -> bool:
        """Whether the generated column stays, and what is on it."""
        old, new = text(item.old.get("generated")), text(item.new.get("generated"))
        return (not old and new.startswith("s")) or expression_is_set(item.old, item.new, self._version)

    def _beside(self, key: ObjectKey) -> Iterator[tuple[ObjectKey, Attributes]]:
        parts = self._catalog.beside(key).items()
        return ((k, a) for k, a in parts if (k.schema, k.parent) == (key.schema, key.parent))

    def _generated_from(self, key: ObjectKey) -> Iterator[ObjectKey]:
        for other, attributes in self._beside(key):
            if other.kind == "column" and other != key and _mentions(text(attributes.get("generated")), key.name):
                yield other

    def _on_column(self, key: ObjectKey, *, everything: bool) -> Iterator[ObjectKey]:
        """Constraints and indexes of a column: all of them, or those that are to be otherwise."""
        for other, attributes in self._beside(key):
            if other.kind not in ("constraint", "index") or attributes.get("_constraint"):
                continue
            own = _own_part(text(attributes.get("definition")), other.kind)
            if (everything or other in self.place_of) and _mentions(own, key.name):
                yield other

    def _foreign_keys_of(self, key: ObjectKey) -> Iterator[ObjectKey]:
        """Those of the column, and those that point at it."""
        for other, attributes in self._beside(key):
            found = read_foreign_key(text(attributes.get("definition"))) if other.kind == "constraint" else None
            if found is not None and key.name in found.columns:
                yield other
        for other in self._at_table(key.schema, key.parent):
            found = read_foreign_key(text(self._catalog.objects[other].get("definition")))
            if found is not None and key.name in found.referred:
                yield other

    def _views_of(self, key: ObjectKey) -> Iterator[ObjectKey]:
        """The views that read a column or another view."""
        if self._views is None:
            self._views = [k for k in self._catalog.objects if k.kind in VIEWS]
        read = address(key._replace(name=key.parent) if key.kind == "column" else key)
        for view in self._views:
            definition = text(self._catalog.objects[view].get("definition"))
            if view != key and read in definition and (key.kind != "column" or _mentions(definition, key.name)):
                yield view

    def _pointing_at(self, key: ObjectKey) -> Iterator[ObjectKey]:
        columns = key_columns(self._catalog.objects[key])
        for other in self._at_table(key.schema, key.parent):
            found = read_foreign_key(text(self._catalog.objects[other].get("definition")))
            if found is not None and frozenset(found.referred) == columns:
                yield other

    def _at_table(self, schema: str, name: str) -> list[ObjectKey]:
        """The foreign keys that point at a table."""
        if self._pointing is None:
            self._pointing = {}
            for key, attributes in self._catalog.objects.items():
                found = read_foreign_key(text(attributes.get("definition"))) if attributes.get("type") == "f" else None
                if found is not None and key.kind == "constraint":
                    self._pointing.setdefault((found.target.schema, found.target.name), []).append(key)
        return self._pointing.get((schema, name), [])

    def _for_type(self, key: ObjectKey) -> Iterator[ObjectKey]:
        """What spells the type out, and what is made of its columns."""
        name = spelt(key)
        for other, attributes in self._catalog.objects.items():
            if other.kind == "column" and text(attributes.get("type")).partition("[")[0] == name:
                yield from (*self._generated_from(other), *self._foreign_keys_of(other), *self._views_of(other))
            part = other.kind in ("constraint", "index") and not attributes.get("_constraint")
            if part and f"::{name}" in text(attributes.get("definition")) and is_table(other, self._catalog):
                yield other


def _is_key(attributes: Attributes) -> bool:
    return attributes.get("type") in ("p", "u") or bool(attributes.get("unique") and not attributes.get("_constraint"))


def _goes_away(item: Item) -> bool:
    return item.difference.change is Change.ADDED or item.rebuilt


def _own_part(definition: str, kind: str) -> str:
    """Without what is said of another table, and without the names of the index and its table."""
    return definition.partition(" USING ")[2] if kind == "index" else definition.partition(" REFERENCES ")[0]


def _mentions(sql: str, name: str) -> bool:
    return bool(re.search(rf'(?<![\w"]){re.escape(quoted(name))}(?![\w"])', sql))


def ordered(keys: Collection[ObjectKey], catalog: Catalog, *, backwards: bool = False) -> list[ObjectKey]:
    """Objects that stood aside in the order in which they are made: columns, keys, indexes, foreign keys, views."""
    objects = catalog.objects
    views = [key for key in keys if key.kind in VIEWS]

    def depth(view: ObjectKey) -> int:
        definition = text(objects[view].get("definition"))
        return max([0, *(1 + depth(v) for v in views if v != view and address(v) in definition)])

    def place(key: ObjectKey) -> tuple[int, ObjectKey]:
        if key.kind == "column":
            return 0, key
        if key.kind in VIEWS:
            return 4 + depth(key), key
        return 3 if objects[key].get("type") == "f" else 1 if _is_key(objects[key]) else 2, key

    return sorted(keys, key=place, reverse=backwards)
