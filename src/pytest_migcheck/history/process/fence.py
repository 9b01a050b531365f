"""The guard of the history process: where its connections go, and what was refused."""

from __future__ import annotations

import linecache
from collections.abc import Collection

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.core.reading import is_users_file
from pytest_migcheck.core.statement import Source
from pytest_migcheck.core.step import StepFailure
from pytest_migcheck.guard import own
from pytest_migcheck.guard.drivers import Guard
from pytest_migcheck.guard.places import Place, Target
from pytest_migcheck.guard.refusals import Refusal
from pytest_migcheck.postgres.database import Database
from pytest_migcheck.postgres.database_set import DatabaseSet

_ADVICE = (
    "what to do: use op.get_bind() in a migration, or the run's own URL (migcheck_env = NAME={url}); for a server that "
    "is no database: migcheck_allow_hosts = HOST:PORT"
)


class RefusedError(MigcheckError):
    """The user's code tried to reach something that is not a database of the run (MC900)."""


class Fence:
    """Installed once, before any code of the user's runs; ``open_to`` says where connections go from then on.

    Args:
        ports: the TCP ports of our servers.
        allowed: the hosts and ports of ``migcheck_allow_hosts``.
    """

    def __init__(self, ports: Collection[int], allowed: Collection[tuple[str, int]]) -> None:
        self.guard = Guard(is_users=is_users_file, allowed=allowed, ports=ports)

    def install(self) -> None:
        self.guard.install()
        own.passing = self.guard.internal

    def open_to(self, databases: DatabaseSet) -> None:
        """Send connections to these databases."""

        def place(target: Target) -> Place:
            by_name = {database.name: database for database in databases.databases}
            found = by_name.get(target.dbname) or databases.database_for((target.host, target.port, target.dbname))
            return _place(found)

        self.guard.places = place

    def refuse(self) -> None:
        """Report what was refused, whatever the user's code made of the exception.

        Raises:
            RefusedError: something was.
        """
        refusals = self.guard.take_refusals()
        if refusals:
            raise RefusedError(_message(refusals))

    def failure(self) -> StepFailure | None:
        """What was refused in a step, as its failure."""
        refusals = self.guard.take_refusals()
        if not refusals:
            return None
        return StepFailure(kind=RefusedError.__name__, message=_message(refusals), source=_source(refusals[0]))


def _message(refusals: Collection[Refusal]) -> str:
    return "\n".join([*map(str, refusals), _ADVICE])


def _source(refusal: Refusal) -> Source | None:
    if not refusal.path:
        return None
    text = linecache.getline(refusal.path, refusal.line).strip()
    return Source(path=refusal.path, line=refusal.line, function="", text=text)


def _place(database: Database) -> Place:
    params, tcp = database.params, database.tcp
    return Place(
        host=params.host,
        port=params.port,
        user=params.user,
        password=params.password,
        dbname=params.dbname,
        tcp_host=tcp.host,
        tcp_port=tcp.port,
        label=params.dbname,
        settings=params.settings,
    )
