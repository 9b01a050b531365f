"""The composition root: what one run shares (settings, histories, server, databases)."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from pytest_migcheck.checks.heads import judge_heads
from pytest_migcheck.checks.history_rules import history_rules
from pytest_migcheck.checks.in_sql import in_words_of
from pytest_migcheck.checks.revision import judge_revision
from pytest_migcheck.checks.row_trials import RowTrials, Walked
from pytest_migcheck.checks.scope import Scope, context_of, scopes_of
from pytest_migcheck.checks.whole import Ground, WholeHistory
from pytest_migcheck.core.outcome import ALONE, NOT_JUDGED, MigcheckError, Outcome, Status
from pytest_migcheck.history.find import find_histories
from pytest_migcheck.history.source import History, RunHooks
from pytest_migcheck.postgres.broken import check_alive, told_of_the_server
from pytest_migcheck.postgres.cluster_wide import ClusterBaseline, touches_cluster
from pytest_migcheck.postgres.database_set import DatabaseSet
from pytest_migcheck.postgres.server import Server
from pytest_migcheck.postgres.servers import CHECKS, Servers
from pytest_migcheck.provision.base import Floor, Grounds, find_floor
from pytest_migcheck.provision.databases import MigratedDatabases, ingredients_of
from pytest_migcheck.rules import all_rules
from pytest_migcheck.rules._rule import Rule
from pytest_migcheck.settings import Settings
from pytest_migcheck.suppress.baseline import read_baseline
from pytest_migcheck.suppress.silence import silence_of
from pytest_migcheck.suppress.since import check_known
from pytest_migcheck.walk.cursor import Cursor


@dataclass(slots=True)
class _Work:
    """What the run knows about one history so far."""

    history: History
    cursor: Cursor | None = None
    outcomes: dict[tuple[str, str | None], Outcome] = field(default_factory=dict)
    whole: WholeHistory | None = None
    stopped_by: str | None = None
    cluster_wide: bool | None = None


class Session:
    """One run of the checks; starts the server when the first item needs it."""

    def __init__(
        self,
        settings: Settings,
        hooks: RunHooks,
        servers: Servers | None = None,
        worker: str = "",
        own_rules: Sequence[Rule] = (),
    ) -> None:
        """Make a session; ``worker`` is the name of this process where several share the servers."""
        self._settings = settings
        self._hooks = hooks
        self._own_rules = own_rules
        self.servers = servers or Servers(settings.postgres, target_version=settings.target_version)
        self._realm, self._worker = CHECKS, worker
        self._work: dict[str, _Work] = {}
        self._cluster: ClusterBaseline | None = None
        self._databases: MigratedDatabases | None = None
        self._scopes: dict[str, Scope] | None = None
        path = settings.baseline
        self.baseline = None if path is None else read_baseline(path, writing=settings.write_baseline)
        self._grounds = Grounds(self.servers, self._seek_floor)
        off = {r.id for r in (*all_rules(), *own_rules) if r.off} | {r.id for r in history_rules() if r.off}
        self._silence = silence_of(settings, {rule.id: rule.name for rule in own_rules}, off)
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
        server, story = self.server, self._grounds.story
        older = f"; older revisions: {story}" if story else ""
        return None if server is None else server.describe() + older

    def histories(self) -> tuple[History, ...]:
        """Find the histories; runs no env.py and starts no server."""
        if not self._work:
            for history in find_histories(self._settings, self._hooks, self.servers.ports()):
                self._work[history.name] = _Work(history)
        return tuple(work.history for work in self._work.values())

    def scope(self, history: str) -> Scope:
        """Which part of a history is judged.

        Raises:
            MigcheckError: a revision or a ref that the settings name is not known.
        """
        if self._scopes is None:
            histories, settings = self.histories(), self._settings
            graphs = [history.graph for history in histories]
            check_known("migcheck_revision_ignores", tuple(settings.revision_ignores), graphs)
            check_known("migcheck_irreversible", settings.irreversible, graphs)
            self._scopes = scopes_of(histories, *settings.since)
        return self._scopes[history]

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
            return Outcome(status=Status.SKIPPED, reason=f"{NOT_JUDGED}{work.stopped_by} (see the first error)")
        if key not in work.outcomes:
            try:
                with told_of_the_server(lambda: self.server):
                    self._judge(work, check, revision)
                    check_alive(self.server, work.outcomes[key])
            except MigcheckError as error:
                # What stops one item stops them all; it is told once in full.
                work.stopped_by = str(error).splitlines()[0] if check not in ALONE else work.stopped_by
                raise
        outcome = in_words_of(work.history, work.outcomes[key])
        return outcome if self.baseline is None else self.baseline.mark(outcome, history)

    def _judge(self, work: _Work, check: str, revision: str | None) -> None:
        if self._shares_a_cluster():
            if work.cluster_wide is None:
                work.cluster_wide = touches_cluster(work.history.source_files())
            if work.cluster_wide:
                self._take_own_cluster()
        self._judge_here(work, check, revision)
        outcome, cluster = work.outcomes[check, revision], self._cluster
        if cluster is not None and self._shares_a_cluster() and cluster.met_by(outcome, self._started()):
            # Somebody makes what all databases share, and the other workers see it: once more, where nobody else walks.
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
        """A history that makes what belongs to a cluster must not walk where another worker does."""
        self._forget_databases()
        self._rows.leave()
        for work in self._work.values():
            work.cursor = None
            if work.whole is not None:
                work.whole.forget()
        self._realm, self._cluster = f"{CHECKS}-{self._worker}", None

    def _walk(self, work: _Work, revision: str) -> None:
        """Run a revision once and keep both verdicts on it; the catalogs are not kept."""
        server, history, reset = self._started(), work.history, self._cluster_as_at_the_start
        if work.cursor is None:
            traced = bool({"locks", "data"} & {*self._settings.checks})
            work.cursor = Cursor(history, server, reset, traced=traced, floor=self._grounds.floor)
        stairway = work.cursor.stairway(revision)
        self._rows.remember(Walked(history, revision, stairway, server, reset, work.cursor, self._grounds.floor))
        node = history.graph.revisions[revision]
        judged = judge_revision(stairway, node, history, server, self._settings, self._silence, self._own_rules)
        work.outcomes.update({(check, revision): outcome for check, outcome in judged.items()})

    def _with_rows(self, work: _Work, revision: str) -> Outcome:
        """Judge a revision by rows; what it does without any must be known by then."""
        if not self._rows.knows(work.history, revision):
            self._walk(work, revision)
        node = work.history.graph.revisions[revision]
        one_way = self._silence.irreversible(node) is not None
        judged = self._rows.outcome(work.history, node, irreversible=one_way)
        return self._silence.revision(judged, "data", node, ())

    def _history_check(self, work: _Work, check: str) -> Outcome:
        judges = self.scope(work.history.name).judges
        judged = [revision for revision in work.history.graph.revisions.values() if judges(revision.id)]
        return self._silence.history(self._judged_history(work, check), check, judged)

    def _judged_history(self, work: _Work, check: str) -> Outcome:
        history = work.history
        if check == "heads":
            return judge_heads(history, context_of(history, self.scope(history.name)), self._settings.selected)
        if work.whole is None:
            work.whole = WholeHistory(
                history,
                self._ground(history),
                start=self.scope(history.name).start,
                declared=lambda: self._silence.all_irreversible(history.graph),
                severities=self._settings.drift,
                tells_upgrade="upgrade" in self._settings.checks,
            )
        return work.whole.judge(check)

    def _ground(self, history: History) -> Ground:
        def begin() -> DatabaseSet:
            self._cluster_as_at_the_start()
            return self._grounds.begin(self._started(), history, "heads")

        def below() -> str | None:
            floor = self._grounds.floor
            return history.graph.order[floor.position - 1] if floor else None

        return Ground(pause=self.pause, server=self._started, begin=begin, below=below)

    def _cluster_as_at_the_start(self) -> None:
        """A history that makes what belongs to the cluster must not find that of another walk."""
        server = self._started()
        if self._cluster is None or self._shares_a_cluster() or self._cluster.unchanged(server):
            return
        self._forget_databases()
        self._cluster.restore(server)

    def _forget_databases(self) -> None:
        self._rows.forget()
        for work in self._work.values():
            if work.cursor is not None:
                work.cursor.forget()
            if work.whole is not None:
                work.whole.give_up()

    def _started(self) -> Server:
        server = self._grounds.server(self._realm)
        if self._cluster is None and server.kind != "url":
            self._cluster = ClusterBaseline.of(server)
        return server

    def _seek_floor(self) -> Floor | str | None:
        """The state before the first revision that is judged, where older ones are not."""
        history, *others = self.histories()
        start = self.scope(history.name).start
        if others:
            return "there are several histories" if self._settings.since[1] else None
        if not start:
            return None
        self.pause()
        settings, hooks = self._settings, self._hooks
        ingredients = lambda revisions: ingredients_of(history, settings, hooks, revisions)
        return find_floor(settings.postgres, start, ingredients, history, fresh=settings.fresh)

    def pause(self) -> None:
        """End every run of env.py, so that nothing of ours is active while other tests run."""
        self._rows.release()
        for work in self._work.values():
            if work.cursor is not None:
                work.cursor.release()

    def _give_way(self) -> None:
        """Before a test of the user's: no walk is active, and no tablespace of one takes a folder of the machine."""
        self.pause()
        if self._cluster is not None and self.server is not None and self._cluster.takes_folders(self.server):
            self._cluster_as_at_the_start()

    def databases(self) -> MigratedDatabases:
        """The databases for the user's own tests."""
        if self._databases is None:
            found, way = self.histories(), self._give_way
            self._databases = MigratedDatabases(self._settings, self.servers, found, way, self._hooks)
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
        self._grounds.close()
        if self.server is not None and self.server.is_alive():
            with contextlib.suppress(MigcheckError):
                self.pause()
        for work in self._work.values():
            work.history.close()
        self.servers.close()
