"""The model of a database catalog: every object with its attributes, in PostgreSQL's own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Catalog:
    """All objects of one database at one moment."""

    objects: Mapping[ObjectKey, Attributes]

    def __len__(self) -> int:
        return len(self.objects)
