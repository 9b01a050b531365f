"""The seam between a history and whoever walks it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pytest_migcheck.core.catalog import Catalog, ObjectKey
from pytest_migcheck.core.finding import Difference, Direction, Severity
from pytest_migcheck.core.graph import Graph
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.core.reading import Evidence
from pytest_migcheck.core.statement import Source, Statement
from pytest_migcheck.core.step import StepFailure
from pytest_migcheck.postgres.database_set import DatabaseSet

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class HookCallers:
    """How a history process loads the user's hooks.

    ``loader`` is ``module:function``; the function gets ``arguments`` and returns ``Hooks``.
    """

    loader: str
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """What one step did, as the history saw it; catalogs are the walker's business.

    ``left_uncommitted``: the migration ended Alembic's transaction, and Alembic did not commit what came after;
    the step has committed it, so that the next one is not blamed. ``ends_session``: it has left something in its
    session that only a new one is without. ``uncommitted``: the line of env.py that left the commit to env.py, which
    was not seen to commit.
    """

    statements: tuple[Statement, ...]
    failure: StepFailure | None
    seconds: float
    changed_settings: tuple[tuple[str, str, str], ...] = ()
    left_uncommitted: bool = False
    ends_session: bool = False
    uncommitted: Source | None = None


class ModelsNotCreatableError(MigcheckError):
    """The declared models cannot be created in an empty database: a fault of the models."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgottenTable:
    """A table that the project's source declares, and the declared models lack; ``imported``: on other metadata.

    ``schema`` is "" where the source does not say it.
    """

    name: str
    path: str
    line: int
    module: str
    imported: bool
    schema: str = ""

    @property
    def label(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name

    def may_be(self, schema: str, name: str) -> bool:
        """Whether it may be the table of that name in that schema."""
        return self.name == name and self.schema in ("", schema)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """The declared models of one database: how to build them in an empty one, and what the comparison leaves out.

    ``database`` is the label of this one in a catalog of several databases, "" for the main one; ``others`` are
    the labels of the others.
    ``build`` gets an empty database and the migrated catalog (for what only migrations can create); where that fails,
    ``build_over`` gets a copy of the migrated database, if there is such a way;
    ``ignore`` is true for differences that the user's own filters leave out; ``complete`` means that every kind of
    object can be declared there, as in DDL, and not only what models can say. ``locate`` gives the file and line
    that declare an object; ``chosen`` is true for a constraint or an index whose name is given there, so that it is
    not taken for the server's because it looks like that; ``forgotten`` are tables that the project declares somewhere
    else; ``notes`` say what is left out; ``conventions``: Alembic makes other names of those that it is given.
    """

    label: str
    build: Callable[[DatabaseSet, Catalog], None]
    ignore: Callable[[Difference], bool]
    database: str = ""
    others: tuple[str, ...] = ()
    complete: bool = False
    conventions: bool = False
    locate: Callable[[ObjectKey], tuple[str, int] | None] = lambda _: None
    chosen: Callable[[ObjectKey], bool] = lambda _: False
    forgotten: Callable[[], tuple[ForgottenTable, ...]] = tuple
    build_over: Callable[[DatabaseSet, Catalog], None] | None = None
    notes: tuple[str, ...] = ()

    @property
    def noun(self) -> str:
        """What the declared side is called."""
        return "declared schema" if self.complete else "models"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that is wrong with the files of a history, before any of them runs.

    ``rule`` is a name of ``core.rule_ids``; ``object`` what the fault is about, such as a file or an entry.
    """

    rule: str
    headline: str
    object: str
    path: str
    line: int = 1
    severity: Severity = Severity.ERROR
    revision: str | None = None
    details: tuple[tuple[str, str], ...] = ()


class RunHooks(Protocol):
    """The user's hooks as pytest's process sees them."""

    def callers(self) -> HookCallers | None:
        """How a history process loads the hooks about histories; None where there are none."""

    def implements(self, name: str) -> bool:
        """Whether somebody implements ``pytest_migcheck_NAME``."""

    @property
    def interactive(self) -> bool:
        """Whether migrations may use the terminal."""

    def strategy(self, table: str, column: str) -> Any:
        """A Hypothesis strategy for the values of a column, None for ours."""

    def files(self) -> tuple[Path, ...]:
        """The user's source files that implement hooks."""


class Hooks(Protocol):
    """The user's hooks about histories, in the history process."""

    def alembic_config(self, config_path: Path) -> Sequence[Any]:
        """Configurations that replace what was found; an empty sequence keeps it."""

    def environment(self, history: str) -> Iterable[AbstractContextManager[Any]]:
        """Context managers to enter around every run of env.py."""

    def prepare(self, history: str) -> Sequence[str | Callable[[Any], Any]]:
        """SQL or callables that prepare the empty database."""

    def metadata(self, history: str) -> Sequence[Any]:
        """Models that take the place of env.py's."""

    def seed(self, revision: str, connection: Any) -> None:
        """Insert rows before the upgrade of a revision."""

    def test_files(self) -> tuple[Path, ...]:
        """The modules of tests that have been imported to collect them, conftests too."""


class Rehearsing(Protocol):
    """A place where rows are put in, migrated and looked at."""

    def query(self, sql: str) -> Sequence[Sequence[Any]]:
        """Run one statement and give its rows."""

    def migrate(self, revision: str, direction: Direction) -> StepResult:
        """Run one revision."""


class Run(Protocol):
    """A history connected to a set of databases, ready to run single revisions."""

    @property
    def alive(self) -> bool:
        """False once a failed step or ``end`` has finished the run."""

    def step(self, revision: str, direction: Direction, *, traced: bool) -> StepResult:
        """Run exactly one revision in one direction, in a transaction of its own."""

    def rehearse(self, work: Callable[[Rehearsing], T]) -> T | None:
        """Do the work in a transaction that is rolled back; None where env.py's connection is not ours to hold."""

    def end(self) -> None:
        """Finish the run and close every connection that it opened."""


class History(Protocol):
    """A migration history.

    ``env_path`` is the file to which the items of the whole history belong: env.py, a journal, a lock file.
    ``in_sql`` says that its migrations are SQL files, so that advice must be SQL as well; ``tool`` is what runs them,
    ``outside`` how that is told to run a statement outside of a transaction, ``generate`` the command that writes a
    new migration.
    """

    name: str
    kind: str
    root: Path
    env_path: Path
    in_sql: bool
    tool: str
    outside: str
    generate: str

    @property
    def graph(self) -> Graph:
        """The revisions; the first look at it may read every file."""

    def config_files(self) -> tuple[Path, ...]:
        """The files that configure it, besides those of its revisions."""

    def source_files(self) -> Iterable[Path]:
        """The files whose text may say what its migrations do; it may be more than the revisions."""

    def faults(self) -> Iterator[Fault]:
        """What is wrong with its files; no server is needed to see it."""

    def upgrade_notes(self) -> tuple[str, ...]:
        """What there is to say about the way in which it upgrades in one shot, once it has."""

    def describe(self) -> str:
        """Say in one line what was found and where."""

    def prepare(self, databases: DatabaseSet) -> None:
        """Bring the empty databases to the state that the history presupposes."""

    def seed(self, databases: DatabaseSet, revision: str) -> None:
        """Insert the rows that the user's hook gives a revision, before its upgrade."""

    def seeds(self) -> bool:
        """Whether the user gives rows to revisions."""

    def start(self, databases: DatabaseSet) -> Run:
        """Connect to the databases; nothing runs yet."""

    def upgrade_to_heads(self, databases: DatabaseSet) -> StepResult:
        """Upgrade in one shot in the history's own transaction mode."""

    def evidence(self) -> Evidence:
        """What the process that runs the user's code has read and done so far."""

    def close(self) -> None:
        """End the processes that it has started."""

    def version_tables(self) -> tuple[tuple[str, str], ...]:
        """(schema, name) of the bookkeeping tables."""

    def declared(self, databases: DatabaseSet) -> tuple[Declared, ...] | str:
        """The declared models of every database that has some, or the reason why there are none."""
