"""Where a database is, and the forms in which drivers want to be told."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import psycopg

from pytest_migcheck.guard.variables import countering_settings

if TYPE_CHECKING:
    from pytest_migcheck.postgres.server import Server

_ON_LIBPQ = frozenset({"psycopg", "psycopg_async", "psycopg2", "psycopg2cffi"})
# It reads these two variables as well, and its own arguments have these names.
_OF_ASYNCPG = {"sslmode": "ssl", "target_session_attrs": "target_session_attrs"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionParams:
    """A connection's target; the password is never printed.

    ``settings`` are further ones of libpq that a given URL names, such as ``sslmode``.
    """

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    dbname: str
    settings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Database:
    """One database of a server: ``params`` over the unix socket for ourselves, ``tcp`` to hand out."""

    server: Server = field(repr=False)
    name: str

    @property
    def params(self) -> ConnectionParams:
        return self.server.params_of(self.name)

    @property
    def tcp(self) -> ConnectionParams:
        return self.server.tcp_of(self.name)

    @property
    def url(self) -> str:
        """SQLAlchemy's form with a driver, ``postgresql+psycopg://...``."""
        return self.url_for("psycopg")

    @property
    def async_url(self) -> str:
        """SQLAlchemy's form for an asynchronous engine: with asyncpg if it is installed, else with psycopg."""
        return self.url_for("asyncpg" if importlib.util.find_spec("asyncpg") else "psycopg")

    def url_for(self, driver: str) -> str:
        """SQLAlchemy's form for a driver: ``psycopg``, ``psycopg2``, ``asyncpg``, ``pg8000``."""
        return _url(f"postgresql+{driver}", self.tcp, self._settings(driver))

    @property
    def dsn(self) -> str:
        """libpq's form, ``postgresql://...``."""
        return _url("postgresql", self.tcp, self._settings("psycopg"))

    def _settings(self, driver: str) -> dict[str, str]:
        """What a URL for the driver names besides the target: for a server of ours, against the user's variables."""
        if self.server.kind == "url":
            return dict(self.tcp.settings) if driver in _ON_LIBPQ else {}
        found = countering_settings(os.environ, self.tcp.host, psycopg.pq.version())
        if driver == "asyncpg":
            return {_OF_ASYNCPG[word]: value for word, value in found.items() if word in _OF_ASYNCPG}
        return found if driver in _ON_LIBPQ else {}

    def connect(self) -> psycopg.Connection[Any]:
        """Open an autocommit connection."""
        return self.server.connect(self.name)

    def drop(self) -> None:
        self.server.drop_database(self.name)


def _url(scheme: str, target: ConnectionParams, settings: Mapping[str, str]) -> str:
    credentials = quote(target.user, safe="") + (f":{quote(target.password, safe='')}" if target.password else "")
    words = dict(settings)
    host = f"[{target.host}]" if ":" in target.host else target.host
    if host.startswith("/"):
        host, words = "", {"host": target.host, "port": str(target.port), **words}
    place = f"{host}:{target.port}" if host else ""
    query = f"?{urlencode(words)}" if words else ""
    return f"{scheme}://{credentials}@{place}/{quote(target.dbname, safe='')}{query}"
