"""The state before the first revision that is judged: a kept template, so that older revisions need not run again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.history.source import History
from pytest_migcheck.postgres.database_set import DatabaseSet
from pytest_migcheck.postgres.ladder import find_binaries
from pytest_migcheck.postgres.server import Server
from pytest_migcheck.postgres.servers import Servers
from pytest_migcheck.provision.building import Built, build_template
from pytest_migcheck.provision.kept import Entry, Ingredients, KeptTemplates
from pytest_migcheck.provision.points import Point

_NAME = "migcheck_template_base"


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """A state to start from: the first ``position`` revisions of the order are applied.

    ``story`` says how it came about, in a few words; ``cluster`` is what its server starts from.
    """

    position: int
    story: str
    cluster: Path
    _entry: Entry

    def copy(self, server: Server, label: str, *, incremental: bool = False) -> DatabaseSet:
        """Databases of their own in this state."""
        return DatabaseSet(server, label, incremental=incremental, template=server.database_name(_NAME))

    def is_in(self, server: Server) -> bool:
        """Whether a server that another process has started holds the state."""
        return server.database_name(_NAME) in server.list_databases()

    def done(self) -> None:
        """No server is started from it any more: one that is not to be used again goes."""
        if self._entry.once:
            self._entry.cluster.remove()

    def damaged(self) -> None:
        self._entry.cluster.remove()


class Grounds:
    """The servers of the checks, started from the floor where there is one.

    ``seek`` finds it, once, before a start, or says why there is none; None where none is wanted. ``story`` tells
    how it came about, or why the older revisions ran.
    """

    def __init__(self, servers: Servers, seek: Callable[[], Floor | str | None]) -> None:
        self._servers = servers
        self._seek = seek
        self._sought = False
        self.floor: Floor | None = None
        self.story: str | None = None

    def server(self, realm: str) -> Server:
        """The server of a realm.

        Raises:
            MigcheckError: none is to be had.
        """
        if not self._sought:
            self._sought = True
            found = self._seek()
            if isinstance(found, Floor):
                self.floor, self.story = found, f"a template, {found.story}"
            elif found is not None:
                self._run_older(found)
        if self.floor is None or self._servers.known(realm) is not None:
            return self._servers.get(realm)
        try:
            server = self._servers.get(realm, self.floor.cluster)
        except MigcheckError:
            # Damaged since it was stored, or removed by another run.
            self.floor.damaged()
            self._run_older("it was damaged since it was stored")
            return self._servers.get(realm)
        if not self.floor.is_in(server):
            self._run_older("the server that runs was started without it")
        return server

    def _run_older(self, reason: str) -> None:
        self.floor, self.story = None, f"run, without a template: {reason}"

    def begin(self, server: Server, history: History, label: str) -> DatabaseSet:
        """Databases at the floor; without one, empty ones that are prepared as the history presupposes."""
        if self.floor is not None:
            return self.floor.copy(server, label)
        databases = DatabaseSet(server, label)
        history.prepare(databases)
        return databases

    def close(self) -> None:
        if self.floor is not None:
            self.floor.done()


def find_floor(
    place: str, position: int, ingredients: Callable[[tuple[str, ...]], Ingredients], history: History, *, fresh: bool
) -> Floor | str:
    """The state with the first ``position`` revisions, from the cache or made now.

    The reason where it cannot be had as a template: a server that is not ours, several databases, an older revision
    that fails. Then the older revisions run.
    """
    revisions = history.graph.order[:position]
    try:
        binaries = find_binaries(place)
        if binaries is None:
            return "the server is none that can be kept"
        kept = KeptTemplates(binaries, ingredients(revisions))
        with kept.locked():
            started = time.perf_counter()
            entry = (None if fresh else kept.find()) or kept.make(_builder(history, revisions))
            seconds = time.perf_counter() - started
    except MigcheckError as error:
        return str(error).splitlines()[0]
    story = "from the cache" if entry.found else f"{entry.story} ({seconds:.1f} s)"
    return Floor(position=position, story=story, cluster=entry.cluster.directory, _entry=entry)


def _builder(history: History, revisions: tuple[str, ...]) -> Callable[[Server], Built]:
    point = Point(label=revisions[-1] if revisions else "base", revisions=revisions)
    return lambda server: build_template(server, history, point, _NAME, whole=True)
