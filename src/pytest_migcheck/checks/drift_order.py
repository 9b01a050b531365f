"""The order in which the fixes of drift can be pasted one under the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pytest_migcheck.checks.restoring_sql import address
from pytest_migcheck.core.catalog import Attributes, ObjectKey
from pytest_migcheck.core.describe import text
from pytest_migcheck.core.drift_forms import FORM
from pytest_migcheck.core.finding import Change, Difference
from pytest_migcheck.core.foreign_keys import read_foreign_key

TABLES = frozenset(("table", "partitioned table", "foreign table"))
VIEWS = frozenset(("view", "materialized view"))
_ON_TABLES = ("view", "materialized view", "trigger", "rule", "policy", "statistics", "publication", "event trigger")
_KEYS = frozenset("pu")
# What other objects are made of: made in this order before them, and dropped in the opposite one after them.
_FOUNDATIONS = (
    *("role", "schema", "extension", "foreign data wrapper", "server", "collation", "type", "composite type"),
    *("sequence", "function", "procedure", "aggregate"),
)
_GOES, _GOES_KEY, _GOES_TABLE, _RENAMED, _FOUNDATION, _COLUMN, _PART, _TABLE, _FOREIGN_KEY, _REST = range(10)
_GOES_COLUMN, _GOES_FOUNDATION = 10, 11


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A difference with its object among the models and in the migrations.

    ``targets`` are the tables that the foreign keys of a table point at; ``proof`` is a CHECK that another fix needs
    until it has made the column NOT NULL.
    """

    difference: Difference
    before: ObjectKey | None
    after: ObjectKey | None
    old: Attributes
    new: Attributes
    targets: tuple[str, ...] = ()
    proof: bool = False

    @property
    def key(self) -> ObjectKey:
        """The object, where one of the sides has it under the difference's name."""
        schema, _, name = self.difference.object.partition(".")
        return self.before or self.after or ObjectKey(self.difference.kind, schema, "", name)

    @property
    def names(self) -> frozenset[str]:
        return frozenset(a.name for a in self.difference.attributes)

    @property
    def rebuilt(self) -> bool:
        """A table that no ALTER makes what it should be: its parts come with it."""
        return self.key.kind in TABLES and bool(self.names & {"partition key", FORM})


def in_paste_order(items: Iterable[Item]) -> list[Item]:
    """What blocks others goes first, what others are made of comes first, and their columns and types go last."""
    ordered = sorted(items, key=lambda i: (_rank(i), i.key.qualified))
    ordered = _sorted(ordered, lambda i: i.key.kind in TABLES and i.difference.change is Change.REMOVED, needed_tables)
    ordered = _sorted(ordered, lambda i: i.key.kind in TABLES and _goes(i), needed_tables, backwards=True)
    ordered = _sorted(ordered, lambda i: i.key.kind in VIEWS and not _goes(i), _needed_views)
    return _sorted(ordered, lambda i: i.key.kind in VIEWS and _goes(i), _needed_views, backwards=True)


def _goes(item: Item) -> bool:
    return item.difference.change is Change.ADDED


def _rank(item: Item) -> tuple[int, int]:
    kind, change = item.difference.kind, item.difference.change
    if change is Change.ADDED:
        return _rank_of_going(item)
    if change is Change.RENAMED:
        return _RENAMED, 0
    if kind in _FOUNDATIONS and not (kind == "sequence" and item.old.get("owned by")):
        return _FOUNDATION, _FOUNDATIONS.index(kind)
    if kind == "column":
        return _COLUMN, _rank_of_column(item)
    if kind in ("constraint", "index"):
        return _rank_of_part(item)
    if kind == "sequence":
        return _COLUMN, 4
    if kind in TABLES:
        made = change is Change.REMOVED or item.rebuilt
        return _TABLE, 0 if made else 1
    return _REST, _ON_TABLES.index(kind) if kind in _ON_TABLES else len(_ON_TABLES)


def _rank_of_going(item: Item) -> tuple[int, int]:
    kind = item.difference.kind
    if item.proof:
        return _GOES_COLUMN, 0
    if kind == "constraint":
        return _GOES_KEY, 0 if item.new.get("type") == "f" else 1
    if kind == "index":
        return _GOES_KEY, 1
    if kind in TABLES:
        return _GOES_TABLE, 0
    if kind == "column":
        return _GOES_COLUMN, 0 if item.new.get("generated") else 1
    if kind in _FOUNDATIONS:
        return _GOES_FOUNDATION, -_FOUNDATIONS.index(kind)
    return _GOES, -_ON_TABLES.index(kind) if kind in _ON_TABLES else -len(_ON_TABLES)


def _rank_of_column(item: Item) -> int:
    """A generated column is made of others, which can change where it is none any more."""
    if item.old.get("generated"):
        return 3
    if item.difference.change is Change.REMOVED:
        return 1
    return 0 if item.new.get("generated") else 2


def _rank_of_part(item: Item) -> tuple[int, int]:
    kind = text(item.old.get("type"))
    if item.old.get("_constraint") and not item.new.get("_constraint"):
        return _GOES_KEY, 2  # the index makes room for that of a constraint
    if kind == "f":
        return _FOREIGN_KEY, 0
    return _PART, 0 if kind in _KEYS or item.old.get("unique") else 1


def _sorted(
    items: Sequence[Item],
    chosen: Callable[[Item], bool],
    needed: Callable[[Item], Iterable[str]],
    *,
    backwards: bool = False,
) -> list[Item]:
    """The chosen ones among their own places after what they need, where that is no circle."""
    ours = [i for i in items if chosen(i)]
    by_name = {address(i.key): i for i in ours}
    done: dict[int, Item] = {}
    begun: set[int] = set()

    def visit(item: Item) -> None:
        if id(item) in begun:
            return
        begun.add(id(item))
        for name in needed(item):
            if name in by_name:
                visit(by_name[name])
        done[id(item)] = item

    for item in ours:
        visit(item)
    places = iter(reversed(done.values()) if backwards else done.values())
    return [next(places) if chosen(i) else i for i in items]


def needed_tables(item: Item) -> Iterable[str]:
    """The tables that a table inherits from, is a partition of or points at."""
    attributes = item.old or item.new
    yield from (p for p in text(attributes.get("parents")).split(", ") if p)
    yield from item.targets


def _needed_views(item: Item) -> Iterable[str]:
    return re.findall(r'[\w"]+\.(?:\w+|"(?:[^"]|"")+")', text((item.old or item.new).get("definition")))


def targets(table: ObjectKey, beside: Mapping[ObjectKey, Attributes]) -> Iterable[str]:
    """The tables at which the foreign keys of a table point."""
    for key, attributes in sorted(beside.items()):
        own = (key.kind, *key[1:3]) == ("constraint", table.schema, table.name)
        found = read_foreign_key(text(attributes.get("definition"))) if own else None
        if found is not None:
            yield address(found.target)
