"""One Alembic history: its graph, and how its databases are prepared, walked and compared."""

from __future__ import annotations

import time
import traceback
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
from pytest_migcheck.core.statement import Source
from pytest_migcheck.core.step import StepFailure
from pytest_migcheck.core.text import text_of
from pytest_migcheck.history.alembic.declared import DeclaredElsewhere, DeclaredModels
from pytest_migcheck.history.alembic.discover import FoundConfig
from pytest_migcheck.history.alembic.environment import Configured, Environment
from pytest_migcheck.history.alembic.failures import step_failure, user_frames
from pytest_migcheck.history.alembic.placeholders import replace_placeholders
from pytest_migcheck.history.alembic.prepare import Preparation, apply_preparations, apply_seed
from pytest_migcheck.history.alembic.redirect import Redirection
from pytest_migcheck.history.alembic.schemas import PUBLIC, SchemaView, schema_view
from pytest_migcheck.history.alembic.scripts import load_graph, open_scripts, targeted
from pytest_migcheck.history.alembic.steps import guarded_step
from pytest_migcheck.history.process.messages import ConfiguredFacts, HistoryFacts
from pytest_migcheck.history.source import Declared, StepResult
from pytest_migcheck.postgres.database_set import DatabaseSet, Target
from pytest_migcheck.sql.statements import is_utility, only_truncates
from pytest_migcheck.trace.recorder import Recorder, paths_below

