"""The guard of a process: drivers lead to the places of the run, everything else is refused.

It is installed before any code of the user's runs. psycopg, psycopg2, asyncpg and pg8000 are redirected where each of
them makes all of its connections; audit events (https://docs.python.org/3/library/audit_events.html) refuse the rest.
libpq called by ctypes, and what programs do by themselves, is for the kernel to refuse.
"""

from __future__ import annotations

import os
import socket
import sys
import weakref
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from pytest_migcheck.guard import driver_asyncpg, driver_pg8000, driver_psycopg, driver_psycopg2
from pytest_migcheck.guard.addresses import Addresses
from pytest_migcheck.guard.imports import Hook
from pytest_migcheck.guard.places import Place, Places, Target
from pytest_migcheck.guard.refusals import ForeignConnectionError, Refusal, Refusals
from pytest_migcheck.guard.starting import Starting

_ADVICE = (
    "allow host and port with migcheck_allow_hosts = {address} if this is no database; if it is one, give the code "
    "the run's own URL (migcheck_env = NAME={{url}} sets an environment variable)"
)
_ADVICE_NO_PLACE = (
    "connect in env.py's run_migrations_online() or in a revision's upgrade(), not while modules are imported"
)
# Attributes under which wrappers keep the connection that they wrap: SQLAlchemy's adapters and pool, asyncpg's pool,
# aiopg, wrapt; psycopg's connection keeps libpq's.
_WRAPPED = ("_connection", "dbapi_connection", "driver_connection", "_con", "_conn", "__wrapped__", "pgconn")

_internal: ContextVar[bool] = ContextVar("_internal", default=False)


class Guard:
    """Redirects and refuses the connections of one process.

    Args:
        is_users: whether a file is of the user's code.
        allowed: host and port pairs that may be reached as they are.
        ports: the ports of our servers on the loopback addresses.
        sockets: the directories of our servers' Unix sockets, as far as they are known before a place is given out.
    """

    def __init__(
        self,
        *,
        is_users: Callable[[str], bool],
        allowed: Collection[tuple[str, int]] = (),
        ports: Collection[int] = (),
        sockets: Collection[str] = (),
    ) -> None:
        self.places: Places | None = None
        self._addresses = Addresses(allowed, ports, sockets)
        self._refusals = Refusals(is_users)
        self._made: dict[int, tuple[weakref.ref[Any], str, Callable[[Any], bool]]] = {}
        starting = self._starting = Starting(self._addresses, self._refusals, _internal.get)
        self._hook = Hook(
            {
                **driver_psycopg.patches(self, _internal.get),
                **driver_psycopg2.patches(self),
                **driver_asyncpg.patches(self, _internal.get),
                **driver_pg8000.patches(self),
                **starting.patches(),
            }
        )
        self._events: dict[str, Callable[..., None]] = {
            "import": self._imports,
            "socket.connect": self._connects,
            # TCP Fast Open connects with the first message.
            "socket.sendto": self._connects,
            "socket.sendmsg": self._connects,
            **starting.events(),
        }

    def install(self) -> None:
        """Guard this process, to its end; call it once, before the user's code runs."""
        self._hook.install()
        self._starting.install()
        sys.addaudithook(self._audit)

    @contextmanager
    def internal(self) -> Iterator[None]:
        """Let connections and programs of our own pass in this context."""
        token = _internal.set(True)
        try:
            yield
        finally:
            _internal.reset(token)

    def label_of(self, dbapi_connection: Any) -> str | None:
        """The label of the place that a connection leads to; None if the guard has not made it."""
        seen: set[int] = set()
        todo = [dbapi_connection]
        while todo:
            connection = todo.pop()
            if connection is None or id(connection) in seen or isinstance(connection, (str, bytes, int)):
                continue
            seen.add(id(connection))
            made = self._made.get(id(connection))
            if made is not None and made[0]() is connection:
                return made[1]
            todo += [getattr(connection, name, None) for name in _WRAPPED]
        return None

    def take_refusals(self) -> tuple[Refusal, ...]:
        """What was refused since the last call."""
        return self._refusals.take()

    def open_connections(self) -> int:
        """How many connections that were made to places are not closed."""
        made = [(reference(), is_open) for reference, _label, is_open in list(self._made.values())]
        return sum(1 for connection, is_open in made if connection is not None and is_open(connection))

    def route(self, driver: str, target: Target) -> Place | None:
        """The place for a driver's connection, or None for one of our own."""
        if _internal.get():
            return None
        if self.places is None:
            raise self._refusals.refuse(
                f"{driver} while the run has no database", target.host, target.port, _ADVICE_NO_PLACE
            )
        place = self.places(target)
        self._addresses.add(place)
        return place

    def made(self, connection: Any, place: Place, is_open: Callable[[Any], bool]) -> None:
        """Remember a connection that leads to a place."""
        key = id(connection)

        def forget(reference: weakref.ref[Any]) -> None:
            if key in self._made and self._made[key][0] is reference:
                del self._made[key]

        self._made[key] = (weakref.ref(connection, forget), place.label, is_open)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        act = self._events.get(event)
        if act is not None and not _internal.get():
            act(*arguments)

    def _imports(self, *_arguments: Any) -> None:
        self._hook.keep_first(sys.meta_path)

    def _connects(self, connecting: socket.socket, address: Any) -> None:
        if address is None:
            return
        if connecting.family in (socket.AF_INET, socket.AF_INET6):
            if connecting.type != socket.SOCK_STREAM:
                return
            host, port = _text(address[0]), int(address[1])
            if not self._addresses.has_tcp(host, port):
                raise self._refuse_address("a connection", host, str(port))
        elif connecting.family == socket.AF_UNIX and isinstance(address, (str, bytes)):
            foreign = self._addresses.foreign_socket(os.fsdecode(address))
            if foreign is not None:
                raise self._refuse_address("a connection", *foreign)

    def _refuse_address(self, what: str, host: str, port: str) -> ForeignConnectionError:
        return self._refusals.refuse(what, host, port, _ADVICE.format(address=f"{host}:{port}"))


def _text(value: Any) -> str:
    return os.fsdecode(value) if isinstance(value, (str, bytes)) else str(value)
