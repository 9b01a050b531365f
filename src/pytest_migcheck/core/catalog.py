"""The model of a database catalog: every object with its attributes, in PostgreSQL's own words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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


class Group(dict[ObjectKey, Attributes]):
    """Objects that are read and compared together, such as a table with all that belongs to it.

    Made once and never changed, so that catalogs can share it.
    """

    __slots__ = ("_heads",)
    _heads: Sequence[ObjectKey]

    @property
    def heads(self) -> Sequence[ObjectKey]:
        """The objects that stand for themselves, and the indexes, whose names are those of relations too."""
        try:
            return self._heads
        except AttributeError:
            self._heads = tuple(key for key in self if not key.parent or key.kind == "index")
            return self._heads


class Catalog:
    """All objects of one database at one moment; what two catalogs share as the same group is equal at once."""

    __slots__ = ("_groups", "_identities", "_objects")

    def __init__(self, *groups: Mapping[ObjectKey, Attributes]) -> None:
        """Take the objects in groups; a key is in one group only."""
        self._groups = tuple(group if isinstance(group, Group) else Group(group) for group in groups)
        self._identities: frozenset[int] | None = None
        self._objects: Mapping[ObjectKey, Attributes] | None = None

    @classmethod
    def sharing(cls, groups: Iterable[Group]) -> Catalog:
        """A catalog of groups that others may have, too."""
        catalog = cls()
        catalog._groups = tuple(groups)
        return catalog

    @property
    def objects(self) -> Mapping[ObjectKey, Attributes]:
        """Every object by its key; made at first sight, so what looks at a few asks otherwise."""
        if self._objects is None:
            self._objects = _merged(self._groups)
        return self._objects

    def get(self, key: ObjectKey) -> Attributes | None:
        """The attributes of an object."""
        return next((group[key] for group in self._groups if key in group), None)

    def named(self, name: str) -> Iterator[ObjectKey]:
        """The relations, types and other objects that stand for themselves, and the indexes, with a bare name."""
        return (key for group in self._groups for key in group.heads if key.name == name)

    def standing(self) -> Iterator[tuple[ObjectKey, Attributes]]:
        """The objects that ``named`` looks among, with their attributes."""
        return ((key, group[key]) for group in self._groups for key in group.heads)

    def beside(self, key: ObjectKey) -> Mapping[ObjectKey, Attributes]:
        """The group of an object: all that belongs to it is there, and perhaps more."""
        return next((group for group in self._groups if key in group), {})

    def apart_from(self, other: Catalog) -> Mapping[ObjectKey, Attributes]:
        """The objects of those groups that are not the very groups of the other catalog."""
        apart = self._group_ids() - other._group_ids()
        return _merged(group for group in self._groups if id(group) in apart) if apart else {}

    def _group_ids(self) -> frozenset[int]:
        if self._identities is None:
            self._identities = frozenset(map(id, self._groups))
        return self._identities

    def __len__(self) -> int:
        return sum(map(len, self._groups))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Catalog) and self.objects == other.objects

    __hash__ = None  # type: ignore[assignment]


def _merged(groups: Iterable[Mapping[ObjectKey, Attributes]]) -> dict[ObjectKey, Attributes]:
    objects: dict[ObjectKey, Attributes] = {}
    for group in groups:
        objects.update(group)
    return objects
