"""Give a database what models need and cannot create: schemas, extensions, types, functions; take back the rest."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from pytest_migcheck.core.catalog import Catalog, ObjectKey
from pytest_migcheck.core.labels import read_labels

Name = tuple[str, str]

# What stands in schemas of its own right, and is no extension's and nothing that another object made for itself.
_CATALOGS = {
    "pg_proc": "true",
    "pg_type": "o.typrelid = 0 AND NOT (o.typtype = 'b' AND o.typcategory = 'A')",
    "pg_class": "o.relkind IN ('S', 'c')",
    "pg_ts_config": "true",
    "pg_ts_dict": "true",
    "pg_ts_parser": "true",
    "pg_ts_template": "true",
    "pg_cast": "true",
    "pg_operator": "true",
    "pg_opclass": "true",
    "pg_opfamily": "true",
    "pg_collation": "true",
    "pg_conversion": "true",
    "pg_am": "true",
    "pg_language": "true",
    "pg_publication": "true",
    "pg_foreign_server": "true",
    "pg_foreign_data_wrapper": "true",
    "pg_event_trigger": "o.evtname !~ '^migcheck_'",
    "pg_extension": "true",
    "pg_namespace": "o.nspname !~ '^pg_'",
}
_STANDING = f"""
SELECT i.type, i.identity FROM ({" UNION ALL ".join(
    f"SELECT '{catalog}'::regclass::oid AS class, o.oid FROM pg_catalog.{catalog} o WHERE o.oid >= 16384 AND {which}"
    for catalog, which in _CATALOGS.items()
)}) s(class, oid), LATERAL pg_catalog.pg_identify_object(s.class, s.oid, 0) i
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
    WHERE d.classid = s.class AND d.objid = s.oid AND d.deptype IN ('e', 'i')
    AND d.refclassid <> 'pg_catalog.pg_opfamily'::regclass)
ORDER BY s.class = 'pg_catalog.pg_namespace'::regclass, s.class = 'pg_catalog.pg_extension'::regclass, s.oid DESC"""

_TABLES = """
SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE'
    ELSE 'TABLE' END, n.nspname, c.relname
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_(toast|temp)'
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass
        AND d.objid = c.oid AND d.deptype = 'e')"""


@dataclass(frozen=True, slots=True)
class Seeds:
    """What stands in a database before the models, as (type, identity), in an order in which it can be dropped."""

    connection: psycopg.Connection[Any]
    objects: Sequence[Name]

    @classmethod
    def standing(cls, connection: psycopg.Connection[Any]) -> Seeds:
        return cls(connection, [(str(row[0]), str(row[1])) for row in connection.execute(_STANDING.encode())])

    def take_back(self) -> None:
        """Drop what nothing in the models needs: it is the migrations' alone."""
        left = list(self.objects)
        while left:
            kept = [seed for seed in left if not self._dropped(*seed)]
            if len(kept) == len(left):
                return
            left = kept

    def _dropped(self, kind: str, identity: str) -> bool:
        try:
            self.connection.execute(f"DROP {kind.replace('-', ' ').upper()} {identity} RESTRICT".encode())
        except psycopg.errors.DependentObjectsStillExist:
            return False
        return True


def seed_for_models(
    connection: psycopg.Connection[Any],
    migrated: Catalog,
    *,
    made_by_models: Collection[Name],
    labels: Mapping[Name, Sequence[str]],
) -> None:
    """Create the schemas, extensions, foreign enum types and functions of the migrated database.

    Args:
        connection: of the empty database, in autocommit.
        migrated: the catalog that the migrations made.
        made_by_models: types as (schema, name) that are left to the models.
        labels: what the models say that enums consist of, theirs or not.
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
        name, found = (key.schema, key.name), migrated.objects[key].get("labels")
        if found is not None and name not in made_by_models:
            _create_enum(connection, key, labels.get(name) or read_labels(str(found)))
    for definition in functions_of(migrated):
        with contextlib.suppress(psycopg.Error):
            # One that needs a table cannot be made yet; if the models need it, they are built in another way.
            connection.execute(definition.encode())


def clear_for_models(connection: psycopg.Connection[Any], *, made: Collection[Name]) -> None:
    """Drop all tables and views of a copy of the migrated database, and the types and sequences in ``made``."""
    connection.execute("SET check_function_bodies = off")
    drop = sql.SQL("DROP {} IF EXISTS {} CASCADE")
    for row in connection.execute("SELECT evtname FROM pg_event_trigger WHERE evtname !~ '^migcheck_'").fetchall():
        connection.execute(drop.format(sql.SQL("EVENT TRIGGER"), sql.Identifier(row[0])))
    for kind, schema, name in connection.execute(_TABLES.encode()).fetchall():
        connection.execute(drop.format(sql.SQL(kind), sql.Identifier(schema, name)))
    for name in made:
        for kind in ("TYPE", "SEQUENCE"):
            connection.execute(drop.format(sql.SQL(kind), sql.Identifier(*name)))


def functions_of(migrated: Catalog) -> Iterator[str]:
    """The definitions of the functions and procedures of a catalog."""
    for kind in ("function", "procedure"):
        for key in _of_kind(migrated, kind):
            yield str(migrated.objects[key].get("definition") or "")


def _create_enum(connection: psycopg.Connection[Any], key: ObjectKey, labels: Sequence[str]) -> None:
    values = sql.SQL(", ").join(map(sql.Literal, labels))
    name = sql.Identifier(key.schema, key.name)
    connection.execute(sql.SQL("CREATE TYPE {} AS ENUM ({})").format(name, values))


def _of_kind(catalog: Catalog, kind: str) -> list[ObjectKey]:
    return sorted(key for key in catalog.objects if key.kind == kind)
