"""What the user's code asks for, and the database of ours that it gets instead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Target:
    """What the user's code asked for; "" where it did not say."""

    host: str
    port: str
    dbname: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a connection goes instead.

    ``host`` may be the directory of a Unix socket (for psycopg, psycopg2 and asyncpg), ``tcp_host`` and ``tcp_port``
    are for drivers that take no directory. ``label`` tells which database it is; ``settings`` are further
    settings of libpq that a given URL names, such as ``sslmode``.
    """

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    dbname: str
    tcp_host: str
    tcp_port: int
    label: str
    settings: tuple[tuple[str, str], ...] = ()


Places = Callable[[Target], Place]


class Router(Protocol):
    """What a patched driver asks before it connects, and reports afterwards."""

    def route(self, driver: str, target: Target) -> Place | None:
        """The place to connect to, or None for a connection of our own.

        Raises:
            ForeignConnectionError: there is no place for it.
        """
        ...

    def made(self, connection: Any, place: Place, is_open: Callable[[Any], bool]) -> None:
        """Remember a connection that was made to a place."""
        ...
