"""Run the user's env.py unmodified, with our function in the place of an Alembic command.

What is relied on and not documented by Alembic: ``MigrationStep``, ``impl.memo`` and that ``fn`` may be a
generator whose code after a ``yield`` runs once the step is committed; a test pins each of them.
"""

from __future__ import annotations

import logging.config
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.engine import Engine

from pytest_migcheck.core.statement import Source
from pytest_migcheck.history.alembic.events import is_autocommit, recorded
from pytest_migcheck.history.alembic.redirect import Redirection
from pytest_migcheck.history.alembic.schemas import SchemaView
from pytest_migcheck.postgres.database_set import DatabaseSet
from pytest_migcheck.trace.recorder import Recorder

MigrationsFunction = Callable[[Any, Any], Iterable[Any]]
Contexts = Callable[[], Iterable[AbstractContextManager[Any]]]


@dataclass(slots=True)
class Configured:
    """What env.py handed to ``context.configure``, one entry per call, and the database that each call is for.

    ``autocommits`` tells for each call whether the statements on its connection commit by themselves, ``views`` how
    the connection of each resolves names, where somebody looked. ``begun`` is the line of a call whose connection was
    in a transaction already, and for which no commit was seen after its migrations: Alembic leaves that to env.py.
    """

    calls: list[dict[str, Any]] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    autocommits: list[bool] = field(default_factory=list)
    views: list[SchemaView] = field(default_factory=list)
    functions_called: int = 0
    external_transaction: bool = False
    begun: Source | None = None

    def view(self, number: int) -> SchemaView:
        """How the connection of a call resolves names."""
        return self.views[number] if len(self.views) == len(self.calls) else SchemaView()

    @property
    def keeps_one_connection(self) -> bool:
        """Whether env.py migrates one database, once, in transactions that Alembic owns."""
        return len(self.calls) == 1 and self.functions_called == 1 and not self.external_transaction

    @property
    def commits_all_at_once(self) -> bool:
        """Whether the revisions that a deployment applies share one transaction."""
        of_calls = zip(self.calls, self.autocommits, strict=True)
        return any(not autocommits and not call.get("transaction_per_migration") for call, autocommits in of_calls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """An env.py with all that is wrapped around it."""

    config: Config
    scripts: ScriptDirectory
    redirection: Redirection
    recorder: Recorder
    contexts: Contexts
    variables: Mapping[str, str]

    def run(
        self,
        databases: DatabaseSet,
        fn: MigrationsFunction,
        *,
        transaction_per_migration: bool,
    ) -> Configured:
        """Execute env.py once in this thread; whatever it raises comes through.

        Args:
            databases: where every connection goes.
            fn: gets (heads, migration context), gives the steps to run.
            transaction_per_migration: force it; False leaves env.py's own choice.
        """
        configured = Configured()

        def counted(heads: Any, context: Any) -> Iterable[Any]:
            configured.functions_called += 1
            configured.external_transaction |= bool(getattr(context, "_in_external_transaction", False))
            return fn(heads, context)

        environment = EnvironmentContext(self.config, self.scripts, fn=counted, as_sql=False, destination_rev="heads")
        original = environment.configure

        def configure(*args: Any, **kwargs: Any) -> None:
            named = _named_arguments(args, kwargs)
            configured.calls.append(named)
            configured.labels.append(self.redirection.label_of(named.get("connection")))
            connection = _dbapi_connection(named.get("connection"))
            configured.autocommits.append(is_autocommit(connection))
            if not configured.autocommits[-1] and _in_transaction(named.get("connection")):
                configured.begun = self.recorder.calling()
            if transaction_per_migration:
                kwargs["transaction_per_migration"] = True
            original(*args, **kwargs)

        environment.configure = configure  # type: ignore[method-assign]
        with ExitStack() as stack:
            stack.enter_context(self.redirection.active(databases))
            stack.enter_context(_commits(configured))
            stack.enter_context(recorded(self.recorder, environment))
            stack.enter_context(_untouched_logging())
            stack.enter_context(_variables(databases, self.variables))
            for context in self.contexts():
                stack.enter_context(context)
            stack.enter_context(environment)
            self.scripts.run_env()
        return configured


def _named_arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    names = ("connection", "url", "dialect_name", "dialect_opts", "transactional_ddl", "transaction_per_migration")
    return {**dict(zip(names, args, strict=False)), **kwargs}


def _in_transaction(connection: Any) -> bool:
    asked = getattr(connection, "in_transaction", None)
    return bool(asked()) if asked else False


@contextmanager
def _commits(configured: Configured) -> Iterator[None]:
    """Forget the line where a transaction was begun as soon as env.py commits what was migrated in it."""

    def committed(_connection: Any) -> None:
        if configured.functions_called:
            configured.begun = None

    event.listen(Engine, "commit", committed)
    try:
        yield
    finally:
        event.remove(Engine, "commit", committed)


def _dbapi_connection(connection: Any) -> Any:
    # A connection that is no SQLAlchemy one is for Alembic to refuse.
    return getattr(getattr(connection, "connection", None), "dbapi_connection", None)


@contextmanager
def _untouched_logging() -> Iterator[None]:
    """Keep env.py's ``fileConfig`` from switching off the loggers of the test run."""
    originals = logging.config.fileConfig, logging.config.dictConfig
    logging.config.fileConfig = lambda *_args, **_kwargs: None
    logging.config.dictConfig = lambda *_args, **_kwargs: None
    try:
        yield
    finally:
        logging.config.fileConfig, logging.config.dictConfig = originals


@contextmanager
def _variables(databases: DatabaseSet, named: Mapping[str, str]) -> Iterator[None]:
    """Export libpq's variables for raw drivers, and those of the setting ``migcheck_env``."""
    params = databases.main.params
    values = {
        "PGHOST": params.host,
        "PGPORT": str(params.port),
        "PGUSER": params.user,
        "PGPASSWORD": params.password,
        "PGDATABASE": params.dbname,
    }
    values.update({name: template.replace("{url}", databases.main.url) for name, template in named.items()})
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
