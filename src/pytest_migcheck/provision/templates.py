"""Find or build the template that a test's database is copied from."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from pytest_migcheck.core.outcome import MigcheckError, hidden_frames
from pytest_migcheck.history.source import History
from pytest_migcheck.postgres.cluster_wide import ClusterBaseline, has_more, touches_cluster
from pytest_migcheck.postgres.database_set import DatabaseSet
from pytest_migcheck.postgres.ladder import find_binaries
from pytest_migcheck.postgres.server import Server
from pytest_migcheck.postgres.servers import TESTS, Servers
from pytest_migcheck.provision.building import Built, build_template, migrate_to
from pytest_migcheck.provision.kept import Entry, Ingredients, KeptTemplates, NotStoredError
from pytest_migcheck.provision.points import HEADS, Point

# A message says it all; pytest shows where the test asked.
__tracebackhide__ = hidden_frames


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A migrated database that only copies are made of."""

    server: Server
    name: str


class Templates:
    """The templates of a run; each is built once, by whichever process asks first.

    Args:
        servers: where the databases are made.
        place: the setting ``migcheck_postgres``.
        ingredients: what the template of a history depends on.
        fresh: migrate, whatever is in the cache.
    """

    def __init__(
        self, servers: Servers, place: str, ingredients: Callable[[History], Ingredients], *, fresh: bool
    ) -> None:
        self._servers = servers
        self._place = place
        self._ingredients = ingredients
        self._fresh = fresh
        self._known: dict[str, Template] = {}
        self._failed: dict[str, str] = {}
        self._lock = threading.RLock()
        self._cluster_wide: dict[str, bool] = {}
        self.stories: dict[str, str] = {}

    def get(self, history: History, point: Point) -> Template:
        """The template of a history at a point.

        Raises:
            MigcheckError: no server is to be had, or a migration fails.
        """
        name = _name_of(history, point)
        with self._lock:
            if name in self._failed:
                raise MigcheckError(self._failed[name])
            if name not in self._known:
                at_heads = point.revisions is None
                # Roles belong to a cluster, and those of the heads are not made yet at an earlier point.
                if not at_heads and self.makes_roles(history):
                    server = self._servers.get(f"{TESTS}-{os.getpid()}-{name}")
                else:
                    server = self._server(history, needs_heads=at_heads)
                unique = server.database_name(name)
                if unique not in server.list_databases():
                    self._build_in(server, history, point, name, unique)
                self._known[name] = Template(server=server, name=unique)
            return self._known[name]

    def makes_roles(self, history: History) -> bool:
        """Whether the history does what every database of a cluster sees, by its text or by what the server has."""
        if history.name not in self._cluster_wide:
            by_text = touches_cluster(history.source_files())
            self._cluster_wide[history.name] = by_text or has_more(self.server_for(history))
        return self._cluster_wide[history.name]

    def walked(self, history: History, point: Point) -> DatabaseSet:
        """Databases at a point that no template stands beside, for steps of a history that makes roles.

        The server must be one of ours: what was not there at first is dropped.

        Raises:
            MigcheckError: no server is to be had, or a migration fails.
        """
        with self._lock:
            server = self._servers.get(f"{TESTS}-{os.getpid()}-steps")
            ClusterBaseline.of(server).restore_unused(server)
        databases = DatabaseSet(server, "stepper")
        try:
            history.prepare(databases)
            migrate_to(history, databases, point)
            databases.wait_until_unused()
        except BaseException:
            databases.drop()
            raise
        return databases

    def _build_in(self, server: Server, history: History, point: Point, name: str, unique: str) -> None:
        with server.locked(unique):
            if unique not in server.list_databases():
                started = time.perf_counter()
                self._build(server, history, point, name)
                seconds = time.perf_counter() - started
                self.stories.setdefault(history.name, f"{point.label} migrated in {seconds:.2f} s")

    def _build(self, server: Server, history: History, point: Point, name: str) -> Built:
        """Build it, and remember a failure: every test that wants the same would wait for it again."""
        try:
            return build_template(server, history, point, name)
        except MigcheckError as error:
            self._failed[name] = str(error)
            raise

    def server(self) -> Server:
        """The server of the tests, without a template where none was asked for before."""
        return self._servers.get(TESTS)

    def server_for(self, history: History) -> Server:
        """The server of the tests, with the template of this history at the heads where it can be kept."""
        with self._lock:
            return self._server(history, needs_heads=False)

    def _server(self, history: History, *, needs_heads: bool) -> Server:
        """The server of the tests; the first one who needs it starts it from the template at the heads."""
        if self._servers.known(TESTS) is not None:
            return self._servers.get(TESTS)
        kept = self._kept(history)
        if kept is None:
            return self._servers.get(TESTS)
        # One process of those that need it builds; the others find the server running, or the entry.
        with kept.locked():
            if self._servers.peek(TESTS) is not None:
                return self._servers.get(TESTS)
            try:
                entry = (None if self._fresh else kept.find()) or self._made(kept, history)
            except NotStoredError as error:
                self.stories[history.name] = f"not kept: {str(error).splitlines()[0]}"
                return self._servers.get(TESTS)
            except MigcheckError:
                if needs_heads:
                    raise
                # Another revision than the one that fails may be wanted.
                return self._servers.get(TESTS)
            return self._started_from(entry, history, kept)

    def _started_from(self, entry: Entry, history: History, kept: KeptTemplates) -> Server:
        self.stories[history.name] = entry.story
        try:
            return self._servers.get(TESTS, entry.cluster.directory)
        except MigcheckError:
            if not entry.found:
                raise
            # Damaged since it was stored, or removed by another run: once more, without it.
            entry.cluster.remove()
            return self._started_from(self._made(kept, history), history, kept)
        finally:
            if entry.once:
                entry.cluster.remove()

    def _kept(self, history: History) -> KeptTemplates | None:
        """The templates kept for this history; None where the server is none that we can store."""
        try:
            binaries = find_binaries(self._place)
            return None if binaries is None else KeptTemplates(binaries, self._ingredients(history))
        except MigcheckError:
            return None  # the ladder says what is wrong with this rung, and takes the next

    def _made(self, kept: KeptTemplates, history: History) -> Entry:
        started = time.perf_counter()

        def build(server: Server) -> Built:
            return self._build(server, history, HEADS, _name_of(history, HEADS))

        entry = kept.make(build)
        seconds = f"migrated in {time.perf_counter() - started:.2f} s"
        return replace(entry, story=entry.story.replace("migrated", seconds, 1))


def _name_of(history: History, point: Point) -> str:
    """A name that every process of the run gives to the template of this point."""
    words = (str(history.root), history.name, *(("heads",) if point.revisions is None else ("at", *point.revisions)))
    return f"migcheck_template_{hashlib.sha256(chr(0).join(words).encode()).hexdigest()[:16]}"
