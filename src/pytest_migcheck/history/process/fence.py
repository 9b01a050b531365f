"""The guard of the history process: where connections go, and what was refused."""

from __future__ import annotations

from collections.abc import Collection

from pytest_migcheck.core.reading import is_users_file
from pytest_migcheck.core.statement import Source
from pytest_migcheck.core.step import StepFailure
from pytest_migcheck.guard.drivers import Drivers
from pytest_migcheck.guard.places import Ours, Place
from pytest_migcheck.guard.refusals import ForeignConnectionError, Refusals
from pytest_migcheck.guard.sockets import Sockets
from pytest_migcheck.postgres.database import ConnectionParams
from pytest_migcheck.postgres.database_set import DatabaseSet


class Fence:
    """Installed once, before any code of the user's runs; ``open_to`` says where connections go from then on."""

    def __init__(self, allowed: Collection[tuple[str, int]]) -> None:
        self._refusals = Refusals(is_users_file)
        self._drivers = Drivers(self._refusals)
        self._sockets = Sockets(self._refusals, self._addresses, allowed)

    def install(self) -> None:
        self._drivers.install()
        self._sockets.install()

    def _addresses(self) -> Collection[tuple[str, int]]:
        return self._drivers.ours.addresses if self._drivers.ours is not None else ()

    def open_to(self, databases: DatabaseSet) -> None:
        """Send connections to these databases."""
        server = databases.server
        params, tcp = server.params, server.tcp

        def place(target: tuple[str, str, str]) -> Place:
            return _place(databases.database_for(target).params, external=server.kind == "url")

        self._drivers.ours = Ours(
            addresses=((params.host, params.port), (tcp.host, tcp.port)),
            names=lambda: {database.name for database in databases.databases},
            place=place,
        )

    def refuse(self) -> None:
        """Report what was refused, whatever the user's code made of the exception.

        Raises:
            ForeignConnectionError: something was.
        """
        for refusal in self._refusals.take():
            raise ForeignConnectionError(refusal.message())

    def failure(self) -> StepFailure | None:
        """What was refused in a step, as its failure."""
        for refusal in self._refusals.take():
            source = Source(path=refusal.path, line=refusal.line, function="", text="") if refusal.path else None
            return StepFailure(kind="ForeignConnection", message=refusal.message(), source=source)
        return None


def _place(params: ConnectionParams, *, external: bool) -> Place:
    return Place(
        host=params.host,
        port=params.port,
        user=params.user,
        password=params.password,
        dbname=params.dbname,
        settings=params.settings,
        external=external,
    )
