"""Which addresses are ours or allowed."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from collections.abc import Collection

from pytest_migcheck.guard.places import Place

_LOOPBACK = frozenset(("127.0.0.1", "::1", "localhost"))
_SOCKET = re.compile(r"\.s\.PGSQL\.(\d+)$")


class Addresses:
    """The allowed host and port pairs, our servers' ports on loopback, and the places that were given out."""

    def __init__(
        self, allowed: Collection[tuple[str, int]], ports: Collection[int], sockets: Collection[str] = ()
    ) -> None:
        self._pairs = {(_normal(host), port) for host, port in allowed}
        self._ports = set(ports)
        self._directories = {os.path.realpath(directory) for directory in sockets}
        self._sockets: set[tuple[str, int]] = set()
        self._resolve = socket.getaddrinfo

    def add(self, place: Place) -> None:
        """A place was given out: what leads there is ours."""
        self._pairs.add((_normal(place.tcp_host), place.tcp_port))
        if place.host.startswith("/"):
            self._sockets.add((os.path.realpath(place.host), place.port))
        else:
            self._pairs.add((_normal(place.host), place.port))

    def has_tcp(self, host: str, port: int) -> bool:
        """Whether a TCP address is ours or allowed; allowed names are resolved."""
        host = _normal(host)
        if (host, port) in self._pairs or (port in self._ports and host in _LOOPBACK):
            return True
        names = [name for name, of_port in self._pairs if of_port == port and not _is_ip(name)]
        return bool(names) and _is_ip(host) and any(host in self._ips(name, port) for name in names)

    def has_directory(self, directory: str, port: int) -> bool:
        """Whether a directory has the Unix socket of a server of ours."""
        real = os.path.realpath(directory)
        return (real, port) in self._sockets or (real in self._directories and port in self._ports)

    def has(self, host: str, port: int) -> bool:
        """Whether a host as libpq takes it, a name, an address or a directory, is ours."""
        return self.has_directory(host, port) if host.startswith(("/", "@")) else self.has_tcp(host, port)

    def foreign_socket(self, path: str) -> tuple[str, str] | None:
        """(directory, port) of a PostgreSQL socket that is not ours."""
        found = _SOCKET.search(path)
        if found is None:
            return None
        directory = os.path.dirname(path) or "."  # noqa: PTH120
        return None if self.has_directory(directory, int(found[1])) else (directory, found[1])

    def _ips(self, name: str, port: int) -> set[str]:
        try:
            found = self._resolve(name, port, type=socket.SOCK_STREAM)
        except OSError:  # an allowed name that does not resolve allows nothing
            return set()
        return {_normal(str(entry[4][0])) for entry in found}


def _normal(host: str) -> str:
    host = host.strip("[]").partition("%")[0].rstrip(".").lower()
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
