"""The servers of one run, each started when it is first needed, by realm.

Roles belong to a whole cluster, so walks of the checks and databases of the user's tests have clusters of their own:
neither finds what the other made. On a server that a URL names there is one realm for all.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.postgres.ladder import start_server
from pytest_migcheck.postgres.lending import borrow
from pytest_migcheck.postgres.ports import give_back_ports, keep_port
from pytest_migcheck.postgres.server import Server
from pytest_migcheck.postgres.store import StoredCluster

CHECKS = "checks"
TESTS = "tests"
_URL = "url"


class Servers:
    """Starts servers, or borrows them where another process of the run has them; may be used by several threads.

    Args:
        place: the setting ``migcheck_postgres``.
        lender: the address of the process that has the servers (``core.asking``), or None to start them here.
        target_version: the major version wanted where the rung has a choice.
    """

    def __init__(self, place: str, lender: Mapping[str, str] | None = None, target_version: int | None = None) -> None:
        self._place = place
        self._target_version = target_version
        self._address = lender
        self._servers: dict[str, Server] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()
        self._closed = False

    @property
    def borrowed(self) -> bool:
        return self._address is not None

    def ports(self) -> tuple[int, ...]:
        """The TCP ports that are known before a server runs, for processes that give up all others."""
        return () if self.borrowed or "://" in self._place else keep_port()

    def running(self) -> tuple[Server, ...]:
        """The servers that were needed so far."""
        return tuple({id(server): server for server in self._servers.values()}.values())

    def known(self, realm: str) -> Server | None:
        """The server of a realm if this process has needed it."""
        return self._servers.get(self._realm(realm))

    def get(self, realm: str, stored: Path | None = None) -> Server:
        """The server of a realm; ``stored`` is the cluster to start it from, if it does not run yet.

        Raises:
            MigcheckError: no server is to be had, or it died; says what was tried.
        """
        name = self._realm(realm)
        with self._lock:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            if self._closed:
                raise MigcheckError("pytest-migcheck: the run was interrupted; its server is stopped")
            if name not in self._servers:
                self._servers[name] = self._started(realm, stored)
        return self._alive(self._servers[name])

    def peek(self, realm: str) -> Server | None:
        """The server of a realm if one runs, here or where servers are borrowed; starts none."""
        name = self._realm(realm)
        if name not in self._servers and self._address is not None:
            found = borrow(self._address, realm, None, start=False)
            if found is not None:
                self._servers.setdefault(name, found)
        return self._servers.get(name)

    def _realm(self, realm: str) -> str:
        return _URL if "://" in self._place else realm

    def _started(self, realm: str, stored: Path | None) -> Server:
        server = self._start(realm, stored)
        if self._closed:
            # Closed by another thread while it started: nobody else would stop it.
            server.stop()
        return server

    def _start(self, realm: str, stored: Path | None) -> Server:
        if self._address is not None:
            server = borrow(self._address, realm, stored, start=True)
            assert server is not None
            return server
        cluster = StoredCluster(stored) if stored is not None else None
        return start_server(self._place, cluster, self._target_version)

    def _alive(self, server: Server) -> Server:
        if not server.is_alive():
            raise server.died()
        return server

    def close(self, finish: Callable[[Server], object] = Server.stop) -> None:
        """Stop everything that was started here, with ``finish``; may be called more than once."""
        if self._closed:
            return
        self._closed = True
        for server in self.running():
            finish(server)
        give_back_ports()