# What Flask says when env.py asks for current_app; Flask-Migrate's template does.
APP_CONTEXT = """
what to do: enter the application's context around env.py, in the root conftest.py:
    def pytest_migcheck_environment(history):
        from app import create_app  # your module
        return create_app().app_context()"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlembicOptions:
    """What the user set and hooked for a history.

    ``contexts`` are entered around every run of env.py; ``targets`` are the revisions to go up to (all heads if
    empty); ``elsewhere`` gives what is declared in place of env.py's models.
    """

    contexts: Callable[[], Iterable[AbstractContextManager[Any]]]
    preparations: Callable[[], Sequence[Preparation]]
    variables: Mapping[str, str]
    targets: tuple[str, ...]
    elsewhere: Callable[[], DeclaredElsewhere] = DeclaredElsewhere
    seed: Callable[[str, Any], None] = lambda revision, connection: None


class AlembicHistory:
    """An Alembic configuration in the history process: loads its revisions and runs its env.py."""

    def __init__(self, found: FoundConfig, options: AlembicOptions, redirection: Redirection) -> None:
        self.name = found.label
        self._options = options
        replace_placeholders(found.config)
        self.scripts = open_scripts(found.config, found.label)
        self.root = Path(self.scripts.dir).absolute()
        self.env_path = self.root / "env.py"
        locations = [str(self.root), *(str(Path(p).absolute()) for p in _locations(self.scripts))]
        self._is_ours = paths_below(locations)
        self.environment = Environment(
            config=found.config,
            scripts=self.scripts,
            redirection=redirection,
            recorder=Recorder(self._is_ours, is_utility, only_truncates),
            contexts=options.contexts,
            variables=options.variables,
        )
        self._configured: Configured | None = None
        self._migrated: Target | None = None

    @cached_property
    def graph(self) -> Graph:
        """The revisions; every file is loaded when it is first asked for."""
        return targeted(load_graph(self.scripts, self.name), self._options.targets, self.name)

    def facts(self) -> HistoryFacts:
        """What is known before any revision is loaded."""
        config = self.environment.config
        read = getattr(config, "get_alembic_option", config.get_main_option)
        names = (config.config_file_name, getattr(config, "toml_file_name", None))
        paths = (Path(str(name)).absolute() for name in names if name)
        return HistoryFacts(
            name=self.name,
            root=self.root,
            env_path=self.env_path,
            config_files=tuple(path for path in paths if path.is_file()),
            file_template=str(self.scripts.file_template) if read("file_template") else None,
        )

    def configured_facts(self, databases: DatabaseSet) -> ConfiguredFacts:
        """Run env.py once with nothing to do, to see how it works and what it declares.

        Raises:
            MigcheckError: env.py raises, or runs no migrations.
        """
        configured = self._probe(databases)
        return ConfiguredFacts(
            keeps_one_connection=configured.keeps_one_connection,
            commits_all_at_once=configured.commits_all_at_once,
            version_tables=_version_tables(configured),
            migrated=self._migrated,
        )

    def _probe(self, databases: DatabaseSet) -> Configured:
        if self._configured is None:
            views: list[SchemaView] = []

            def look(_heads: Any, context: Any) -> tuple[()]:
                views.append(schema_view(context))
                return ()

            configured = self._run_env(databases, look)
            configured.views = views
            self._migrated = _main_by_what_is_migrated(configured, databases)
            if not configured.calls or not configured.functions_called:
                raise MigcheckError(
                    f"{self.env_path}: env.py ended without calling context.run_migrations()\n"
                    "what to do: env.py must run migrations online, as the templates of `alembic init` do"
                )
            self._configured = configured
        return self._configured

    def _run_env(self, databases: DatabaseSet, fn: Any) -> Configured:
        try:
            return self.environment.run(databases, fn, transaction_per_migration=True)
        except MigcheckError:
            raise
        except BaseException as error:
            raise self.environment_error(error) from error

    def environment_error(self, error: BaseException) -> MigcheckError:
        refusal = self.environment.redirection.refusal
        if refusal is not None:
            return refusal
        hint = ""
        if isinstance(error, KeyError) and error.args:
            hint = f"\nwhat to do: {_key_hint(str(error.args[0]), error)}"
        elif "environment variable" in text_of(error).lower() or "Field required" in text_of(error):
            hint = "\nwhat to do: set the missing variables for the run: migcheck_env = NAME={url} (or NAME=value)"
        elif "outside of application context" in text_of(error):
            hint = APP_CONTEXT
        return MigcheckError(f"env.py raises, so no migration can run: {self.env_path}\n{self._frames(error)}{hint}")

    def _frames(self, error: BaseException) -> str:
        root = str(Path.cwd())

        def is_users(path: str) -> bool:
            return self._is_ours(path) or (path.startswith(root) and "site-packages" not in path)

        return user_frames(error, is_users).rstrip()

    def explain(self, error: BaseException, revision: str, direction: Direction) -> StepFailure:
        statements = self.environment.recorder.statements
        path = self.graph.revisions[revision].path
        return step_failure(
            error, path, direction, statements, self._is_ours, _version_tables(self._configured or Configured())[0]
        )

    def upgrade_to_heads(self, databases: DatabaseSet) -> tuple[StepResult, bool]:
        """Upgrade in one run of env.py, in the transaction mode of its own; also whether any revision ran.

        Raises:
            MigcheckError: env.py raises outside of a revision.
        """
        # A file that is wrong is reported before Alembic fails on it.
        recorder, _ = self.environment.recorder, self.graph
        current: list[str] = []

        def steps(heads: Any, _context: Any) -> Iterator[Any]:
            for step in self.scripts._upgrade_revs(_destination(self._options.targets), heads):
                current[:] = [step.revision.revision]
                yield guarded_step(step)

        self._probe(databases)
        started = time.perf_counter()
        recorder.open_step(observing=False)
        failure: StepFailure | None = None
        begun: Source | None = None
        try:
            configured = self.environment.run(databases, steps, transaction_per_migration=False)
            begun = configured.begun
        except BaseException as error:
            if not current:
                raise self.environment_error(error) from error
            failure = replace(self.explain(error, current[0], Direction.UPGRADE), revision=current[0])
        finally:
            statements = recorder.close_step()
        seconds = time.perf_counter() - started
        result = StepResult(statements=statements, failure=failure, seconds=seconds, uncommitted=begun)
        return result, bool(current)

    def prepare(self, databases: DatabaseSet) -> None:
        apply_preparations(self._options.preparations(), databases)

    def seed(self, databases: DatabaseSet, revision: str) -> None:
        apply_seed(self._options.seed, revision, databases)

    def declared(self, databases: DatabaseSet) -> tuple[Declared, ...] | str:
        """The declared models of each database that has some, or why there are none."""
        return DeclaredModels(self._probe(databases), self._options.elsewhere(), self.env_path).declared()


def _main_by_what_is_migrated(configured: Configured, databases: DatabaseSet) -> Target | None:
    """Make the one database that env.py migrates the main one, whatever was connected to before.

    Returns:
        Its target; None where env.py migrates several databases.
    """
    labels = set(configured.labels)
    if len(labels) != 1:
        return None
    (label,) = labels
    if label == "":
        return next((target for target, one in databases.targets.items() if one is databases.main), None)
    named = [target for target in databases.targets if target[2] == label]
    if len(named) != 1:
        return None
    databases.join(databases.targets[named[0]])
    configured.labels = ["" for _ in configured.labels]
    return named[0]


def _key_hint(name: str, error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    if any("get_x_argument" in (frame.line or "") for frame in frames):
        return f"give env.py what `alembic -x {name}=VALUE` gives it: migcheck_x = {name}=VALUE"
    return (
        f"if {name} is an environment variable that holds the database's URL, set migcheck_env = {name}={{url}}"
    )


def _version_tables(configured: Configured) -> tuple[tuple[str, str], ...]:
    """(schema, name) of each table in which env.py has Alembic record revisions."""
    tables = (str(call.get("version_table") or "alembic_version") for call in configured.calls)
    named = {(configured.view(number).version_schema, table) for number, table in enumerate(tables)}
    return tuple(sorted(named or {(PUBLIC, "alembic_version")}))


def _locations(scripts: ScriptDirectory) -> list[Any]:
    located = scripts._version_locations
    return list(located) if located else []


def _destination(targets: tuple[str, ...]) -> Any:
    return targets or "heads"
