"""The statements that read a catalog, put together from the families."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from pytest_migcheck.postgres.catalog.database import database_families, notes, unheard_families
from pytest_migcheck.postgres.catalog.relations import relation_families
from pytest_migcheck.postgres.catalog.scope import Scope

# The owners of what belongs to no relation, type or function.
OF_THE_DATABASE = 0
UNHEARD = -1
# A row of this kind names an oid that was looked at, whether or not anything was found there.
LOOKED_AT = "looked at"


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
        notes(scope),
        *_owned_by(OF_THE_DATABASE, database_families(version)),
        *_owned_by(UNHEARD, unheard_families(shared=shared)),
    )
    return scope.head() + _union(families)


@cache
def near_objects(version: int) -> str:
    """The statement that reads the relations, types and functions near the oids of its parameter."""
    scope = Scope(near=True)
    looked_at = f"\nSELECT n.oid::bigint, NULL::bigint, '{LOOKED_AT}', '', '', '', NULL::text FROM near n"
    return scope.head() + _union((*relation_families(scope, version), notes(scope), looked_at))


@cache
def unheard_objects(*, shared: bool) -> str:
    """The statement that reads what no event trigger tells of."""
    return _union(_owned_by(UNHEARD, unheard_families(shared=shared)))


def _owned_by(owner: int, families: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"\nSELECT {owner}::bigint, NULL::bigint, f.* FROM ({family}) f" for family in families)


def _union(families: Iterable[str]) -> str:
    return "\nUNION ALL ".join(families)
