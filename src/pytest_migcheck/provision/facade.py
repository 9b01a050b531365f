"""The server as the user's tests see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migcheck.postgres.database import Database

if TYPE_CHECKING:
    from pytest_migcheck.provision.databases import MigratedDatabases


class MigcheckServer:
    """The disposable PostgreSQL of a run."""

    def __init__(self, databases: MigratedDatabases) -> None:
        self._databases = databases
        self._server = databases.server()
        self._created: list[Database] = []

    @property
    def url(self) -> str:
        """SQLAlchemy's URL of the database ``postgres``."""
        return Database(self._server, self._server.params.dbname).url

    @property
    def dsn(self) -> str:
        """libpq's URL of the database ``postgres``."""
        return Database(self._server, self._server.params.dbname).dsn

    @property
    def version(self) -> str:
        """Such as ``18.4``."""
        return self._server.version

    @property
    def kind(self) -> str:
        """Where it comes from: ``embedded``, ``local``, ``container`` or ``url``."""
        return self._server.kind

    def create_database(self, label: str = "empty") -> Database:
        """Create an empty database; it is dropped at the end of the run, or by its ``drop()``."""
        database = self._databases.create_empty(label)
        self._created.append(database)
        return database

    def close(self) -> None:
        """Drop the databases that were created."""
        for database in self._created:
            self._databases.give_back(database)
        self._created.clear()
