"""Give an empty database what models need and cannot create: schemas, extensions, types, functions."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import psycopg
from psycopg import sql

from pytest_migcheck.core.catalog import Catalog, ObjectKey


def seed_for_models(
    connection: psycopg.Connection[Any],
    migrated: Catalog,
    *,
    declared_types: Collection[tuple[str, str]],
) -> None:
    """Create the schemas, extensions, foreign enum types and functions of the migrated database.

    Types that the models create themselves (``declared_types``, as (schema, name)) are left to them.
    """
    connection.execute("SET check_function_bodies = off")
    for key in _of_kind(migrated, "schema"):
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(key.name)))
    for key in _of_kind(migrated, "extension"):
        schema = migrated.objects[key].get("schema") or "public"
        connection.execute(
            sql.SQL("CREATE EXTENSION IF NOT EXISTS {} SCHEMA {} CASCADE").format(
                sql.Identifier(key.name), sql.Identifier(schema)
            )
        )


def _of_kind(catalog: Catalog, kind: str) -> list[ObjectKey]:
    return sorted(key for key in catalog.objects if key.kind == kind)
