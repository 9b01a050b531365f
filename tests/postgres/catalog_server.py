"""A database to run SQL in and to read the catalog of."""

from __future__ import annotations

import secrets
from typing import Any

import psycopg

from pytest_migcheck.core.catalog import Catalog
from pytest_migcheck.postgres.catalog import CatalogReader, unheard
from pytest_migcheck.postgres.server import Server


class Scratch:
    """One database to run SQL in, with two readers of its catalog: of everything, and of what was touched."""

    def __init__(self, server: Server) -> None:
        self._database = server.create_database(f"catalog_{secrets.token_hex(4)}")
        self.connection = self._database.connect()
        self._readers: list[CatalogReader] = []
        self._whole = self.reader()
        self._incremental = self.reader(incremental=True)
        self._unheard = True

    def reader(self, *, shared: bool = True, incremental: bool = False, hidden: str = "") -> CatalogReader:
        tables = [("public", hidden)] if hidden else []
        reader = CatalogReader(
            self._database.connect(), shared=shared, incremental=incremental, hidden_tables=tables
        )
        self._readers.append(reader)
        return reader

    @property
    def reading(self) -> psycopg.Connection[Any]:
        """The connection of the reader of everything."""
        return self._whole.connection

    def new_connection(self) -> psycopg.Connection[Any]:
        """A connection that is not in autocommit, as an engine wants it."""
        connection = self._database.connect()
        connection.autocommit = False
        return connection

    def run(self, script: str) -> None:
        if script:
            self._unheard |= unheard([script])
            self.connection.execute(script.encode())

    def read(self) -> Catalog:
        """The catalog; that both ways of reading it agree is checked each time."""
        touched = self._incremental.read(everything=self._unheard)
        self._unheard = False
        whole = self._whole.read()
        stale = {k: v for k, v in touched.objects.items() if whole.objects.get(k) != v}
        assert (stale, set(whole.objects) - set(touched.objects)) == ({}, set())
        return touched

    def close(self) -> None:
        self.connection.close()
        for reader in self._readers:
            reader.connection.close()
        self._database.drop()
