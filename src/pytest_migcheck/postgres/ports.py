"""TCP ports on the loopback interface that are kept for the servers of this run.

A history process gives up all other ports before a server runs. A port is kept by a socket that is bound and never
listens: with SO_REUSEADDR on both, PostgreSQL can bind and listen meanwhile
(https://man7.org/linux/man-pages/man7/socket.7.html).
"""

from __future__ import annotations

import socket
import sys

_kept: list[socket.socket] = []
_free: list[int] = []


def keep_port() -> tuple[int, ...]:
    """Keep a port for the next server; none where two sockets cannot share an address."""
    if sys.platform != "linux":
        return ()
    keeper = socket.socket()
    keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    keeper.bind(("127.0.0.1", 0))
    _kept.append(keeper)
    _free.append(keeper.getsockname()[1])
    return (_free[-1],)


def take_port() -> int:
    """The port that was kept, once; then any that is free now."""
    if _free:
        return _free.pop()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def give_back_ports() -> None:
    """Keep no port any longer."""
    while _kept:
        _kept.pop().close()
    _free.clear()
