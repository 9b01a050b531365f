"""Pieces of SQL that several families of the catalog share."""

from __future__ import annotations


def acl(column: str, letter: str, owner: str) -> str:
    """Grants as sorted text; NULL is spelt out, since it means the default list."""
    return (
        f"(SELECT string_agg(a::text, ',' ORDER BY a::text COLLATE \"C\") "
        f"FROM unnest(coalesce({column}, acldefault('{letter}', {owner}))) a)"
    )


# What an extension brings along belongs to the extension, not to the migrations.
def member(alias: str, catalog: str) -> str:
    return (
        f"NOT EXISTS (SELECT FROM member m WHERE m.classid = '{catalog}'::regclass AND m.objid = {alias}.oid)"
    )


def internal(alias: str, catalog: str) -> str:
    """Leave out what another object made for itself, such as the constructors of a range type."""
    return (
        f"NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = '{catalog}'::regclass AND i.objid = {alias}.oid "
        "AND i.deptype = 'i')"
    )
