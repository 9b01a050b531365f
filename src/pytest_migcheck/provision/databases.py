"""What the fixtures give: servers, copies at any point of a history, and steps by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.core.rows import Row
from pytest_migcheck.history.source import History
from pytest_migcheck.postgres.clones import Clones, OpenSession
from pytest_migcheck.postgres.database import Database
from pytest_migcheck.postgres.database_set import DatabaseSet
from pytest_migcheck.postgres.server import Server
from pytest_migcheck.postgres.servers import TESTS, Servers
from pytest_migcheck.provision.kept import Ingredients, settings_text
from pytest_migcheck.provision.points import Point, point_at
from pytest_migcheck.provision.stepping import Stepper
from pytest_migcheck.provision.templates import Templates
from pytest_migcheck.settings import Settings


class HookFiles(Protocol):
    """Whoever knows which of the user's files implement our hooks."""

    def files(self) -> tuple[Path, ...]: ...

    def strategy(self, table: str, column: str) -> Any: ...


def ingredients_of(
    history: History, settings: Settings, hooks: HookFiles, revisions: tuple[str, ...] | None = None
) -> Ingredients:
    """What a template of the history is made of, at the heads or with these revisions applied."""
    return Ingredients(
        history=history,
        root=settings.root,
        settings=settings_text(
            config=settings.config,
            target=settings.target,
            env=dict(settings.env),
            histories=settings.histories,
            init=settings.init,
        ),
        hooks=hooks.files(),
        reading=history.evidence,
        revisions=revisions,
    )


class MigratedDatabases:
    """The databases of a run's tests; everything is made when it is first asked for.

    Args:
        settings: those of the run.
        servers: where the databases are made.
        histories: the histories of the project.
        pause: ends a paused run of env.py, which would redirect other connections.
        hooks: knows the user's files that reach the migrations through hooks.
    """

    def __init__(
        self,
        settings: Settings,
        servers: Servers,
        histories: Sequence[History],
        pause: Callable[[], None],
        hooks: HookFiles,
    ) -> None:
        self._settings = settings
        self._servers = servers
        self._histories = histories
        self._pause = pause
        self._hooks = hooks
        self._templates = Templates(servers, settings.postgres, self._ingredients, fresh=settings.fresh)
        self._clones = Clones()

    def _ingredients(self, history: History) -> Ingredients:
        return ingredients_of(history, self._settings, self._hooks)

    def history(self, name: str | None = None) -> History:
        """The project's history, or the one of that name.

        Raises:
            MigcheckError: there is none of that name, or there are several and none was named.
        """
        names = [history.name for history in self._histories]
        if name is None and len(names) == 1:
            return self._histories[0]
        if name not in names:
            said = f"{name!r} is not a history" if name else f"there are {len(names)} histories, so one must be named"
            raise MigcheckError(
                f"{said}; valid: {', '.join(names)}\n"
                'what to do: @pytest.mark.migcheck_at("heads", history="NAME"), or migcheck_db_factory(history="NAME")'
            )
        return next(history for history in self._histories if history.name == name)

    def server(self) -> Server:
        """The server of the tests, started from a kept template where there is just one history."""
        if self._servers.peek(TESTS) is None and len(self._histories) == 1:
            self._pause()
            return self._templates.server_for(self._histories[0])
        return self._templates.server()

    def create_empty(self, label: str) -> Database:
        return self._clones.take_empty(self.server(), label)

    def clone(self, at: str = "heads", history: str | None = None) -> Database:
        """A new database at a point of a history.

        Raises:
            MigcheckError: the point or the history is none, no server is to be had, or a migration fails.
        """
        named = self.history(history)
        return self._clone(named, point_at(named, at))

    def _clone(self, history: History, point: Point) -> Database:
        self._pause()
        template = self._templates.get(history, point)
        return self._clones.take(template.server, template.name)

    def open_sessions(self, database: Database) -> tuple[OpenSession, ...]:
        """Who is still connected to the database."""
        return self._clones.open_sessions(database)

    def give_back(self, database: Database) -> None:
        """Drop the database, soon."""
        self._clones.give_back(database)

    def stepper(self, history: str | None = None) -> Stepper:
        """Steps by hand over a database of its own."""
        named = self.history(history)

        def open_at(point: Point) -> DatabaseSet:
            if not self._settings.by_url and self._templates.makes_roles(named):
                self._pause()
                return self._templates.walked(named, point)
            return DatabaseSet.around(self._clone(named, point), "stepper")

        return Stepper(named, open_at, self._pause)

    def populate(self, target: Any, tables: Sequence[str], rows: int) -> dict[str, list[Row]]:
        """Fill tables with valid rows; see ``provision.populating``."""
        from pytest_migcheck.provision.populating import populate

        hidden = [name for history in self._histories for name in history.version_tables()]
        return populate(target, tables, rows, self._hooks.strategy, hidden)

    def stories(self) -> tuple[str, ...]:
        """How each template came about, one line each."""
        return tuple(f"template of {name}: {story}" for name, story in self._templates.stories.items())

    def close(self) -> None:
        """Drop what is to be dropped, and close our connections."""
        self._clones.close()

