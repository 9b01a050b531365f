"""Which objects a reading of the catalog covers, and the pieces of SQL that several families share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any
from zlib import crc32

_NAMESPACES = """
WITH RECURSIVE ns AS MATERIALIZED (
    SELECT n.oid, n.nspname::text AS name, n.nspowner, n.nspacl FROM pg_namespace n
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
)"""

# The names of attributes by the token that stands for them in a row; to send the names each time took a tenth longer.
_names: dict[str, tuple[str, ...]] = {}

_RELATION = """SELECT c.oid, ns.name AS schema, c.relname::text AS name, c.relkind, c.relpersistence, c.reltype,
    c.relam, c.reltablespace, c.reltoastrelid, c.relreplident, c.relrowsecurity, c.relforcerowsecurity,
    c.relispartition, c.relispopulated, c.reloftype, c.relowner, c.relacl, c.reloptions, c.relpartbound
    FROM pg_class c JOIN ns ON ns.oid = c.relnamespace"""

# What a change of one object can change in the texts of others, short of a rename: an index, constraint,
# trigger, policy or rule is its table's, so is a sequence that a column owns; a table reaches its parents and
# partitions and the tables that reference it. What an oid cannot be is not looked for: starting a statement takes
# as long as running it.
_KIN = """, asked(oid) AS (SELECT unnest($1)), kin(oid) AS (
    SELECT a.oid FROM asked a
    UNION ALL SELECT i.indrelid FROM asked a JOIN pg_index i ON i.indexrelid = a.oid
    UNION ALL SELECT d.refobjid FROM pg_depend d WHERE d.objid = ANY ($1) AND {owned}"""
_KIN_OF_TYPES = """
    UNION ALL SELECT CASE WHEN k.conrelid <> 0 THEN k.conrelid ELSE k.contypid END
        FROM asked a JOIN pg_constraint k ON k.oid = a.oid
    UNION ALL SELECT t.typrelid FROM asked a JOIN pg_type t ON t.oid = a.oid WHERE t.typrelid <> 0"""
_KIN_OF_PARTS = """
    UNION ALL SELECT t.tgrelid FROM asked a JOIN pg_trigger t ON t.oid = a.oid
    UNION ALL SELECT p.polrelid FROM asked a JOIN pg_policy p ON p.oid = a.oid
    UNION ALL SELECT w.ev_class FROM asked a JOIN pg_rewrite w ON w.oid = a.oid"""
_FAMILY = """
), family(oid) AS (
    SELECT kin.oid FROM kin UNION SELECT r.oid FROM family JOIN LATERAL (
        SELECT h.inhparent FROM pg_inherits h WHERE h.inhrelid = family.oid
        UNION ALL SELECT h.inhrelid FROM pg_inherits h WHERE h.inhparent = family.oid) r(oid) ON true"""
_NO_FAMILY = """
), family(oid) AS (SELECT kin.oid FROM kin"""
_NEAR = """
), near(oid) AS MATERIALIZED (
    SELECT oid FROM family
    UNION ALL SELECT k.conrelid FROM family f JOIN pg_trigger t ON t.tgrelid = f.oid AND t.tgconstrrelid <> 0
        JOIN pg_constraint k ON k.oid = t.tgconstraint
), rel AS MATERIALIZED (
    {relation} WHERE c.oid >= 16384 AND c.oid = ANY (ARRAY(
        SELECT oid FROM near UNION ALL SELECT i.indexrelid FROM near n JOIN pg_index i ON i.indrelid = n.oid
        UNION ALL SELECT d.objid FROM pg_depend d WHERE d.refobjid = ANY (ARRAY(SELECT oid FROM near)) AND {owned}))
        AND {own}
)"""

# A sequence that a column owns, or an index of one.
_OWNED = (
    "d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass "
    "AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0"
)

_TYPE = "'pg_type'::regclass"

_ALL = """, member AS MATERIALIZED (
    SELECT e.classid, e.objid FROM pg_depend e WHERE e.deptype = 'e'
), rel AS MATERIALIZED (
    {relation} WHERE c.oid >= 16384 AND {own}
)"""

# Where a comment or a label may be: on an object itself or on a part of it.
_ADDRESSES = """ARRAY(SELECT oid FROM near UNION ALL SELECT oid FROM rel
    UNION ALL SELECT k.oid FROM near n JOIN pg_constraint k ON k.conrelid = n.oid
    UNION ALL SELECT k.oid FROM near n JOIN pg_constraint k ON k.contypid = n.oid
    UNION ALL SELECT t.oid FROM near n JOIN pg_trigger t ON t.tgrelid = n.oid
    UNION ALL SELECT p.oid FROM near n JOIN pg_policy p ON p.polrelid = n.oid
    UNION ALL SELECT w.oid FROM near n JOIN pg_rewrite w ON w.ev_class = n.oid)"""


# What many databases have none of, and most steps do not touch: a statement is the slower the more it could read.
TYPES, FUNCTIONS, COMMENTS, LABELS = "types", "functions", "comments", "labels"
PARTS = "triggers, policies and rules"
INHERITANCE, FOREIGN, EXTENSIONS = "inheritance", "foreign tables", "extensions"


@dataclass(frozen=True, slots=True)
class Scope:
    """All objects, or those near the oids of the parameter; then ``seldom`` says what there may be among them."""

    near: bool
    seldom: frozenset[str] = frozenset()

    def has(self, feature: str) -> bool:
        """Whether there may be any of it."""
        return not self.near or feature in self.seldom

    def head(self) -> str:
        """The WITH that the families read from: ``ns`` (namespaces of users) and ``rel`` (relations)."""
        # Of a composite type the type is the extension's member, and not the relation behind it.
        own = f"{self.own('c', 'pg_class')} AND {self.own_address(_TYPE, 'c.reltype')}"
        return _NAMESPACES + self._relations().format(relation=_RELATION, owned=_OWNED, own=own)

    def _relations(self) -> str:
        if not self.near:
            return _ALL
        kin = (_KIN, _KIN_OF_TYPES if self.has(TYPES) else "", _KIN_OF_PARTS if self.has(PARTS) else "")
        return "".join((*kin, _FAMILY if self.has(INHERITANCE) else _NO_FAMILY, _NEAR))

    def own(self, alias: str, catalog: str) -> str:
        """What an extension brings along belongs to the extension, not to the migrations."""
        return self.own_address(f"'{catalog}'::regclass", f"{alias}.oid")

    def own_address(self, class_: str, oid: str) -> str:
        """``own`` for an object whose catalog is in a column."""
        if not self.has(EXTENSIONS):
            return "true"
        members = "pg_depend m WHERE m.deptype = 'e' AND" if self.near else "member m WHERE"
        return f"NOT EXISTS (SELECT FROM {members} m.classid = {class_} AND m.objid = {oid})"

    def where(self, feature: str, condition: str) -> str:
        """The condition of an attribute that only such objects can have."""
        return condition if self.has(feature) else "false"

    def among(self, column: str) -> str:
        """Restrict objects that are no relations, by a column that an index is on."""
        return f"{column} = ANY (ARRAY(SELECT oid FROM near))" if self.near else "true"

    def noted(self, column: str) -> str:
        """Restrict the addresses of comments and security labels."""
        return f"{column} = ANY ({_ADDRESSES})" if self.near else "true"


def attributes(named: Mapping[str, str], *, seldom: Mapping[str, tuple[str, str]] | None = None) -> str:
    """Attributes by name, each an SQL expression, as one text: a token for the names, and JSON arrays of the values.

    ``seldom`` are those that are NULL unless a condition holds, as (condition, expression): a second array on a line
    of its own. Where none of the conditions holds it is left out: a catalog has many columns, and most have none of it.
    The server builds an array in half the time of an object; ``attributes_of`` reads either.
    """
    conditional = seldom or {}
    names = (*named, *conditional)
    token = f"{crc32(repr(names).encode()):x}"
    known = _names.setdefault(token, names)
    assert known == names
    text = f"'{token}' || json_build_array({', '.join(named.values())})::text"
    if conditional:
        some = " OR ".join(condition for condition, _ in conditional.values())
        more = ", ".join(f"CASE WHEN {when} THEN {value} END" for when, value in conditional.values())
        text += f" || CASE WHEN {some} THEN E'\\n' || json_build_array({more})::text ELSE '' END"
    return text


def attributes_of(text: str) -> dict[str, Any]:
    """What ``attributes`` made, or a JSON object."""
    if text.startswith("{"):
        parsed: dict[str, Any] = json.loads(text)
        return parsed
    token, bracket, arrays = text.partition("[")
    values = [value for array in (bracket + arrays).split("\n") for value in json.loads(array)]
    return dict(zip_longest(_names[token], values))


def acl(column: str, letter: str, owner: str) -> str:
    """Grants as sorted text; NULL is spelt out, since it means the default list."""
    return (
        f"(SELECT string_agg(a::text, ',' ORDER BY a::text COLLATE \"C\") "
        f"FROM unnest(coalesce({column}, acldefault('{letter}', {owner}))) a)"
    )


def listed(column: str) -> str:
    """A list whose order says nothing, as sorted text."""
    return f"""CASE WHEN {column} IS NOT NULL THEN
        (SELECT string_agg(o, ', ' ORDER BY o COLLATE "C") FROM unnest({column}) o) END"""


def internal(alias: str, catalog: str) -> str:
    """Leave out what another object made for itself, such as the constructors of a range type."""
    return (
        f"NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = '{catalog}'::regclass AND i.objid = {alias}.oid "
        "AND i.deptype = 'i')"
    )
