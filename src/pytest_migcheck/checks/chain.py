"""``upgrade`` and ``roundtrip``: the whole history in one shot, and down to its base and up again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_migcheck.checks.stairway import difference_finding, first_line
from pytest_migcheck.checks.steps import again_rule, failure_finding
from pytest_migcheck.core.catalog import Catalog
from pytest_migcheck.core.diff import diff
from pytest_migcheck.core.finding import Change, Difference, Direction
from pytest_migcheck.core.graph import Graph
from pytest_migcheck.core.outcome import Outcome, Status
from pytest_migcheck.core.step import StepFailure
from pytest_migcheck.history.source import History, StepResult
from pytest_migcheck.postgres.database_set import DatabaseSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """What a walk from the heads to the base and back came to."""

    before: Catalog
    after: Catalog | None
    lowest: str | None = None
    refused_by: str | None = None
    reason: str = ""
    failed_at: str | None = None
    direction: Direction = Direction.DOWNGRADE
    failure: StepFailure | None = None


def judge_upgrade(result: StepResult, graph: Graph, notes: tuple[str, ...], start: str | None = None) -> Outcome:
    """Judge the upgrade to the heads in one shot, of an empty database or of one at the revision ``start``."""
    if result.failure is None:
        return Outcome(status=Status.PASSED, notes=notes)
    failed = _revision_of(result, graph)
    before = f"a database at {start}" if start else "an empty database"
    finding = failure_finding(
        rule="upgrade-fails",
        check="upgrade",
        headline=(
            f"upgrading {before} to the heads in one shot fails at {failed}: {first_line(result.failure.message)}"
        ),
        revision=graph.revisions[failed],
        direction=Direction.UPGRADE,
        failure=result.failure,
        statements=result.statements,
    )
    sections = (("traceback", result.failure.traceback), ("full traceback", result.failure.full_traceback))
    return Outcome(status=Status.FAILED, findings=(finding,), notes=notes, sections=sections)


def _revision_of(result: StepResult, graph: Graph) -> str:
    assert result.failure is not None
    if result.failure.revision:
        return result.failure.revision
    source = result.failure.source
    by_path = {r.path: r.id for r in graph.revisions.values()}
    return by_path.get(source.path if source else "", graph.order[0])


def walk_chain(
    history: History, databases: DatabaseSet, *, start: int = 0, declared: Mapping[str, str] | None = None
) -> Chain:
    """Take databases at the heads down to the base, or to a revision with no way back, and up again.

    Args:
        history: the migrations.
        databases: where they are applied.
        start: how many revisions of the order are left alone.
        declared: revisions that are said to have no way back, with the reason.
    """
    run = history.start(databases)
    before = databases.read_catalog(history.version_tables())
    undone: list[str] = []
    refusal: tuple[str, str] | None = None
    for revision in reversed(history.graph.order[start:]):
        if revision in (declared or {}):
            refusal = (revision, (declared or {})[revision])
            break
        result = run.step(revision, Direction.DOWNGRADE, traced=False)
        if result.failure is None:
            undone.append(revision)
            continue
        if not result.failure.deliberate:
            return Chain(before=before, after=None, failed_at=revision, failure=result.failure)
        refusal = (revision, result.failure.message)
        run = history.start(databases)
        break
    for revision in reversed(undone):
        result = run.step(revision, Direction.UPGRADE, traced=False)
        if result.failure is not None:
            return Chain(
                before=before, after=None, failed_at=revision, failure=result.failure, direction=Direction.UPGRADE
            )
    run.end()
    return Chain(
        before=before,
        after=databases.read_catalog(history.version_tables()),
        lowest=undone[-1] if undone else None,
        refused_by=refusal[0] if refusal else None,
        reason=refusal[1] if refusal else "",
    )


def judge_roundtrip(chain: Chain, graph: Graph, base: str = "base") -> Outcome:
    """Judge the walk from the heads to ``base``: it ends, and the catalog at the heads is what it was."""
    if chain.failure is not None and chain.failed_at is not None:
        down = chain.direction is Direction.DOWNGRADE
        finding = failure_finding(
            rule="downgrade-fails" if down else again_rule(chain.failure),
            check="roundtrip",
            headline=(
                f"going from the heads to {'the base' if base == 'base' else base} fails at {chain.failed_at}"
                if down
                else f"going back up to the heads fails at {chain.failed_at}"
            )
            + f": {first_line(chain.failure.message)}",
            revision=graph.revisions[chain.failed_at],
            direction=chain.direction,
            failure=chain.failure,
        )
        return Outcome(status=Status.FAILED, findings=(finding,), sections=(("traceback", chain.failure.traceback),))
    if chain.lowest is None:
        if chain.refused_by is None:
            return Outcome(status=Status.SKIPPED, reason="there is no revision to walk")
        return Outcome(status=Status.SKIPPED, reason=f"head {chain.refused_by} is irreversible: {chain.reason}")
    notes = (f"down to {chain.lowest} only: {chain.refused_by} is irreversible",) if chain.refused_by else ()
    assert chain.after is not None
    findings = tuple(
        difference_finding(
            difference,
            rule="downgrade-incomplete",
            check="roundtrip",
            headline=f"heads → {base} → heads {_changed(difference)}",
            revision=graph.revisions[graph.order[-1]],
            line=1,
            direction=Direction.DOWNGRADE,
            steps=f"heads ✓   {base} ✓   heads ✗ catalog differs",
        )
        for difference in diff(chain.before, chain.after)
    )
    status = Status.FAILED if findings else Status.PASSED
    return Outcome(status=status, findings=findings, notes=notes)


def _changed(difference: Difference) -> str:
    what = f"{difference.kind} {difference.object}"
    return {
        Change.ADDED: f"adds {what}",
        Change.REMOVED: f"loses {what}",
        Change.CHANGED: f"changes {what}: {', '.join(a.name for a in difference.attributes)}",
        Change.RENAMED: f"renames {what}",
    }[difference.change]
