"""``locks``: judge the statements of a revision by what the server locked, scanned and rewrote."""

from __future__ import annotations

from pytest_migcheck.core.finding import Direction, Severity
from pytest_migcheck.core.graph import Revision
from pytest_migcheck.core.outcome import Outcome, Status, TracedStatement
from pytest_migcheck.core.step import StepRecord
from pytest_migcheck.rules.judge import RuleContext, judge
from pytest_migcheck.walk.cursor import Stairway


def judge_locks(
    stairway: Stairway, revision: Revision, version_num: int, version_tables: tuple[tuple[str, str], ...]
) -> Outcome:
    """Judge the upgrade's statements; one that failed is judged by what ran, and never passes."""
    if stairway.blocked_by is not None or stairway.up is None:
        return Outcome(status=Status.SKIPPED, reason=f"not reached: upgrading {stairway.blocked_by} fails")
    up = stairway.up
    context = RuleContext(
        revision=revision.id,
        direction=Direction.UPGRADE,
        path=revision.path,
        version_num=version_num,
        version_tables=frozenset(f"{schema}.{name}" for schema, name in version_tables),
        created_in_revision=frozenset(name for s in up.statements for name in s.created),
        catalog=up.before,
    )
    findings = tuple(judge(up.statements, context))
    failed = any(f.severity is Severity.ERROR for f in findings)
    reason = _unfinished(up, revision)
    passed = Status.PASSED if reason is None else Status.SKIPPED
    return Outcome(
        status=Status.FAILED if failed else passed,
        reason=reason,
        findings=findings,
        statements=traced_statements(stairway),
    )


def _unfinished(up: StepRecord, revision: Revision) -> str | None:
    """How far an upgrade got that failed: what comes after nobody has seen."""
    if up.failure is None:
        return None
    ran = sum(statement.error is None for statement in up.statements)
    judged = f"{ran} statement{'' if ran == 1 else 's'} before that judged" if ran else "nothing ran before that"
    source = up.failure.source
    place = f" at line {source.line}" if source and source.path == revision.path else ""
    return f"upgrading {revision.id} fails{place} (see stairway); {judged}"


def traced_statements(stairway: Stairway) -> tuple[TracedStatement, ...]:
    """Every statement of the revision's steps, for the reports."""
    return tuple(
        TracedStatement(
            revision=record.revision, direction=record.direction, run=record.run, statement=statement
        )
        for record in (stairway.up, stairway.down, stairway.again)
        if record is not None
        for statement in record.statements
    )
