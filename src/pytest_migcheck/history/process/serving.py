"""Answer the requests of pytest's process, in the main thread of the history process."""

from __future__ import annotations

import gc
import importlib
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from pytest_migcheck.core.catalog import Catalog, ObjectKey
from pytest_migcheck.core.finding import Difference, Direction
from pytest_migcheck.core.graph import Graph
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.core.reading import Evidence, evidence
from pytest_migcheck.core.text import text_of
from pytest_migcheck.guard.refusals import ForeignConnectionError
from pytest_migcheck.history.alembic.discover import FoundConfig
from pytest_migcheck.history.alembic.find import alembic_history, found_configs
from pytest_migcheck.history.alembic.history import AlembicHistory
from pytest_migcheck.history.alembic.prepare import apply_preparations
from pytest_migcheck.history.alembic.redirect import Redirection
from pytest_migcheck.history.alembic.rehearsal import Rehearsal
from pytest_migcheck.history.alembic.steps import Steps, Walk
from pytest_migcheck.history.process.attaching import attached, targets_of
from pytest_migcheck.history.process.channel import Channel
from pytest_migcheck.history.process.fence import Fence, RefusedError
from pytest_migcheck.history.process.hookless import NoHooks
from pytest_migcheck.history.process.messages import (
    Answer,
    ConfiguredFacts,
    DeclaredFacts,
    HistoryFacts,
    Launch,
    Request,
)
from pytest_migcheck.history.source import Declared, ForgottenTable, Hooks, StepResult
from pytest_migcheck.postgres.database_set import DatabaseSet

_NO_ANSWER = object()
_PLAIN = (str, int, float, bool, type(None), list, dict)


