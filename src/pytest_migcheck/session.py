"""The composition root: what one run shares (settings, histories, server, databases)."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pytest_migcheck.checks.chain import judge_roundtrip, judge_upgrade, walk_chain
from pytest_migcheck.checks.drift import Migrated, joined, judge_drift, part_of
from pytest_migcheck.checks.heads import check_heads
from pytest_migcheck.checks.in_sql import in_words_of
from pytest_migcheck.checks.locks import Target, judge_locks
from pytest_migcheck.checks.row_trials import RowTrials, Walked
from pytest_migcheck.checks.stairway import judge_stairway
from pytest_migcheck.checks.walked import walked_steps
from pytest_migcheck.core.catalog import Catalog
from pytest_migcheck.core.outcome import ALONE, MigcheckError, Outcome, Status
from pytest_migcheck.history.alembic.redirect import Redirection
from pytest_migcheck.history.find import find_histories
from pytest_migcheck.history.source import History, Hooks, StepResult
from pytest_migcheck.postgres.database_set import DatabaseSet
from pytest_migcheck.postgres.roles import RoleBaseline, touches_cluster
from pytest_migcheck.postgres.server import Server
from pytest_migcheck.postgres.servers import CHECKS, Servers
from pytest_migcheck.provision.databases import MigratedDatabases
from pytest_migcheck.rules._rule import Rule
from pytest_migcheck.settings import Settings
from pytest_migcheck.walk.cursor import Cursor


@dataclass(slots=True)
class _Work:
    """What the run knows about one history so far."""

    history: History
    cursor: Cursor | None = None
    outcomes: dict[tuple[str, str | None], Outcome] = field(default_factory=dict)
    at_heads: DatabaseSet | None = None
    upgraded: StepResult | None = None
    migrated: Catalog | None = None
    stopped_by: str | None = None
    cluster_wide: bool | None = None


class Session:
    """One run of the checks; starts the server when the first item needs it."""

    def __init__(
        self,
        settings: Settings,
        hooks: Hooks,
        servers: Servers | None = None,
        worker: str = "",
        own_rules: Sequence[Rule] = (),
    ) -> None:
        """Make a session; ``worker`` is the name of this process where several share the servers."""
        self._settings = settings
        self._hooks = hooks
        self._own_rules = own_rules
        self.servers = servers or Servers(settings.postgres, target_version=settings.target_version)
        self._realm = CHECKS
        self._worker = worker
        self._redirection = Redirection()
        self._work: dict[str, _Work] = {}
        self._roles: RoleBaseline | None = None
        self._databases: MigratedDatabases | None = None
        self._closed = False
        self._current: str | None = None
        self._rows = RowTrials(settings, hooks)

    @property
    def settings(self) -> Settings:
        return self._settings

    @property
    def server(self) -> Server | None:
        """The server of the checks, None until one was needed."""
        return self.servers.known(self._realm)

    def server_line(self) -> str | None:
        """The server in one line, None until one was needed."""
        server = self.server
        return None if server is None else server.describe()

    def histories(self) -> tuple[History, ...]:
        """Find the histories; runs no env.py and starts no server."""
        if not self._work:
            for history in find_histories(self._settings, self._hooks, self._redirection):
                self._work[history.name] = _Work(history)
        return tuple(work.history for work in self._work.values())

    def run(self, history: str, check: str, revision: str | None) -> Outcome:
        """Judge one item.

        Raises:
            MigcheckError: something that is not a finding stops the work.
        """
        self.histories()
        work = self._work[history]
        if history != self._current:
            # Runs of two histories never overlap: both change what the process shares.
            self.pause()
            self._current = history
        key = (check, revision)
        if key not in work.outcomes and work.stopped_by is not None and check != "heads":
            return Outcome(status=Status.SKIPPED, reason=f"not judged: {work.stopped_by} (see the first error)")
        if key not in work.outcomes:
            try:
                self._judge(work, check, revision)
            except MigcheckError as error:
                # What stops one item stops them all; it is told once in full.
                work.stopped_by = str(error).splitlines()[0] if check not in ALONE else work.stopped_by
                raise
        return in_words_of(work.history, work.outcomes[key])

    def _judge(self, work: _Work, check: str, revision: str | None) -> None:
        if self._shares_a_cluster():
            if work.cluster_wide is None:
                work.cluster_wide = touches_cluster(work.history.source_files())
            if work.cluster_wide:
                self._take_own_cluster()
        self._judge_here(work, check, revision)
        if self._shares_a_cluster() and self._roles is not None and not self._roles.unchanged(self._started()):
            # Somebody makes roles, and the other workers see them: once more, where nobody else walks.
            self._take_own_cluster()
            self._judge_here(work, check, revision)

    def _judge_here(self, work: _Work, check: str, revision: str | None) -> None:
        if revision is not None and check == "data":
            work.outcomes[check, revision] = self._with_rows(work, revision)
        elif revision is not None:
            self._walk(work, revision)
        else:
            work.outcomes[check, None] = self._history_check(work, check)

    def _shares_a_cluster(self) -> bool:
        return self.servers.borrowed and self._realm == CHECKS and not self._settings.by_url

    def _take_own_cluster(self) -> None:
        """Roles belong to a cluster: a history that makes them must not walk where another worker does."""
        self._forget_databases()
        for work in self._work.values():
            work.cursor = work.upgraded = None
        self._realm, self._roles = f"{CHECKS}-{self._worker}", None

    def _walk(self, work: _Work, revision: str) -> None:
        """Run a revision once and keep both verdicts on it; the catalogs are not kept."""
        server = self._started()
        history = work.history
        reset = self._roles_as_at_the_start
        if work.cursor is None:
            traced = bool({"locks", "data"} & {*self._settings.checks})
            work.cursor = Cursor(history, server, reset, traced=traced)
        stairway = work.cursor.stairway(revision)
        self._rows.remember(Walked(history, revision, stairway, server, reset, work.cursor))
        node = history.graph.revisions[revision]
        irreversible = any(revision.startswith(name) for name in self._settings.irreversible)
        judged = judge_stairway(stairway, node, irreversible)
        work.outcomes["stairway", revision] = replace(judged, steps=walked_steps(stairway, judged))
        if "locks" in self._settings.checks:
            work.outcomes["locks", revision] = judge_locks(
                stairway,
                node,
                Target(
                    version_num=server.version_num,
                    target_version=self._settings.target_version,
                    version_tables=history.version_tables(),
                    env_path=str(history.env_path),
                ),
                selected=self._settings.selected,
                more=self._own_rules,
            )

    def _with_rows(self, work: _Work, revision: str) -> Outcome:
        """Judge a revision by rows; what it does without any must be known by then."""
        if not self._rows.knows(work.history, revision):
            self._walk(work, revision)
        return self._rows.outcome(work.history, revision)

    def _history_check(self, work: _Work, check: str) -> Outcome:
        history = work.history
        if check == "heads":
            return check_heads(history)
        if check == "upgrade":
            return judge_upgrade(self._upgraded(work), history.graph, history.upgrade_notes())
        upgraded = self._upgraded(work)
        if upgraded.failure is not None:
            return Outcome(status=Status.SKIPPED, reason="not reached: upgrading to the heads fails (see upgrade)")
        return self._roundtrip(work) if check == "roundtrip" else self._drift(work)

    def _upgraded(self, work: _Work) -> StepResult:
        if work.upgraded is None:
            self.pause()
            self._roles_as_at_the_start()
            work.at_heads = self._fresh(work, "heads")
            work.upgraded = work.history.upgrade_to_heads(work.at_heads)
            if work.upgraded.failure is None:
                work.migrated = work.at_heads.read_catalog(work.history.version_tables())
        return work.upgraded

    def _roundtrip(self, work: _Work) -> Outcome:
        self.pause()
        if work.at_heads is None:
            # Given up for the sake of roles: another walk needed the cluster as it was.
            work.upgraded = None
            self._upgraded(work)
        databases = work.at_heads
        assert databases is not None
        chain = walk_chain(work.history, databases)
        databases.drop()
        work.at_heads = None
        return judge_roundtrip(chain, work.history.graph)

    def _drift(self, work: _Work) -> Outcome:
        migrated = work.migrated
        assert migrated is not None
        self.pause()
        models = DatabaseSet(self._started(), "models")
        outcomes: list[Outcome] = []
        try:
            declared = work.history.declared(models)
            if isinstance(declared, str):
                return Outcome(status=Status.SKIPPED, reason=declared)
            for one in declared:
                if outcomes:
                    models.drop()
                    models = DatabaseSet(self._started(), "models")
                side = Migrated(
                    catalog=part_of(migrated, one),
                    hidden_tables=work.history.version_tables(),
                    env_path=str(work.history.env_path),
                    heads=", ".join(work.history.graph.heads),
                )
                outcomes.append(judge_drift(one, side, models))
            return joined(outcomes)
        finally:
            models.drop()

    def _fresh(self, work: _Work, label: str) -> DatabaseSet:
        databases = DatabaseSet(self._started(), label)
        work.history.prepare(databases)
        return databases

    def _roles_as_at_the_start(self) -> None:
        """Roles belong to the cluster: a history that makes them must not find those of another walk."""
        server = self._started()
        if self._roles is None or self._shares_a_cluster() or self._roles.unchanged(server):
            return
        self._forget_databases()
        self._roles.restore(server)

    def _forget_databases(self) -> None:
        self._rows.forget()
        for work in self._work.values():
            if work.cursor is not None:
                work.cursor.forget()
            if work.at_heads is not None:
                work.at_heads.drop()
                work.at_heads = None

    def _started(self) -> Server:
        server = self.servers.get(self._realm)
        if self._roles is None and server.kind != "url":
            # Another worker may have walked here before.
            shared = self._shares_a_cluster()
            self._roles = RoleBaseline(frozenset((server.params.user,))) if shared else RoleBaseline.of(server)
        return server

    def pause(self) -> None:
        """End every run of env.py, so that nothing of ours is active while other tests run."""
        self._rows.release()
        for work in self._work.values():
            if work.cursor is not None:
                work.cursor.release()

    def databases(self) -> MigratedDatabases:
        """The databases for the user's own tests."""
        if self._databases is None:
            self.histories()
            self._databases = MigratedDatabases(self._settings, self.servers, self.histories(), self.pause, self._hooks)
        return self._databases

    def stories(self) -> tuple[str, ...]:
        """How the templates of the tests' databases came about, one line each."""
        return self._databases.stories() if self._databases is not None else ()

    def close(self) -> None:
        """Stop everything; may be called at any time and more than once."""
        if self._closed:
            return
        self._closed = True
        if self._databases is not None:
            self._databases.close()
        server = self.server
        if server is not None and server.is_alive():
            with contextlib.suppress(MigcheckError):
                self.pause()
        self.servers.close()
        self._redirection.stop()
