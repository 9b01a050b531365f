"""What is asked of a history as a whole, over one set of databases: up to the heads, down and up again, the models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from pytest_migcheck.checks.chain import judge_roundtrip, judge_upgrade, walk_chain
from pytest_migcheck.checks.drift import compare_models
from pytest_migcheck.core.catalog import Catalog
from pytest_migcheck.core.drift_severities import Severities
from pytest_migcheck.core.outcome import Outcome, Status
from pytest_migcheck.history.source import History, StepResult
from pytest_migcheck.postgres.database_set import DatabaseSet
from pytest_migcheck.postgres.server import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a walk needs around it: that nothing else runs, a server, and databases to start from.

    ``begin`` gives them with roles as at the start; ``below`` is the revision at which they stand, None where they
    are empty.
    """

    pause: Callable[[], None]
    server: Callable[[], Server]
    begin: Callable[[], DatabaseSet]
    below: Callable[[], str | None]


class WholeHistory:
    """Upgrades to the heads once, and answers ``upgrade``, ``roundtrip`` and ``drift`` from that.

    Args:
        history: the migrations.
        ground: where they run.
        start: how many revisions of the order are not judged.
        declared: tells the revisions that are said to have no way back, with the reason.
        severities: how bad kinds of drift are, where the settings say so.
        tells_upgrade: whether the run has ``upgrade``; else whatever needs the upgrade tells how it failed.
    """

    def __init__(
        self,
        history: History,
        ground: Ground,
        *,
        start: int,
        declared: Callable[[], Mapping[str, str]],
        severities: Severities,
        tells_upgrade: bool,
    ) -> None:
        self._history = history
        self._ground = ground
        self._start = start
        self._declared = declared
        self._severities = severities
        self._tells_upgrade = tells_upgrade
        self._at_heads: DatabaseSet | None = None
        self._upgraded: StepResult | None = None
        self._migrated: Catalog | None = None

    def judge(self, check: str) -> Outcome:
        """Answer one of the three."""
        upgraded = self._upgrade()
        if check == "upgrade" or (upgraded.failure is not None and not self._tells_upgrade):
            told = judge_upgrade(upgraded, self._history.graph, self._history.upgrade_notes(), self._ground.below())
            return replace(told, findings=tuple(replace(finding, check=check) for finding in told.findings))
        if upgraded.failure is not None:
            return Outcome(status=Status.SKIPPED, reason="not reached: upgrading to the heads fails (see upgrade)")
        return self._roundtrip() if check == "roundtrip" else self._drift()

    def give_up(self) -> None:
        """Drop the databases: another walk needs the cluster as it was."""
        if self._at_heads is not None:
            self._at_heads.drop()
            self._at_heads = None

    def forget(self) -> None:
        """Begin anew, elsewhere."""
        self.give_up()
        self._upgraded = None

    def _upgrade(self) -> StepResult:
        if self._upgraded is None:
            self._ground.pause()
            self._at_heads = self._ground.begin()
            self._upgraded = self._history.upgrade_to_heads(self._at_heads)
            if self._upgraded.failure is None:
                self._migrated = self._at_heads.read_catalog(self._history.version_tables())
        return self._upgraded

    def _roundtrip(self) -> Outcome:
        self._ground.pause()
        databases, graph, start = self._standing(), self._history.graph, self._start
        chain = walk_chain(self._history, databases, start=start, declared=self._declared())
        self.give_up()
        return judge_roundtrip(chain, graph, graph.order[start - 1] if start else "base")

    def _drift(self) -> Outcome:
        assert self._migrated is not None
        self._ground.pause()
        return compare_models(self._history, self._ground.server(), self._migrated, self._severities, self._copy)

    def _copy(self) -> DatabaseSet:
        """The databases at the heads once more."""
        return self._standing().copy("models")

    def _standing(self) -> DatabaseSet:
        """The databases at the heads, which another walk may have given up."""
        if self._at_heads is None:
            self._upgraded = None
            self._upgrade()
        assert self._at_heads is not None
        return self._at_heads