class Serving:
    """The requests, each a method; the user's code runs in none of them before the walls are up."""

    def __init__(self, channel: Channel, launch: Launch) -> None:
        self._channel = channel
        self._launch = launch
        self._process = os.getpid()
        self._fence = Fence(launch.ports, launch.settings.allow_hosts)
        self._fence.install()
        self._redirection = Redirection(self._fence.guard)
        self._hooks: Hooks | None = None
        self._selected: AlembicHistory | None = None
        self._declared: tuple[Declared, ...] = ()
        self._databases: DatabaseSet | None = None
        self._walk: Walk | None = None
        self._context: Any = None
        self._rehearsal: Rehearsal | None = None
        self._ending = False

    def serve(self) -> None:
        """Answer requests until the other end closes the channel."""
        while True:
            self._answer(self._channel.receive())

    def _answer(self, request: Request) -> None:
        try:
            if request.databases is not None:
                self._databases = attached(request.databases)
                self._fence.open_to(self._databases)
            value = getattr(self, request.name)(*request.arguments)
            if value is not _NO_ANSWER:
                self._fence.refuse()
        except ForeignConnectionError as error:
            self._fence.guard.take_refusals()
            self._send(Answer(error=(RefusedError.__name__, str(error))))
        except MigcheckError as error:
            self._send(Answer(error=(type(error).__name__, self._with_refusal(str(error)))))
        except Exception as error:  # noqa: BLE001 - of the user's driver or models, in a place where it may fail
            self._send(Answer(error=(type(error).__name__, f"{type(error).__name__}: {text_of(error)}")))
        else:
            if value is not _NO_ANSWER:
                self._send(Answer(value=value))

    def _with_refusal(self, message: str) -> str:
        """An error that a refusal has led to, with that."""
        refused = self._fence.failure()
        return message if refused is None or "MC900" in message else f"{refused.message}\n{message}"

    def _send(self, answer: Answer) -> None:
        if os.getpid() != self._process:
            os._exit(0)  # a child that the user's code forked and that returned here
        if self._databases is not None:
            answer = Answer(value=answer.value, error=answer.error, targets=targets_of(self._databases))
        self._channel.send(answer)

    @property
    def _history(self) -> AlembicHistory:
        assert self._selected is not None
        return self._selected

    @property
    def _standing(self) -> DatabaseSet:
        assert self._databases is not None
        return self._databases

    def _hook_calls(self) -> Hooks:
        if self._hooks is None:
            self._hooks = NoHooks()
            if self._launch.hooks is not None:
                module, _, name = self._launch.hooks.loader.partition(":")
                load = getattr(importlib.import_module(module), name)
                self._hooks = load(*self._launch.hooks.arguments)
        assert self._hooks is not None
        return self._hooks

    # -- requests ------------------------------------------------------------------------------------------------

    def discover(self) -> int:
        """How many Alembic histories the project has."""
        return len(self._configs())

    def _configs(self) -> tuple[FoundConfig, ...]:
        return found_configs(self._launch.settings, self._hook_calls())

    def has_hooked_config(self) -> bool:
        """Whether the hook ``pytest_migcheck_alembic_config`` gives a configuration."""
        return any(self._hook_calls().alembic_config(self._launch.settings.root))

    def select(self, number: int) -> HistoryFacts:
        """Open the history that all further requests are about; the only one that this process knows."""
        found = self._configs()[number]
        self._selected = alembic_history(found, self._launch.settings, self._hook_calls(), self._redirection)
        return self._selected.facts()

    def evidence(self) -> Evidence:
        return evidence()

    def graph(self) -> Graph:
        return self._history.graph

    def configured(self) -> ConfiguredFacts:
        found: ConfiguredFacts = self._finished(lambda: self._history.configured_facts(self._standing))
        return found

    def prepare(self, name: str) -> None:
        """Run the hook ``pytest_migcheck_prepare`` of a history of any kind."""
        self._finished(lambda: apply_preparations(self._hook_calls().prepare(name), self._standing))

    def seed(self, revision: str) -> None:
        self._finished(lambda: self._history.seed(self._standing, revision))

    def upgrade_to_heads(self) -> tuple[StepResult, bool]:
        result, ran = self._finished(lambda: self._history.upgrade_to_heads(self._standing))
        fenced = self._fenced(result)
        if fenced is not result and fenced.failure is not None:
            by_path = {r.path: r.id for r in self._history.graph.revisions.values()}
            source, before = fenced.failure.source, result.failure
            revision = (by_path.get(source.path) if source else None) or (before.revision if before else "")
            fenced = replace(fenced, failure=replace(fenced.failure, revision=revision))
        return fenced, ran

    def step_alone(self, revision: str, direction: Direction, traced: bool) -> StepResult:
        """One step in a run of env.py of its own."""
        steps = Steps(self._history.environment, self._history.explain)
        return self._fenced(
            self._finished(lambda: steps.separately(self._standing, revision, direction, traced=traced))
        )

    def _finished(self, work: Callable[[], Any]) -> Any:
        """Do the work; connections that env.py has forgotten are closed before pytest's process waits for that."""
        try:
            return work()
        finally:
            if self._redirection.left_open:
                gc.collect()

    def walk(self) -> object:
        """Run env.py; once it runs migrations, this answers, and steps are answered until ``end``."""
        self._walk = Walk(self._history.environment, self._history.explain, self._standing, self)
        self._context, self._ending = None, False
        try:
            self._finished(self._walk.run)
        except BaseException as error:
            if self._context is None:
                raise self._history.environment_error(error) from error
            if not self._ending:
                raise
        finally:
            entered, self._walk, self._context = self._context is not None, None, None
        if self._ending:
            return None  # of the request to end
        if not entered:
            raise MigcheckError(f"{self._history.env_path}: env.py ended without calling context.run_migrations()")
        return _NO_ANSWER

    def entered(self, walk: Walk, context: Any) -> None:
        self._context = context
        self._send(Answer())

    def next_step(self) -> tuple[str, Direction, bool] | None:
        while True:
            request: Request = self._channel.receive()
            if request.name == "step":
                revision, direction, traced = request.arguments
                return revision, direction, traced
            if request.name == "end":
                self._ending = True
                return None
            self._answer(request)

    def stepped(self, result: StepResult) -> None:
        self._send(Answer(value=self._fenced(result)))

    def _fenced(self, result: StepResult) -> StepResult:
        """The result of a step; what was refused in it fails it, whatever the migration made of the exception."""
        refused = self._fence.failure()
        if refused is None:
            return result
        source = refused.source or (result.failure.source if result.failure else None)
        return replace(result, failure=replace(refused, source=source))

    def step(self, *_: Any) -> None:
        raise MigcheckError("pytest-migcheck: the run of env.py has ended already")

    def end(self) -> None:
        """The run has ended already."""

    def rehearse(self) -> None:
        """Begin a transaction that ``rehearsed`` rolls back."""
        assert self._walk is not None
        self._rehearsal = Rehearsal(self._context, self._walk.steps.migrated)

    def query(self, sql: str) -> Sequence[Sequence[Any]]:
        assert self._rehearsal is not None
        rows = self._rehearsal.query(sql)
        return [tuple(v if isinstance(v, _PLAIN) else str(v) for v in row) for row in rows]

    def migrate(self, revision: str, direction: Direction) -> StepResult:
        assert self._rehearsal is not None
        return self._fenced(self._rehearsal.migrate(revision, direction))

    def rehearsed(self) -> None:
        if self._rehearsal is not None:
            rehearsal, self._rehearsal = self._rehearsal, None
            rehearsal.end()

    def declared(self) -> tuple[DeclaredFacts, ...] | str:
        found = self._finished(lambda: self._history.declared(self._standing))
        if isinstance(found, str):
            return found
        self._declared = found
        return tuple(
            DeclaredFacts(
                label=one.label, database=one.database, others=one.others, complete=one.complete,
                conventions=one.conventions, notes=one.notes, builds_over=one.build_over is not None,
            )
            for one in found
        )  # fmt: skip

    def build(self, number: int, migrated: Catalog) -> None:
        self._finished(lambda: self._declared[number].build(self._standing, migrated))

    def build_over(self, number: int, migrated: Catalog) -> None:
        build_over = self._declared[number].build_over
        assert build_over is not None
        self._finished(lambda: build_over(self._standing, migrated))

    def ignores(self, number: int, differences: Sequence[Difference]) -> list[bool]:
        return [self._declared[number].ignore(difference) for difference in differences]

    def locates(self, number: int, keys: Sequence[ObjectKey]) -> list[tuple[str, int] | None]:
        return [self._declared[number].locate(key) for key in keys]

    def chosen(self, number: int, keys: Sequence[ObjectKey]) -> list[bool]:
        return [self._declared[number].chosen(key) for key in keys]

    def forgotten(self, number: int) -> tuple[ForgottenTable, ...]:
        return self._declared[number].forgotten()

