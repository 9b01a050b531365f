"""The model of a database catalog: every object with its attributes, in PostgreSQL's own words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

Value = str | int | bool | None
Attributes = Mapping[str, Value]


class ObjectKey(NamedTuple):
    """The identity of a catalog object; names, never oids.

    ``kind`` is a lower-case word of PostgreSQL (``table``, ``column``, ``index``, ``constraint``,
    ``type``, ``function``, ...); ``parent`` is the relation (or type) that a column, constraint, trigger,
    policy or rule belongs to and "" for objects that stand alone; ``schema`` is "" for objects outside schemas.
    """

    kind: str
    schema: str
    parent: str
    name: str

    @property
    def qualified(self) -> str:
        """``schema.parent.name`` without the empty parts."""
        return ".".join(part for part in (self.schema, self.parent, self.name) if part)


class Catalog:
    """All objects of one database at one moment; what two catalogs share as the same mapping is equal at once."""

    __slots__ = ("_groups", "_objects")

    def __init__(self, *groups: Mapping[ObjectKey, Attributes]) -> None:
        """Take the objects in groups, such as one for each table; a key is in one group only."""
        self._groups = groups
        self._objects: Mapping[ObjectKey, Attributes] | None = None

    @property
    def objects(self) -> Mapping[ObjectKey, Attributes]:
        """Every object by its key."""
        if self._objects is None:
            self._objects = _merged(self._groups)
        return self._objects

    def apart_from(self, other: Catalog) -> Mapping[ObjectKey, Attributes]:
        """The objects of those groups that are not the very groups of the other catalog."""
        shared = {id(group) for group in other._groups}
        return _merged(group for group in self._groups if id(group) not in shared)

    def __len__(self) -> int:
        return sum(map(len, self._groups))


def _merged(groups: Iterable[Mapping[ObjectKey, Attributes]]) -> dict[ObjectKey, Attributes]:
    objects: dict[ObjectKey, Attributes] = {}
    for group in groups:
        objects.update(group)
    return objects
