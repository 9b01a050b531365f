"""A database to run SQL in and to read the catalog of."""

from __future__ import annotations

import secrets
from typing import Any

import psycopg

from pytest_migcheck.core.catalog import Catalog
from pytest_migcheck.postgres.catalog import prepare_reader, read_catalog
from pytest_migcheck.postgres.server import Server


class Scratch:
    """One database to run SQL in, with a second connection that reads the catalog."""

    def __init__(self, server: Server) -> None:
        self._database = server.create_database(f"catalog_{secrets.token_hex(4)}")
        self.connection = self._database.connect()
        self.reader: psycopg.Connection[Any] = self._database.connect()
        prepare_reader(self.reader)

    def run(self, script: str) -> None:
        if script:
            self.connection.execute(script.encode())

    def read(self) -> Catalog:
        return read_catalog(self.reader)

    def close(self) -> None:
        self.connection.close()
        self.reader.close()
        self._database.drop()
