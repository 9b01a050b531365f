"""``locks``: judge the statements of a revision by what the server locked, scanned and rewrote."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from pytest_migcheck.core.catalog import Catalog
from pytest_migcheck.core.finding import Direction, Finding, Severity
from pytest_migcheck.core.graph import Revision
from pytest_migcheck.core.lock import LockMode
from pytest_migcheck.core.outcome import Outcome, Status, TracedStatement
from pytest_migcheck.core.step import StepRecord
from pytest_migcheck.rules._rule import Rule
from pytest_migcheck.rules.judge import RuleContext, judge_and_mark
from pytest_migcheck.walk.stairway import Stairway

_TIMEOUT_RULE = ("MC131", "missing-lock-timeout")
# One hint for a history instead of a warning on every revision.
NO_LOCK_TIMEOUT = (
    "migrations lock tables while lock_timeout is 0, so every query queues behind one that waits; "
    "set it in env.py (MC131 shows the places)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where the migrations run: here, and in production where a version is set for it."""

    version_num: int
    target_version: int | None = None
    version_tables: tuple[tuple[str, str], ...] = ()
    env_path: str = ""


def judge_locks(
    stairway: Stairway,
    revision: Revision,
    target: Target,
    *,
    selected: Callable[[str, str], bool] = lambda _id, _name: False,
    more: Sequence[Rule] = (),
) -> Outcome:
    """Judge the statements of both directions; those of a step that failed by what ran.

    One that failed never passes.

    Args:
        stairway: the records of the revision.
        revision: where its file is.
        target: the server, the version in production, and the tables of Alembic's own.
        selected: told id and name, whether a rule that is off by default was selected.
        more: rules of the user's own.
    """
    if stairway.blocked_by is not None or stairway.up is None:
        return Outcome(status=Status.SKIPPED, reason=f"not reached: upgrading {stairway.blocked_by} fails")
    findings: list[Finding] = []
    notes: set[str] = set()
    marked: list[StepRecord] = []
    for record in (stairway.up, stairway.down):
        if record is not None:
            context = _context(record, stairway, revision, target)
            found, statements = judge_and_mark(record.statements, context, selected=selected, more=more)
            findings += found
            marked.append(replace(record, statements=statements))
            if _locks_without_timeout(record, context) and not selected(*_TIMEOUT_RULE):
                notes.add(NO_LOCK_TIMEOUT)
    failed = any(f.severity is Severity.ERROR for f in findings)
    reason = _unfinished(stairway.up, revision)
    passed = Status.PASSED if reason is None else Status.SKIPPED
    return Outcome(
        status=Status.FAILED if failed else passed,
        reason=reason,
        findings=tuple(findings),
        notes=tuple(notes),
        statements=traced_statements((*marked, stairway.again)),
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
def _context(record: StepRecord, stairway: Stairway, revision: Revision, target: Target) -> RuleContext:
    return RuleContext(
        revision=revision.id,
        direction=record.direction,
        path=revision.place(record.direction)[0],
        version_num=target.version_num,
        target_version=target.target_version,
        version_tables=frozenset(f"{schema}.{name}" for schema, name in target.version_tables),
        created_in_revision=frozenset(name for s in record.statements for name in s.created),
        catalog=record.before,
        after=record.after,
        restored=_restored(stairway) if record.direction is Direction.UPGRADE else None,
    )


def _restored(stairway: Stairway) -> Catalog | None:
    down = stairway.down
    return down.after if down is not None and down.failure is None else None


def _locks_without_timeout(record: StepRecord, context: RuleContext) -> bool:
    return record.direction is Direction.UPGRADE and any(
        context.waits_for_ever(s) and context.held(s, LockMode.ACCESS_EXCLUSIVE) for s in record.statements if s.utility
    )


def traced_statements(records: Iterable[StepRecord | None]) -> tuple[TracedStatement, ...]:
    """Every statement of the revision's steps, for the reports."""
    return tuple(
        TracedStatement(revision=record.revision, direction=record.direction, run=record.run, statement=statement)
        for record in records
        if record is not None
        for statement in record.statements
    )
