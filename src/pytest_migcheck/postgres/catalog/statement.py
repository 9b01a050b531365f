"""The statements that read a catalog, put together from the families."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache

from pytest_migcheck.postgres.catalog.database import comments, database_families, labels, unheard_families
from pytest_migcheck.postgres.catalog.relations import functions, parts, relation_families, types
from pytest_migcheck.postgres.catalog.scope import (
    COMMENTS,
    EXTENSIONS,
    FOREIGN,
    FUNCTIONS,
    INHERITANCE,
    LABELS,
    PARTS,
    TYPES,
    Scope,
)

# The owners of what belongs to no relation, type or function.
OF_THE_DATABASE = 0
UNHEARD = -1
# A row of this kind names an oid that was looked at, whether or not anything was found there.
LOOKED_AT = "looked at"
# A row of this kind names a family of which the database has at least one.
PRESENT = "present"


@cache
def whole_catalog(version: int, *, shared: bool) -> str:
    """The one statement that reads everything.

    Args:
        version: the server's version number, such as 180006.
        shared: include what all databases of the cluster share.
    """
    scope = Scope(near=False)
    families = (
        *relation_families(scope, version),
        *(family(scope) for family in _SELDOM.values()),
        *_owned_by(OF_THE_DATABASE, database_families(version)),
        *_owned_by(UNHEARD, unheard_families(version, shared=shared)),
    )
    return scope.head() + _union(families)


@cache
def near_objects(version: int, seldom: frozenset[str]) -> str:
    """The statement that reads the relations near the oids of its parameter.

    Args:
        version: the server's version number.
        seldom: what there may be besides plain tables with their indexes, constraints and sequences.
    """
    scope = Scope(near=True, seldom=seldom)
    looked_at = f"\nSELECT n.oid::bigint, NULL::bigint, '{LOOKED_AT}', '', '', '', NULL::text FROM near n"
    more = (family(scope) for name, family in _SELDOM.items() if name in seldom)
    return scope.head() + _union((*relation_families(scope, version), *more, looked_at))


@cache
def unheard_objects(version: int, *, shared: bool) -> str:
    """The statement that reads what no event trigger tells of, and which of the seldom there are."""
    return _union((*_owned_by(UNHEARD, unheard_families(version, shared=shared)), _PRESENT))


_SELDOM: Mapping[str, Callable[[Scope], str]] = {
    PARTS: parts,
    TYPES: types,
    FUNCTIONS: functions,
    COMMENTS: comments,
    LABELS: labels,
}
_PRESENT = f"""
SELECT NULL::bigint, NULL::bigint, '{PRESENT}', '', '', f.name, NULL::text FROM (VALUES
    ('{COMMENTS}', EXISTS (SELECT FROM pg_description d WHERE d.objoid >= 16384)),
    ('{LABELS}', EXISTS (SELECT FROM pg_seclabel)),
    ('{INHERITANCE}', EXISTS (SELECT FROM pg_inherits)),
    ('{FOREIGN}', EXISTS (SELECT FROM pg_foreign_table)),
    ('{EXTENSIONS}', EXISTS (SELECT FROM pg_extension e WHERE e.oid >= 16384))) f(name, present) WHERE f.present"""


def _owned_by(owner: int, families: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"\nSELECT {owner}::bigint, NULL::bigint, f.* FROM ({family}) f" for family in families)


def _union(families: Iterable[str]) -> str:
    return "\nUNION ALL ".join(families)
