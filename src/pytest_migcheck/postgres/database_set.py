"""The databases that stand for those a history names: one for each, the first is the main one."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import psycopg
from psycopg import sql

from pytest_migcheck.core.catalog import Catalog, ObjectKey
from pytest_migcheck.core.quoting import literal
from pytest_migcheck.postgres.catalog import CatalogReader
from pytest_migcheck.postgres.counters import install_functions
from pytest_migcheck.postgres.database import Database
from pytest_migcheck.postgres.server import Server

Target = tuple[str, str, str]
HiddenTables = tuple[tuple[str, str], ...]


class DatabaseSet:
    """One disposable database per database (host, port, name) that the history connects to."""

    def __init__(
        self, server: Server, label: str, *, incremental: bool = False, main: Database | None = None,
        template: str | None = None,
    ) -> None:
        """Make the set.

        Args:
            server: where the databases are.
            label: a word for their names.
            incremental: read of a catalog only what was touched.
            main: the main database if it exists already.
            template: the database that the main one is a copy of, if it is not to be empty.
        """
        self.server = server
        self.label = label
        self.incremental = incremental
        self._databases: dict[Target, Database] = {}
        self._readers: dict[str, CatalogReader] = {}
        self._hidden_tables: HiddenTables = ()
        self._plain: psycopg.Connection[Any] | None = None
        self.main = main or self._create("main", template)

    @classmethod
    def around(cls, database: Database, label: str) -> DatabaseSet:
        """A set whose main database exists already."""
        return cls(database.server, label, main=database)

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
    def targets(self) -> Mapping[Target, Database]:
        """What stands for each database that the history has connected to so far."""
        return self._databases

    def adopt(self, targets: Iterable[tuple[Target, str]]) -> None:
        """Know what stands for which target, by name: another process has made it."""
        by_name = {database.name: database for database in self.databases}
        for target, name in targets:
            self._databases.setdefault(target, by_name.get(name) or Database(self.server, name))

    def join(self, database: Database) -> None:
        """Let the main database stand for everything that this other one stands for, and drop that."""
        for target, standing in self._databases.items():
            if standing is database:
                self._databases[target] = self.main
        database.drop()

    @property
    def databases(self) -> tuple[Database, ...]:
        return tuple({id(d): d for d in (self.main, *self._databases.values())}.values())

    def reader(self, database: Database) -> psycopg.Connection[Any]:
        """An autocommit connection for reading, kept open between reads."""
        return self._catalog_reader(database).connection

    def _catalog_reader(self, database: Database) -> CatalogReader:
        reader = self._readers.get(database.name)
        if reader is None or reader.connection.closed:
            reader = self._readers[database.name] = CatalogReader(
                database.connect(),
                # What databases share is read once, and only from a server of our own.
                shared=self.server.kind != "url" and database is self.main,
                incremental=self.incremental,
                hidden_tables=self._hidden_tables,
            )
        return reader

    def listen(self) -> None:
        """Be ready to hear what is touched, before anybody else connects.

        A transaction that is open already does not notice new event triggers.
        """
        if self.incremental:
            for database in self.databases:
                install_functions(self._catalog_reader(database).connection)

    def run(self, statement: str) -> Sequence[Sequence[Any]]:
        """Run one statement in the main database as a user would, and give its rows; the connection stays open."""
        if self._plain is None or self._plain.closed:
            self._plain = self.main.connect()
        cursor = self._plain.execute(statement.encode())
        return cursor.fetchall() if cursor.description else ()

    def sequence_numbers(self) -> dict[str, tuple[int, bool]]:
        """Where the sequences of the main database stand: (the last value, whether it was given out)."""
        rows = self.run(
            "SELECT pg_catalog.format('%I.%I', s.schemaname, s.sequencename), coalesce(s.last_value, s.start_value), "
            "s.last_value IS NOT NULL FROM pg_catalog.pg_sequences s"
        )
        return {str(name): (int(value), bool(called)) for name, value, called in rows}

    def restore_sequences(self, numbers: Mapping[str, tuple[int, bool]]) -> None:
        """Put back what was counted meanwhile."""
        now = self.sequence_numbers()
        for name, (value, called) in numbers.items():
            if name in now and now[name] != (value, called):
                self.run(f"SELECT pg_catalog.setval({literal(name)}, {value}, {str(called).lower()})")

    def release(self) -> None:
        """Close our own connections, so that the databases can be copied or dropped."""
        for reader in self._readers.values():
            reader.connection.close()
        self._readers.clear()
        if self._plain is not None:
            self._plain.close()
            self._plain = None

    def read_catalog(self, hidden_tables: HiddenTables, *, everything: bool = True) -> Catalog:
        """The catalog of all databases; objects of the second and later ones carry their label.

        Args:
            hidden_tables: (schema, name) of tables to leave out.
            everything: read all of it, whatever is known already.
        """
        if hidden_tables != self._hidden_tables:
            self.release()
            self._hidden_tables = hidden_tables
        try:
            return self._read_catalogs(everything=everything)
        except psycopg.OperationalError:
            if not any(reader.connection.closed for reader in self._readers.values()):
                raise
            # Somebody has ended our sessions; what was touched since is not known.
            self.release()
            return self._read_catalogs(everything=True)

    def _read_catalogs(self, *, everything: bool) -> Catalog:
        databases = self.databases
        main = self._catalog_reader(self.main).read(everything=everything)
        if len(databases) == 1:
            return main
        labels = {d.name: target[2] for target, d in self._databases.items()}
        others = [
            {
                ObjectKey(key.kind, f"{labels[database.name]}:{key.schema}", key.parent, key.name): attributes
                for key, attributes in self._catalog_reader(database).read(everything=everything).objects.items()
            }
            for database in databases[1:]
        ]
        return Catalog(main.objects, *others)

    def column_values(self, schema: str, table: str, column: str) -> frozenset[str]:
        """The values of a text column of the main database's table; none where there is no such table."""
        reader = self.reader(self.main)
        named = sql.Identifier(schema, table).as_string(reader)
        if reader.execute("SELECT pg_catalog.to_regclass(%s) IS NULL", (named,)).fetchone() == (True,):
            return frozenset()
        query = sql.SQL("SELECT {}::text FROM {}").format(sql.Identifier(column), sql.Identifier(schema, table))
        return frozenset(str(row[0]) for row in reader.execute(query).fetchall())

    def wait_until_unused(self, seconds: float = 2.0) -> None:
        """Wait for connections that env.py left open, then terminate what is left of them; ours are closed."""
        self.release()
        names = [d.name for d in self.databases]
        self.server.maintain(
            f"DO $$ BEGIN FOR i IN 1..{int(seconds * 200)} LOOP PERFORM pg_stat_clear_snapshot(); "
            f"EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = ANY ({_array(names)})); "
            "PERFORM pg_sleep(0.005); END LOOP; END $$".encode()
        )
        self.server.maintain(
            b"SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE datname = ANY (%s)", (names,)
        )

    def copy(self, label: str) -> DatabaseSet:
        """A set with a copy of each database; nobody may be connected to this one."""
        self.release()
        self.wait_until_unused()
        copies = {d.name: self._create(f"{label}c{n}", template=d.name) for n, d in enumerate(self.databases)}
        twin = DatabaseSet(self.server, label, incremental=self.incremental, main=copies[self.main.name])
        if len(copies) > 1:
            # One alone is the first that env.py connects to, by whatever name: its URL may name this very database.
            twin._databases = {target: copies[d.name] for target, d in self._databases.items()}
        return twin

    def drop(self) -> None:
        """Drop every database of the set."""
        self.release()
        for database in self.databases:
            database.drop()


def _array(names: list[str]) -> str:
    return "ARRAY[" + ", ".join(map(literal, names)) + "]"
