"""Give an empty database what models need and cannot create: schemas, extensions, types, functions."""

from __future__ import annotations

import contextlib
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
        schema = str(migrated.objects[key].get("schema") or "public")
        connection.execute(
            sql.SQL("CREATE EXTENSION IF NOT EXISTS {} SCHEMA {} CASCADE").format(
                sql.Identifier(key.name), sql.Identifier(schema)
            )
        )
    for key in _of_kind(migrated, "type"):
        labels = migrated.objects[key].get("labels")
        if labels is not None and (key.schema, key.name) not in declared_types:
            _create_enum(connection, key, str(labels))
    for key in _of_kind(migrated, "function"):
        _create_function(connection, str(migrated.objects[key].get("definition") or ""))


def _create_enum(connection: psycopg.Connection[Any], key: ObjectKey, labels: str) -> None:
    values = sql.SQL(", ").join(sql.Literal(label) for label in labels.split(", "))
    name = sql.Identifier(key.schema, key.name)
    connection.execute(sql.SQL("CREATE TYPE {} AS ENUM ({})").format(name, values))


def _create_function(connection: psycopg.Connection[Any], definition: str) -> None:
    with contextlib.suppress(psycopg.Error):
        # One that needs a table cannot be made yet; no default or index of a model can need it either.
        connection.execute(definition.encode())


def _of_kind(catalog: Catalog, kind: str) -> list[ObjectKey]:
    return sorted(key for key in catalog.objects if key.kind == kind)
