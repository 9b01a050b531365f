"""The databases that stand for those a history names: one for each, the first is the main one."""

from __future__ import annotations

import secrets
from typing import Any

import psycopg
from psycopg import sql

from pytest_migcheck.core.catalog import Catalog, ObjectKey
from pytest_migcheck.postgres.catalog import prepare_reader, read_catalog
from pytest_migcheck.postgres.database import ConnectionParams, Database
from pytest_migcheck.postgres.server import Server

Target = tuple[str, str, str]


class DatabaseSet:
    """One disposable database per database (host, port, name) that the history connects to."""

    def __init__(self, server: Server, label: str) -> None:
        self.server = server
        self.label = label
        self._databases: dict[Target, Database] = {}
        self._readers: dict[str, psycopg.Connection[Any]] = {}
        self.main = self._create("main")

    def _create(self, suffix: str, template: str | None = None) -> Database:
        name = f"migcheck_{self.label}_{suffix}_{secrets.token_hex(3)}"[:63]
        return self.server.create_database(name, template=template)

    def database_for(self, target: Target) -> Database:
        """The database that stands for ``target``; made at first sight."""
        if target not in self._databases:
            first = not self._databases
            self._databases[target] = self.main if first else self._create(str(len(self._databases)))
        return self._databases[target]

    @property
    def databases(self) -> tuple[Database, ...]:
        return tuple({id(d): d for d in (self.main, *self._databases.values())}.values())

    def reader(self, database: Database) -> psycopg.Connection[Any]:
        """An autocommit connection for reading the catalog, kept open between reads."""
        connection = self._readers.get(database.name)
        if connection is None or connection.closed:
            connection = database.connect()
            prepare_reader(connection)
            self._readers[database.name] = connection
        return connection

    def release(self) -> None:
        """Close our own connections, so that the databases can be copied or dropped."""
        for connection in self._readers.values():
            connection.close()
        self._readers.clear()

    def read_catalog(self, hidden_tables: tuple[tuple[str, str], ...]) -> Catalog:
        """The catalog of all databases; objects of the second and later ones carry their label."""
        shared = self.server.kind != "url"
        databases = self.databases
        main = read_catalog(self.reader(self.main), shared=shared, hidden_tables=hidden_tables)
        if len(databases) == 1:
            return main
        objects = dict(main.objects)
        labels = {d.name: target[2] for target, d in self._databases.items()}
        for database in databases[1:]:
            extra = read_catalog(self.reader(database), shared=False, hidden_tables=hidden_tables)
            for key, attributes in extra.objects.items():
                schema = f"{labels[database.name]}:{key.schema}"
                objects[ObjectKey(key.kind, schema, key.parent, key.name)] = attributes
        return Catalog(objects)

    def column_values(self, schema: str, table: str, column: str) -> frozenset[str]:
        """The values of a text column of the main database's table."""
        query = sql.SQL("SELECT {}::text FROM {}").format(sql.Identifier(column), sql.Identifier(schema, table))
        return frozenset(str(row[0]) for row in self.reader(self.main).execute(query).fetchall())

    def wait_until_unused(self, seconds: float = 2.0) -> None:
        """Wait for connections that env.py left open, then terminate what is left of them; ours are closed."""
        self.release()
        names = [d.name for d in self.databases]
        with self.server.connect() as observer:
            observer.execute(
                f"DO $$ BEGIN FOR i IN 1..{int(seconds * 200)} LOOP PERFORM pg_stat_clear_snapshot(); "
                f"EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = ANY ({_array(names)})); "
                "PERFORM pg_sleep(0.005); END LOOP; END $$"
            )
            observer.execute(
                "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE datname = ANY (%s)",
                (names,),
            )

    def copy(self, label: str) -> DatabaseSet:
        """A set with a copy of each database; nobody may be connected to this one."""
        self.release()
        self.wait_until_unused()
        twin = DatabaseSet.__new__(DatabaseSet)
        twin.server, twin.label, twin._readers = self.server, label, {}
        copies = {d.name: twin._create(f"c{n}", template=d.name) for n, d in enumerate(self.databases)}
        twin.main = copies[self.main.name]
        twin._databases = {target: copies[d.name] for target, d in self._databases.items()}
        return twin

    def drop(self) -> None:
        """Drop every database of the set."""
        self.release()
        for database in self.databases:
            database.drop()

    def params_for(self, target: Target) -> ConnectionParams:
        return self.database_for(target).params


def _array(names: list[str]) -> str:
    return "ARRAY[" + ", ".join("'" + name.replace("'", "''") + "'" for name in names) + "]"
