"""Read a database's catalog: every object and attribute, in one statement, in PostgreSQL's own words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any

import psycopg

from pytest_migcheck.core.catalog import Attributes, Catalog, Group, ObjectKey, Value
from pytest_migcheck.postgres.catalog.scope import FUNCTIONS, PARTS, TYPES, attributes_of
from pytest_migcheck.postgres.catalog.statement import (
    LOOKED_AT,
    PRESENT,
    UNHEARD,
    near_objects,
    unheard_objects,
    whole_catalog,
)
from pytest_migcheck.postgres.catalog.touched import EVERYTHING, FUNCTION, INDEX, PART, TYPE, Touched

# pg_dump's trick: with this search_path every deparser qualifies names, so databases compare as strings.
_SETTINGS = {
    "search_path": "pg_catalog",
    "jit": "off",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "statement_timeout": "0",
    "lock_timeout": "0",
    "plan_cache_mode": "force_generic_plan",
}
# Reading some objects goes by index; the statistics of a catalog that nobody analyzed say otherwise.
_BY_INDEX = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin")

# By how much the catalog of relations grows until a plan is too old.
_GROWTH = 1.5
# Up to so many objects, and half of all tables, it is faster to read them alone.
_FEW = 30

_TYPES = frozenset(("type", "composite type"))
_OF_A_TABLE = ("index", "sequence")
# Read with a table only where one was seen, or heard of.
_PARTS = ("trigger", "rule", "policy")
# Kinds of which a catalog has many, and whose schema and table stand in their keys.
_KNOWN_BY_PLACE = frozenset(("table", "column", "constraint", "index", "sequence"))
_NOTES = ("comment", "security label")
_FEATURES = {TYPE: TYPES, FUNCTION: FUNCTIONS, PART: PARTS}
_LETTERS = INDEX + TYPE + FUNCTION + PART

Row = tuple[int, int | None, str, str, str, str, str | None]


class CatalogReader:
    """Reads the catalog of one database, again and again; after the first time only what was touched.

    Args:
        connection: an autocommit connection for the reader alone.
        shared: include roles and memberships, which belong to the cluster.
        incremental: hear from the server what is touched, where the user may install event triggers.
        hidden_schemas: schemas to leave out.
        hidden_tables: (schema, name) of tables to leave out with all that belongs to them.
    """

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        *,
        shared: bool = True,
        incremental: bool = False,
        hidden_schemas: Collection[str] = ("migcheck",),
        hidden_tables: Collection[tuple[str, str]] = (),
    ) -> None:
        self.connection = connection
        self._shared = shared
        self._version = connection.info.server_version
        self._hidden_schemas = frozenset(hidden_schemas)
        self._hidden_tables = frozenset(hidden_tables)
        self._groups: dict[int, Group] = {}
        self._table_of: dict[int, int] = {}
        self._parent_of: dict[int, int] = {}
        self._has_parts = False
        _configure(connection)
        self._prepared: dict[frozenset[str], str] = {}
        self._planned_for = 0
        self._prepare("migcheck_unheard", unheard_objects(self._version, shared=shared))
        self._touched = Touched.listening(connection) if incremental else None

    def _prepare(self, name: str, query: str) -> None:
        self.connection.execute(f"PREPARE {name} AS {query}".encode())

    def read(self, *, everything: bool = False) -> Catalog:
        """The catalog as it is now; ``everything`` trusts nothing that was read before."""
        if everything or self._touched is None or not self._groups or not self._read_touched(self._touched):
            self._read_everything()
        return Catalog.sharing(self._groups.values())

    def _read_everything(self) -> None:
        if self._touched is not None:
            self._touched.take()
        with_hash_joins = ", ".join(f"set_config('{name}', 'on', false)" for name in _BY_INDEX)
        row = self.connection.execute(f"SELECT pg_relation_size('pg_class'), {with_hash_joins}").fetchone()
        assert row is not None
        self._plan_whole(row[0])
        rows = self._rows("migcheck_whole")
        by_index = ", ".join(f"set_config('{name}', 'off', false)" for name in _BY_INDEX)
        self.connection.execute(f"SELECT {by_index}")
        self._table_of, self._parent_of = {}, {}
        groups = self._grouped(rows)
        known = self._groups
        # A group that is as it was stays the same mapping, which comparing catalogs makes use of.
        self._groups = {o: known[o] if known.get(o) == group else group for o, group in groups.items()}

    def _plan_whole(self, size: int) -> None:
        """Plan the reading of everything for a catalog of this size; a plan for few tables is quadratic on many."""
        if size > _GROWTH * self._planned_for:
            if self._planned_for:
                self.connection.execute("DEALLOCATE migcheck_whole")
            self._prepare("migcheck_whole", whole_catalog(self._version, shared=self._shared))
            self._planned_for = size

    def _read_touched(self, touched: Touched) -> bool:
        """Bring what is known up to date; false if that takes a reading of everything."""
        rows = self._rows("migcheck_unheard")
        seldom = {row[5] for row in rows if row[2] == PRESENT}
        rows = [row for row in rows if row[2] != PRESENT]
        words = touched.take()
        oids = self._oids(words)
        if oids is None or self._grouped(rows).get(UNHEARD) != self._groups.get(UNHEARD):
            return False
        if not oids:
            return True
        if len(oids) > _FEW + len(self._groups) // 2:
            return False
        letters = {word[0] for word in words}
        seldom |= {feature for letter, feature in _FEATURES.items() if letter in letters}
        if self._has_parts:
            seldom.add(PARTS)
        rows = self._near(oids, frozenset(seldom))
        looked_at = {row[0] for row in rows if row[2] == LOOKED_AT}
        for oid in looked_at:
            self._parent_of.pop(oid, None)
        found = self._grouped(row for row in rows if row[2] != LOOKED_AT)
        if any(_changes_texts_elsewhere(self._groups[oid], found.get(oid)) for oid in looked_at & self._groups.keys()):
            return False
        self._groups = {**self._groups, **found}
        for oid in looked_at - found.keys():
            self._groups.pop(oid, None)
        return True

    def _near(self, oids: Iterable[int], seldom: frozenset[str]) -> list[Row]:
        name = self._prepared.get(seldom)
        if name is None:
            name = self._prepared[seldom] = f"migcheck_near_{len(self._prepared)}"
            self._prepare(f"{name} (oid[])", near_objects(self._version, seldom))
        return self._rows(f"{name} ('{{{','.join(map(str, oids))}}}')")

    def _rows(self, statement: str) -> list[Row]:
        return self.connection.execute(f"EXECUTE {statement}".encode()).fetchall()

    def _oids(self, words: Iterable[str]) -> set[int] | None:
        """The oids to look at, None for everything."""
        oids: set[int] = set()
        for word in words:
            if word == EVERYTHING:
                return None
            oid = int(word.lstrip(_LETTERS))
            table = self._table_of.get(oid)
            if table is None and word.startswith(INDEX):
                # REINDEX CONCURRENTLY gives an index another oid and tells nobody.
                return None
            oids.update((oid,) if table is None else (oid, table))
        # A partition that was detached is not named, and is not near its table any more.
        return oids | {child for child, parent in self._parent_of.items() if parent in oids}

    def _grouped(self, rows: Iterable[Row]) -> dict[int, Group]:
        """The objects by their owner; keeps what each index and sequence belongs to and each table inherits from."""
        groups: dict[int, Group] = {}
        suspects = self._hidden_schemas.union(name for _, name in self._hidden_tables)
        for owner, part, kind, schema, parent, name, attributes in rows:
            if part is not None:
                self._place(owner, part, kind)
            parsed = _parsed(attributes or "{}")
            suspect = kind not in _KNOWN_BY_PLACE or schema in suspects or parent in suspects or name in suspects
            if suspect and self._is_hidden(kind, schema, parent, name, parsed):
                continue
            if suspect and kind in _PARTS:
                self._has_parts = True
            group = groups.get(owner)
            if group is None:
                group = groups[owner] = Group()
            group[ObjectKey(kind, schema, parent, name)] = parsed
        return groups

    def _place(self, owner: int, part: int, kind: str) -> None:
        if kind not in _OF_A_TABLE:
            self._parent_of[owner] = part
        elif part != owner:
            self._table_of[part] = owner

    def _is_hidden(self, kind: str, schema: str, parent: str, name: str, attributes: Attributes) -> bool:
        if schema in self._hidden_schemas or (kind == "schema" and name in self._hidden_schemas):
            return True
        hidden = self._hidden_tables
        if hidden and ((schema, name) in hidden or (schema, parent) in hidden):
            return True
        place = str(attributes.get("_of") or attributes.get("_schema") or "").split(".")
        return place[0] in self._hidden_schemas or tuple(place[:2]) in hidden


def _changes_texts_elsewhere(before: Group, after: Group | None) -> bool:
    """Whether what became of an object may change how others are printed: a new name, or a changed type."""
    if after is None:
        return False
    if any(key.kind in _TYPES for key in before):
        return before != after
    columns = _columns(after)
    return bool(_names(before) - _names(after)) or any(
        columns.get(position, name) != name for position, name in _columns(before).items()
    )


def _names(group: Group) -> set[tuple[str, str]]:
    return {(key.schema, key.name) for key in group if not key.parent and key.kind not in _NOTES}


def _columns(group: Group) -> Mapping[Value, str]:
    return {attributes["_position"]: key.name for key, attributes in group.items() if key.kind == "column"}


def _configure(connection: psycopg.Connection[Any]) -> None:
    """Fix the settings that the texts of the catalog depend on."""
    names = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in _SETTINGS.items())
    connection.execute(f"SELECT {names}")


@lru_cache(maxsize=200_000)
def _parsed(attributes: str) -> Attributes:
    """The attributes of an object; equal texts share one mapping, so comparing catalogs stays cheap."""
    return attributes_of(attributes)
