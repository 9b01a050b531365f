"""The seam between a history and whoever walks it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pytest_migcheck.core.catalog import Catalog, ObjectKey
from pytest_migcheck.core.finding import Difference, Direction
from pytest_migcheck.core.graph import Graph
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.core.step import StepFailure
from pytest_migcheck.postgres.database_set import DatabaseSet


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """What one step did, as the history saw it; catalogs are the walker's business.

    ``left_uncommitted``: the migration ended Alembic's transaction, and Alembic did not commit what came after;
    the step has committed it, so that the next one is not blamed.
    """

    statements: tuple[Statement, ...]
    failure: StepFailure | None
    seconds: float
    changed_settings: tuple[tuple[str, str, str], ...] = ()
    left_uncommitted: bool = False


class ModelsNotCreatableError(MigcheckError):
    """The declared models cannot be created in an empty database: a fault of the models."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgottenTable:
    """A table that the project's source declares, and the declared models lack; ``imported``: on other metadata."""

    name: str
    path: str
    line: int
    module: str
    imported: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """The declared models of one database: how to build them in an empty one, and what the comparison leaves out.

    ``database`` is the label of this one in a catalog of several databases, "" for the main one; ``others`` are
    the labels of the others.
    ``build`` gets the database and the migrated catalog (for what only migrations can create);
    ``ignore`` is true for differences that the user's own filters leave out; ``complete`` means that every kind of
    object can be declared there, as in DDL, and not only what models can say. ``locate`` gives the file and line
    that declare an object; ``forgotten`` are tables that the project declares somewhere else.
    """

    label: str
    build: Callable[[DatabaseSet, Catalog], None]
    ignore: Callable[[Difference], bool]
    database: str = ""
    others: tuple[str, ...] = ()
    complete: bool = False
    locate: Callable[[ObjectKey], tuple[str, int] | None] = lambda _: None
    forgotten: Callable[[], tuple[ForgottenTable, ...]] = tuple

    @property
    def noun(self) -> str:
        """What the declared side is called."""
        return "declared schema" if self.complete else "models"


class Run(Protocol):
    """A history connected to a set of databases, ready to run single revisions."""

    @property
    def alive(self) -> bool:
        """False once a failed step or ``end`` has finished the run."""

    def step(self, revision: str, direction: Direction, *, traced: bool) -> StepResult:
        """Run exactly one revision in one direction, in a transaction of its own."""

    def end(self) -> None:
        """Finish the run and close every connection that it opened."""


class History(Protocol):
    """A migration history."""

    name: str
    kind: str
    root: Path
    env_path: Path

    @property
    def graph(self) -> Graph:
        """The revisions; the first look at it may read every file."""

    def config_files(self) -> tuple[Path, ...]:
        """The files that configure it."""

    def describe(self) -> str:
        """Say in one line what was found and where."""

    def prepare(self, databases: DatabaseSet) -> None:
        """Bring the empty databases to the state that the history presupposes."""

    def start(self, databases: DatabaseSet) -> Run:
        """Connect to the databases; nothing runs yet."""

    def upgrade_to_heads(self, databases: DatabaseSet) -> StepResult:
        """Upgrade in one shot in the history's own transaction mode."""

    def version_tables(self) -> tuple[tuple[str, str], ...]:
        """(schema, name) of the bookkeeping tables."""

    def declared(self, databases: DatabaseSet) -> tuple[Declared, ...] | str:
        """The declared models of every database that has some, or the reason why there are none."""
