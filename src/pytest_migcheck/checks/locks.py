"""``locks``: judge the statements of a revision by what the server locked, scanned and rewrote."""

from __future__ import annotations

from pytest_migcheck.core.finding import Direction, Severity
from pytest_migcheck.core.graph import Revision
from pytest_migcheck.core.outcome import Outcome, Status, TracedStatement
from pytest_migcheck.rules.judge import RuleContext, judge
from pytest_migcheck.walk.cursor import Stairway


def judge_locks(
    stairway: Stairway, revision: Revision, version_num: int, version_tables: tuple[tuple[str, str], ...]
) -> Outcome:
    """Judge the upgrade's statements; one that failed is judged by what ran."""
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
    return Outcome(
        status=Status.FAILED if failed else Status.PASSED,
        findings=findings,
        statements=traced_statements(stairway),
    )


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
