"""One folder of SQL migrations as a history: its graph, and how its databases are prepared and walked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from pytest_migcheck.core.catalog import Catalog
from pytest_migcheck.core.finding import Direction
from pytest_migcheck.core.graph import Graph, Revision
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.core.reading import Evidence
from pytest_migcheck.core.step import StepFailure
from pytest_migcheck.history.ddl import DdlSource, declared_by_ddl
from pytest_migcheck.history.source import Declared, Fault, Run, StepResult
from pytest_migcheck.history.sql.failures import step_failure
from pytest_migcheck.history.sql.layout import Layout, Migration
from pytest_migcheck.history.sql.running import Session
from pytest_migcheck.history.sql.steps import ScriptRun, is_applied, run_migration, write_ledger
from pytest_migcheck.postgres.database_set import DatabaseSet
from pytest_migcheck.postgres.script import RefusedError, ScriptConnection
from pytest_migcheck.postgres.watch import watched
from pytest_migcheck.sql.statements import is_utility, only_truncates
from pytest_migcheck.trace.recorder import Recorder

NOTHING_DECLARED = "no schema is declared: name its DDL, or the command that prints it, in migcheck_declared"


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlOptions:
    """What the user set and hooked for a history.

    ``prepare`` runs the user's hooks in an empty database, ``init`` are scripts that run before the first migration;
    ``timeout`` is the limit of a step in seconds, ``ddl`` what the migrations are compared with; ``close`` ends the
    process in which the hooks ran, ``evidence`` tells what that has read.
    """

    name: str
    prepare: Callable[[DatabaseSet], None]
    init: tuple[Path, ...]
    timeout: float
    ddl: DdlSource | None = None
    close: Callable[[], None] = lambda: None
    evidence: Callable[[], Evidence] = Evidence


class SqlHistory:
    """Implements ``history.source.History`` over a folder of SQL files."""

    in_sql = True

    def __init__(self, layout: Layout, options: SqlOptions) -> None:
        self.layout = layout
        self.name = options.name
        self.kind = layout.kind
        self.tool = layout.tool
        self.outside = layout.outside
        self.generate = layout.generate
        self.root = layout.root
        self.env_path = layout.anchor
        self._options = options
        self._recorder = Recorder(lambda _path: False, is_utility, only_truncates)
        self._edited: list[str] = []
        self._by_id = {migration.id: migration for migration in layout.migrations}

    @cached_property
    def graph(self) -> Graph:
        """The migrations in the order in which the tool runs them, each after the one before."""
        revisions: dict[str, Revision] = {}
        previous: tuple[str, ...] = ()
        for migration in self.layout.migrations:
            revisions[migration.id] = _revision(migration, previous)
            previous = (migration.id,)
        return Graph(revisions, previous)

    def config_files(self) -> tuple[Path, ...]:
        return (*self.layout.config_files, *self._options.init)

    def source_files(self) -> Iterable[Path]:
        migrations = (path for revision in self.graph.revisions.values() for path in revision.paths)
        return sorted({*map(Path, migrations), *self._options.init})

    def faults(self) -> Iterator[Fault]:
        return iter(self.layout.faults)

    def upgrade_notes(self) -> tuple[str, ...]:
        edited = (
            f"{id_} was edited after it was applied: its checksum is not the one in the database that the history "
            f"starts from, and `{self.generate}` would reset that"
            for id_ in dict.fromkeys(self._edited)
        )
        return (*self.layout.notes, *edited)

    def describe(self) -> str:
        number = len(self.layout.migrations)
        last = f", last {self.layout.migrations[-1].id}" if number else ""
        return f"{self.name} → {self.layout.tool} ({number} migration{'' if number == 1 else 's'}{last})"

    def prepare(self, databases: DatabaseSet) -> None:
        if self.layout.refusal:
            raise MigcheckError(self.layout.refusal)
        self._fill(databases)
        if self.layout.ledger is not None:
            _run_text(self.layout.ledger.create, databases)

    def _fill(self, databases: DatabaseSet) -> None:
        """What is there before the first migration, besides the tool's own record."""
        for path in self._options.init:
            self._initialise(path, databases)
        self._options.prepare(databases)

    def _initialise(self, path: Path, databases: DatabaseSet) -> None:
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise MigcheckError(f"migcheck_init: {path}: {error}") from error
        try:
            _run_text(text, databases)
        except RefusedError as refusal:
            line = text.count("\n", 0, (refusal.position or 1) - 1) + 1
            raise MigcheckError(f"migcheck_init: {path}:{line}: {refusal.error.kind}: {refusal}") from refusal

    def seeds(self) -> bool:
        """The hook is for Alembic's revisions: a script that presupposes rows is preceded by one that inserts them."""
        return False

    def seed(self, databases: DatabaseSet, revision: str) -> None:
        """Nothing: see ``seeds``."""

    def start(self, databases: DatabaseSet) -> Run:
        return ScriptRun(self.layout, self._by_id, databases, self._recorder, self._options.timeout)

    def upgrade_to_heads(self, databases: DatabaseSet) -> StepResult:
        started = time.perf_counter()
        current: list[Migration] = []
        self._recorder.open_step(observing=False)
        try:
            error = watched(lambda: self._upgrade_all(databases, current), databases, self._options.timeout)
            failure = None if error is None else self._failure(error, current)
        finally:
            statements = self._recorder.close_step()
            self._recorder.forget_connections()
            databases.wait_until_unused()
        return StepResult(statements=statements, failure=failure, seconds=time.perf_counter() - started)

    def _upgrade_all(self, databases: DatabaseSet, current: list[Migration]) -> None:
        """Every migration, in one session, as a deployment to a new database runs them."""
        session = Session(ScriptConnection(databases.main), self._recorder)
        try:
            if self.layout.one_transaction:
                session.begin()
            for migration in self.layout.migrations:
                current[:] = [migration]
                if is_applied(session.connection, self.layout, migration, self._edited):
                    continue
                run_migration(session, migration, Direction.UPGRADE, databases)
                write_ledger(session.connection, self.layout, migration, Direction.UPGRADE)
            session.commit(None)
        finally:
            session.connection.close()

    def _failure(self, error: BaseException, current: list[Migration]) -> StepFailure:
        if not current:
            raise error
        first = current[0].id == self.layout.migrations[0].id
        return step_failure(error, current[0], Direction.UPGRADE, self.layout, first=first)

    def evidence(self) -> Evidence:
        return self._options.evidence()

    def close(self) -> None:
        self._options.close()

    def version_tables(self) -> tuple[tuple[str, str], ...]:
        return self.layout.ledger.tables if self.layout.ledger is not None else ()

    def declared(self, databases: DatabaseSet) -> tuple[Declared, ...] | str:
        if self._options.ddl is None:
            return NOTHING_DECLARED
        declared = declared_by_ddl(self._options.ddl)

        def build(models: DatabaseSet, migrated: Catalog) -> None:
            # What the history presupposes, such as extensions, the declared schema presupposes as well.
            self._fill(models)
            declared.build(models, migrated)

        # A schema language has no word for a function or a trigger; plain DDL has one for everything.
        return (replace(declared, build=build, complete=self.kind == "sql"),)


def _revision(migration: Migration, parents: tuple[str, ...]) -> Revision:
    return Revision(
        id=migration.id,
        parents=parents,
        path=str(migration.path),
        message=migration.title,
        upgrade_line=migration.up_line,
        downgrade_line=max(migration.down_line, 1),
        downgrade_path=str(migration.down_path) if migration.down_path else None,
    )


def _run_text(text: str, databases: DatabaseSet) -> None:
    connection = ScriptConnection(databases.main)
    try:
        connection.execute(text)
    finally:
        connection.close()
