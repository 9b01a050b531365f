"""An Alembic history whose code runs in a history process; here are its graph and its verdicts' ingredients."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from pytest_migcheck.core.catalog import Catalog, ObjectKey
from pytest_migcheck.core.finding import Difference, Direction
from pytest_migcheck.core.graph import Graph
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.core.reading import Evidence
from pytest_migcheck.core.step import NOT_RECORDED, StepFailure
from pytest_migcheck.history.process.messages import ConfiguredFacts, DeclaredFacts, HistoryFacts
from pytest_migcheck.history.process.process import HistoryProcess, ProcessEndedError
from pytest_migcheck.history.process.runs import SeparateRuns, SingleRun, ended_failure, not_committed
from pytest_migcheck.history.source import Declared, Fault, ForgottenTable, Run, StepResult
from pytest_migcheck.postgres.database_set import DatabaseSet
from pytest_migcheck.postgres.watch import StepEnded

T = TypeVar("T")
_BUILDING = "building the models"
# A command that prints DDL has the limit of a step for itself, and so has what it prints.
_DDL_STEPS = 3

ONE_TRANSACTION = (
    "env.py runs all revisions in one transaction (Alembic's default): locks of the first are held until the last; "
    "context.configure(transaction_per_migration=True) commits each"
)


class AlembicHistory:
    """Implements ``history.source.History`` over a history process."""

    kind = "alembic"
    in_sql = False
    tool = "Alembic"
    outside = "op.get_context().autocommit_block()"
    generate = 'alembic revision --autogenerate -m "..."'

    def __init__(
        self, facts: HistoryFacts, process: HistoryProcess, *, targets: Sequence[str] = (), seeds: bool = False,
        prepares: bool = False,
    ) -> None:  # fmt: skip
        self.name = facts.name
        self.root = facts.root
        self.env_path = facts.env_path
        self.file_template = facts.file_template
        self.process = process
        self._facts = facts
        self._targets = tuple(targets)
        self._seeds = seeds
        self._prepares = prepares
        self._configured: ConfiguredFacts | None = None

    @cached_property
    def graph(self) -> Graph:
        """The revisions; the history process loads every file when this is first asked for."""
        try:
            graph: Graph = self.process.ask("graph", doing=f"{self.name}: loading the revisions")
        except ProcessEndedError as error:
            raise MigcheckError(f"{self.name}: loading the revisions: {error}") from None
        return graph

    def config_files(self) -> tuple[Path, ...]:
        return self._facts.config_files

    def describe(self) -> str:
        heads = ", ".join(self.graph.heads) or "none"
        word = "head" if len(self.graph.heads) == 1 else "heads"
        number = len(self.graph.revisions)
        counted = f"{number} revision{'' if number == 1 else 's'}"
        return f"{self.name} → {self.root.name} ({counted}, {word} {heads})"

    def prepare(self, databases: DatabaseSet) -> None:
        if self._prepares:
            self._in(databases, lambda: self.process.ask(
                "prepare", self.name, databases=databases, doing="the hook pytest_migcheck_prepare"
            ))  # fmt: skip

    def seed(self, databases: DatabaseSet, revision: str) -> None:
        if self._seeds:
            self._in(databases, lambda: self.process.ask(
                "seed", revision, databases=databases, doing="the hook pytest_migcheck_seed"
            ))  # fmt: skip

    def seeds(self) -> bool:
        return self._seeds

    def start(self, databases: DatabaseSet) -> Run:
        single = self._probe(databases).keeps_one_connection
        run: Run = SingleRun(self, databases) if single else SeparateRuns(self, databases)
        return run

    def _probe(self, databases: DatabaseSet) -> ConfiguredFacts:
        """What a run of env.py with nothing to do shows."""
        if self._configured is None:
            self._configured = self._in(databases, lambda: self.process.ask("configured", databases=databases))
            self.process.migrated = self._configured.migrated
        return self._configured

    def _in(self, databases: DatabaseSet, work: Callable[[], T]) -> T:
        """Do what runs the user's code outside of a step; what ends that is an error."""
        try:
            return work()
        except ProcessEndedError as error:
            raise MigcheckError(f"{self.env_path}: {error}") from None
        finally:
            databases.wait_until_unused()

    def upgrade_to_heads(self, databases: DatabaseSet) -> StepResult:
        self._probe(databases)
        try:
            result, ran = self.process.ask("upgrade_to_heads", databases=databases)
        except (ProcessEndedError, StepEnded) as error:
            return StepResult(statements=(), failure=self._ended_on_the_way(error), seconds=0.0)
        finally:
            databases.wait_until_unused()
        if result.failure is None and ran:
            result = replace(result, failure=self._not_recorded(databases, result))
        return result  # type: ignore[no-any-return]

    def _ended_on_the_way(self, error: MigcheckError) -> StepFailure:
        """The revision is that of the line where the process was; else the history has to say it step by step."""
        source = error.source if isinstance(error, ProcessEndedError) else None
        by_path = {r.path: r.id for r in self.graph.revisions.values()}
        revision = by_path.get(source.path) if source else None
        return replace(ended_failure(error, Direction.UPGRADE), revision=revision or "")

    def _not_recorded(self, databases: DatabaseSet, result: StepResult) -> StepFailure | None:
        """Alembic said that all revisions ran; the version table must say so too."""
        if self._targets or len(databases.databases) > 1 or len(self.version_tables()) > 1:
            return None
        ((schema, table),) = self.version_tables()
        recorded = databases.column_values(schema, table, "version_num")
        applied = recorded.union(*(self.graph.ancestors(r) for r in recorded if r in self.graph.revisions))
        missing = [r for r in self.graph.order if r not in applied]
        if not missing:
            return None
        if result.uncommitted is not None:
            return not_committed(result.uncommitted, missing[0])
        calls = [s.source for s in result.statements if s.driver_call and s.source]
        by_path = {r.path: r.id for r in self.graph.revisions.values()}
        source = next((s for s in calls if s.path in by_path), None)
        return StepFailure(
            kind=NOT_RECORDED,
            message=f"env.py ended without an error, and {schema}.{table} does not record it: a migration ended "
            "Alembic's transaction (commit(), or COMMIT in its SQL), and what came after was rolled back",
            source=source,
            revision=by_path[source.path] if source else missing[0],
        )

    def version_tables(self) -> tuple[tuple[str, str], ...]:
        return self._configured.version_tables if self._configured else (("public", "alembic_version"),)

    def evidence(self) -> Evidence:
        found: Evidence = self.process.ask("evidence")
        return found

    def close(self) -> None:
        self.process.close()

    def source_files(self) -> Iterable[Path]:
        return self.root.rglob("*.py")

    def faults(self) -> Iterator[Fault]:
        return iter(())

    def upgrade_notes(self) -> tuple[str, ...]:
        together = self._configured is not None and self._configured.commits_all_at_once
        return (ONE_TRANSACTION,) if together else ()

    def declared(self, databases: DatabaseSet) -> tuple[Declared, ...] | str:
        self._probe(databases)
        found = self._in(databases, lambda: self.process.ask("declared", databases=databases))
        if isinstance(found, str):
            return found
        generation = self.process.generation
        return tuple(self._declared(facts, number, generation) for number, facts in enumerate(found))

    def _declared(self, facts: DeclaredFacts, number: int, generation: int) -> Declared:
        process = self.process

        def ask(name: str, *arguments: Any) -> Any:
            if process.generation != generation:
                raise MigcheckError(f"{self.env_path}: the history process that had loaded the models has ended")
            return process.ask(name, number, *arguments)

        def build(name: str) -> Callable[[DatabaseSet, Catalog], None]:
            def built(databases: DatabaseSet, migrated: Catalog) -> None:
                limit = process.timeout * (_DDL_STEPS if facts.complete else 1)
                self._in(databases, lambda: process.ask(
                    name, number, migrated, databases=databases, doing=_BUILDING, limit=limit
                ))  # fmt: skip

            return built

        def one(name: str) -> Callable[[Any], Any]:
            return lambda asked: ask(name, [asked])[0]

        def forgotten() -> tuple[ForgottenTable, ...]:
            found: tuple[ForgottenTable, ...] = ask("forgotten")
            return found

        ignores: Callable[[Difference], bool] = one("ignores")
        locates: Callable[[ObjectKey], tuple[str, int] | None] = one("locates")
        chosen: Callable[[ObjectKey], bool] = one("chosen")
        return Declared(
            label=facts.label,
            build=build("build"),
            ignore=ignores,
            database=facts.database,
            others=facts.others,
            complete=facts.complete,
            conventions=facts.conventions,
            locate=locates,
            chosen=chosen,
            forgotten=forgotten,
            build_over=build("build_over") if facts.builds_over else None,
            notes=facts.notes,
        )


