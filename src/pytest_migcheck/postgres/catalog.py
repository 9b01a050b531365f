"""Read a database's catalog: every object and attribute, in one statement, in PostgreSQL's own words."""

from __future__ import annotations

import json
from collections.abc import Collection
from functools import lru_cache
from typing import Any

import psycopg

from pytest_migcheck.core.catalog import Attributes, Catalog, ObjectKey, Value
from pytest_migcheck.postgres.catalog_queries import families

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
}


def prepare_reader(connection: psycopg.Connection[Any]) -> None:
    """Fix the settings that the texts of the catalog depend on; once for each connection."""
    names = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in _SETTINGS.items())
    connection.execute(f"SELECT {names}")


def read_catalog(
    connection: psycopg.Connection[Any],
    *,
    shared: bool = True,
    hidden_schemas: Collection[str] = ("migcheck",),
    hidden_tables: Collection[tuple[str, str]] = (),
) -> Catalog:
    """Read everything in one round trip.

    Args:
        connection: an autocommit connection that ``prepare_reader`` has prepared.
        shared: include roles and memberships, which belong to the cluster.
        hidden_schemas: schemas to leave out.
        hidden_tables: (schema, name) of tables to leave out with all that belongs to them.
    """
    version = connection.info.server_version
    cursor = connection.execute(families(version, shared=shared).encode(), prepare=True)
    objects: dict[ObjectKey, Attributes] = {}
    hidden = set(hidden_tables)
    for kind, schema, parent, name, attributes in cursor.fetchall():
        if schema in hidden_schemas or (kind == "schema" and name in hidden_schemas):
            continue
        if hidden and ((schema, name) in hidden or (schema, parent) in hidden):
            continue
        parsed = _parsed(attributes)
        place = str(parsed.get("_of") or parsed.get("_schema") or "").split(".")
        if place[0] in hidden_schemas or tuple(place[:2]) in hidden:
            continue
        objects[ObjectKey(kind, schema, parent, name)] = parsed
    return Catalog(objects)


@lru_cache(maxsize=200_000)
def _parsed(attributes: str) -> Attributes:
    """The attributes of an object; equal texts share one mapping, so comparing catalogs stays cheap."""
    parsed: dict[str, Value] = json.loads(attributes)
    return parsed
