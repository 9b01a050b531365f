"""One Alembic history: its graph, and how its databases are prepared, walked and compared."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory

from pytest_migcheck.core.finding import Direction
from pytest_migcheck.core.graph import Graph
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.core.step import NOT_RECORDED, StepFailure
from pytest_migcheck.history.alembic.declared import DeclaredElsewhere, DeclaredModels
from pytest_migcheck.history.alembic.discover import FoundConfig
from pytest_migcheck.history.alembic.environment import Configured, Environment
from pytest_migcheck.history.alembic.failures import step_failure, user_frames
from pytest_migcheck.history.alembic.modules import OwnModules, prepended_folders
from pytest_migcheck.history.alembic.placeholders import replace_placeholders
from pytest_migcheck.history.alembic.prepare import Preparation, apply_preparations, apply_seed
from pytest_migcheck.history.alembic.redirect import Redirection
from pytest_migcheck.history.alembic.schemas import PUBLIC, SchemaView, schema_view
from pytest_migcheck.history.alembic.scripts import load_graph, open_scripts, targeted
from pytest_migcheck.history.alembic.steps import SeparateRuns, SingleRun
from pytest_migcheck.history.source import Declared, Fault, Run, StepResult
from pytest_migcheck.postgres.database_set import DatabaseSet
from pytest_migcheck.postgres.watch import watched
from pytest_migcheck.sql.statements import is_utility, only_truncates
from pytest_migcheck.trace.recorder import Recorder, paths_below

# What Flask says when env.py asks for current_app; Flask-Migrate's template does.
APP_CONTEXT = """
what to do: enter the application's context around env.py, in the root conftest.py:
    def pytest_migcheck_environment(history):
        from app import create_app  # your module
        return create_app().app_context()"""


ONE_TRANSACTION = (
    "env.py runs all revisions in one transaction (Alembic's default): locks of the first are held until the last; "
    "context.configure(transaction_per_migration=True) commits each"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlembicOptions:
    """What the user set and hooked for a history.

    ``contexts`` are entered, in the thread of env.py, around every run of it; ``targets`` are the
    revisions to go up to (all heads if empty); ``timeout`` is the limit of a step in seconds; ``elsewhere`` gives what
    is declared in place of env.py's models.
    """

    contexts: Callable[[], Iterable[AbstractContextManager[Any]]]
    preparations: Callable[[], Sequence[Preparation]]
    variables: Mapping[str, str]
    targets: tuple[str, ...]
    timeout: float
    elsewhere: Callable[[], DeclaredElsewhere] = DeclaredElsewhere
    seed: Callable[[str, Any], None] = lambda revision, connection: None
    seeds: Callable[[], bool] = lambda: False


class AlembicHistory:
    """Implements ``history.source.History`` over an Alembic configuration."""

    kind = "alembic"
    in_sql = False
    tool = "Alembic"
    outside = "op.get_context().autocommit_block()"
    generate = 'alembic revision --autogenerate -m "..."'

    def __init__(self, found: FoundConfig, options: AlembicOptions, redirection: Redirection) -> None:
        self.name = found.label
        self._options = options
        replace_placeholders(found.config)
        self._scripts = open_scripts(found.config, found.label)
        self.root = Path(self._scripts.dir).absolute()
        self.env_path = self.root / "env.py"
        self._modules = OwnModules(prepended_folders(found.config))
        locations = [str(self.root), *(str(Path(p).absolute()) for p in _locations(self._scripts))]
        self._is_ours = paths_below(locations)
        self._environment = Environment(
            config=found.config,
            scripts=self._scripts,
            redirection=redirection,
            recorder=Recorder(self._is_ours, is_utility, only_truncates),
            contexts=options.contexts,
            variables=options.variables,
            modules=self._modules,
        )
        self._configured: Configured | None = None

    @cached_property
    def graph(self) -> Graph:
        """The revisions; every file is read when it is first asked for, which a kept template never does."""
        with self._modules.first():
            graph = load_graph(self._scripts, self.name)
        return targeted(graph, self._options.targets, self.name)

    @property
    def file_template(self) -> str | None:
        config = self._environment.config
        read = getattr(config, "get_alembic_option", config.get_main_option)
        return str(self._scripts.file_template) if read("file_template") else None

    def config_files(self) -> tuple[Path, ...]:
        config = self._environment.config
        names = (config.config_file_name, getattr(config, "toml_file_name", None))
        return tuple(path for path in (Path(str(name)).absolute() for name in names if name) if path.is_file())

    def describe(self) -> str:
        heads = ", ".join(self.graph.heads) or "none"
        word = "head" if len(self.graph.heads) == 1 else "heads"
        number = len(self.graph.revisions)
        counted = f"{number} revision{'' if number == 1 else 's'}"
        return f"{self.name} → {self.root.name} ({counted}, {word} {heads})"

    def prepare(self, databases: DatabaseSet) -> None:
        apply_preparations(self._options.preparations(), databases)

    def seed(self, databases: DatabaseSet, revision: str) -> None:
        if self._options.seeds():
            apply_seed(self._options.seed, revision, databases)

    def seeds(self) -> bool:
        return self._options.seeds()

    def start(self, databases: DatabaseSet) -> Run:
        way = SingleRun if self._probe(databases).keeps_one_connection else SeparateRuns
        run: Run = way(self._environment, databases, self._explain, self._options.timeout)
        return run

    def _probe(self, databases: DatabaseSet) -> Configured:
        """Run env.py once with nothing to do, to see how it works and what it declares."""
        if self._configured is None:
            views: list[SchemaView] = []

            def look(_heads: Any, context: Any) -> tuple[()]:
                views.append(schema_view(context))
                return ()

            self._configured = self._run_env(databases, look)
            self._configured.views = views
            if not self._configured.calls or not self._configured.functions_called:
                raise MigcheckError(
                    f"{self.env_path}: env.py ended without calling context.run_migrations()\n"
                    "what to do: env.py must run migrations online, as the templates of `alembic init` do"
                )
        return self._configured

    def _run_env(self, databases: DatabaseSet, fn: Any) -> Configured:
        found: list[Configured] = []

        def work() -> None:
            found.append(self._environment.run(databases, fn, transaction_per_migration=True))

        try:
            error = watched(work, databases, self._options.timeout)
        finally:
            databases.wait_until_unused()
        if isinstance(error, MigcheckError):
            raise error
        if error is not None:
            raise self._environment_error(error) from error
        return found[0]

    def _environment_error(self, error: BaseException) -> MigcheckError:
        refusal = self._environment.redirection.refusal
        if refusal is not None:
            return refusal
        hint = ""
        if isinstance(error, KeyError) and error.args:
            name = error.args[0]
            hint = (
                f"\nwhat to do: if {name} is an environment variable that holds the database's URL, "
                f"set migcheck_env = {name}={{url}}"
            )
        elif "environment variable" in str(error).lower() or "Field required" in str(error):
            hint = "\nwhat to do: set the missing variables for the run: migcheck_env = NAME={url} (or NAME=value)"
        elif "outside of application context" in str(error):
            hint = APP_CONTEXT
        return MigcheckError(f"env.py raises, so no migration can run: {self.env_path}\n{self._frames(error)}{hint}")

    def _frames(self, error: BaseException) -> str:
        root = str(Path.cwd())

        def is_users(path: str) -> bool:
            return self._is_ours(path) or (path.startswith(root) and "site-packages" not in path)

        return user_frames(error, is_users).rstrip()

    def _explain(self, error: BaseException, revision: str, direction: Direction) -> StepFailure:
        statements = self._environment.recorder.statements
        path = self.graph.revisions[revision].path
        return step_failure(error, path, direction, statements, self._is_ours)

    def upgrade_to_heads(self, databases: DatabaseSet) -> StepResult:
        # A file that is wrong is named before Alembic stumbles over it.
        recorder, _ = self._environment.recorder, self.graph
        current: list[str] = []

        def steps(heads: Any, _context: Any) -> Iterator[Any]:
            for step in self._scripts._upgrade_revs(_destination(self._options.targets), heads):
                current[:] = [step.revision.revision]
                yield step

        def work() -> None:
            self._environment.run(databases, steps, transaction_per_migration=False)

        self._probe(databases)
        started = time.perf_counter()
        recorder.open_step(observing=False)
        failure: StepFailure | None = None
        try:
            error = watched(work, databases, self._options.timeout)
            if error is not None and not current:
                raise self._environment_error(error) from error
            if error is not None:
                failure = replace(self._explain(error, current[0], Direction.UPGRADE), revision=current[0])
            elif current:
                failure = self._not_recorded(databases)
        finally:
            statements = recorder.close_step()
            databases.wait_until_unused()
        return StepResult(statements=statements, failure=failure, seconds=time.perf_counter() - started)

    def _not_recorded(self, databases: DatabaseSet) -> StepFailure | None:
        """Alembic said that all revisions ran; the version table must say so too."""
        if self._options.targets or len(databases.databases) > 1 or len(self.version_tables()) > 1:
            return None
        ((schema, table),) = self.version_tables()
        recorded = databases.column_values(schema, table, "version_num")
        applied = recorded.union(*(self.graph.ancestors(r) for r in recorded if r in self.graph.revisions))
        missing = [r for r in self.graph.order if r not in applied]
        if not missing:
            return None
        calls = [s.source for s in self._environment.recorder.statements if s.driver_call and s.source]
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
        configured = self._configured or Configured()
        tables = (str(call.get("version_table") or "alembic_version") for call in configured.calls)
        named = {(configured.view(number).version_schema, table) for number, table in enumerate(tables)}
        return tuple(sorted(named or {(PUBLIC, "alembic_version")}))

    def source_files(self) -> Iterable[Path]:
        return self.root.rglob("*.py")

    def faults(self) -> Iterator[Fault]:
        return iter(())

    def upgrade_notes(self) -> tuple[str, ...]:
        together = self._configured is not None and self._configured.commits_all_at_once
        return (ONE_TRANSACTION,) if together else ()

    def declared(self, databases: DatabaseSet) -> tuple[Declared, ...] | str:
        configured = self._probe(databases)
        with self._modules.first():
            return DeclaredModels(configured, self._options.elsewhere(), self.env_path).declared()


def _locations(scripts: ScriptDirectory) -> list[Any]:
    located = scripts._version_locations
    return list(located) if located else []


def _destination(targets: tuple[str, ...]) -> Any:
    return targets or "heads"
