"""Servers as plain data: one process of a run has them, others use them; see ``core.asking`` for the way between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from pytest_migcheck.core.asking import ask
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.postgres.cluster import is_there, listens
from pytest_migcheck.postgres.cluster_wide import ClusterBaseline
from pytest_migcheck.postgres.connecting import answers
from pytest_migcheck.postgres.database import ConnectionParams
from pytest_migcheck.postgres.external import attach_external
from pytest_migcheck.postgres.rundir import read_log_tail
from pytest_migcheck.postgres.server import Server


class Lending(Protocol):
    """Whoever has servers to lend; see ``Servers``."""

    def get(self, realm: str, stored: Path | None = None) -> Server: ...

    def peek(self, realm: str) -> Server | None: ...


def lend(request: Any, servers: Lending) -> dict[str, Any]:
    """Answer what ``borrow`` asks: the server of a realm, started if that is wanted."""
    realm, stored, start = request
    try:
        server = servers.get(realm, stored and Path(stored)) if start else servers.peek(realm)
        if server is not None and server.kind != "url":
            # Before whoever borrows it walks there.
            ClusterBaseline.of(server)
    except MigcheckError as error:
        return {"error": str(error)}
    return {"server": server and plain_server(server)}


def borrow(address: Mapping[str, str], realm: str, stored: Path | None, *, start: bool) -> Server | None:
    """Ask the lender for a server; it stays the lender's, ``stop`` does nothing.

    None if it does not run and ``start`` is false.

    Raises:
        MigcheckError: the lender has none to give, with its reason, or is gone.
    """
    try:
        reply = ask(address, [realm, stored and str(stored), start])
    except (OSError, EOFError) as error:
        raise MigcheckError(f"the controller of pytest-xdist gives no server: {type(error).__name__}") from error
    if "error" in reply:
        raise MigcheckError(reply["error"])
    return attached_server(reply["server"]) if reply["server"] else None


def plain_server(server: Server) -> dict[str, Any]:
    """A server as plain data; it holds a password."""
    return {
        "kind": server.kind,
        "version": server.version,
        "version_num": server.version_num,
        "reason": server.reason,
        "seconds": server.seconds,
        "params": asdict(server.params),
        "tcp": asdict(server.tcp),
        "run_directory": server.run_directory and str(server.run_directory),
        "proof": server.proof,
        "container": server.container,
        "standins": list(server.standins),
        "token": getattr(server, "token", None),
        "at_start": server.at_start and [[*key, value] for key, value in server.at_start.items()],
    }


def attached_server(plain: dict[str, Any]) -> Server:
    """The server in this process; it stays the other's, ``stop`` does nothing."""
    params, tcp = _params(plain["params"]), _params(plain["tcp"])
    words = {name: plain[name] for name in ("kind", "version", "version_num", "reason", "seconds")}
    if plain["token"] is not None:
        return attach_external(params, token=plain["token"], **words)
    directory = plain["run_directory"] and Path(plain["run_directory"])
    socket = directory / f".s.PGSQL.{params.port}" if directory and params.host == str(directory) else None
    return Server(
        **words,
        params=params,
        tcp=tcp,
        stopper=lambda: None,
        alive=lambda: _is_alive(socket) if socket else answers(params, plain["proof"]),
        log=lambda: read_log_tail(directory) if directory else "",
        proof=plain["proof"],
        run_directory=directory,
        container=plain["container"],
        standins=tuple(plain["standins"]),
        at_start=plain["at_start"] and {(kind, name): value for kind, name, value in plain["at_start"]},
    )


def _is_alive(socket: Path) -> bool:
    return is_there(socket.parent) and listens(socket)


def _params(plain: dict[str, Any]) -> ConnectionParams:
    return ConnectionParams(**{**plain, "settings": tuple((n, v) for n, v in plain["settings"])})
