"""``stairway``: a revision goes up, down and up again, and leaves the catalog as it should be."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.checks.restoring import Catalogs, restoring_code
from pytest_migcheck.checks.steps import again_rule, failure_finding
from pytest_migcheck.checks.transactions import transaction_findings
from pytest_migcheck.core.diff import diff, same
from pytest_migcheck.core.finding import Change, Difference, Direction, Finding, Severity
from pytest_migcheck.core.graph import Revision
from pytest_migcheck.core.outcome import Outcome, Status
from pytest_migcheck.core.rule_ids import rule_id
from pytest_migcheck.core.step import NO_WAY_BACK, StepRecord
from pytest_migcheck.walk.stairway import Stairway


def judge_stairway(stairway: Stairway, revision: Revision, declared: str | None) -> Outcome:
    """Judge the records of one revision; ``declared`` is the reason for which it is said to have no way back."""
    if stairway.blocked_by is not None or stairway.up is None:
        return Outcome(status=Status.SKIPPED, reason=f"not reached: upgrading {stairway.blocked_by} fails")
    if stairway.up.failure is not None:
        finding = _failed(stairway.up, revision, "upgrade-fails", "up ✗")
        return Outcome(status=Status.FAILED, findings=(finding,), sections=_traceback(stairway.up))
    down = stairway.down
    assert down is not None
    if down.failure is not None and (down.failure.deliberate or declared is not None):
        return Outcome(status=Status.SKIPPED, reason=_irreversible(down, declared))
    if down.failure is not None:
        finding = _failed(down, revision, "downgrade-fails", "up ✓   down ✗")
        return Outcome(status=Status.FAILED, findings=(finding,), sections=_traceback(down))
    if declared is not None:
        return Outcome(status=Status.SKIPPED, reason=f"irreversible: {declared}")
    findings = (
        *transaction_findings(stairway.up, revision),
        *transaction_findings(down, revision),
        *_residue(stairway, revision),
        *_repeat(stairway, revision),
    )
    sections = _traceback(stairway.again) if stairway.again else ()
    failed = any(f.severity is Severity.ERROR for f in findings)
    return Outcome(status=Status.FAILED if failed else Status.PASSED, findings=findings, sections=sections)


def _irreversible(down: StepRecord, declared: str | None) -> str:
    failure = down.failure
    assert failure is not None
    if failure.kind == NO_WAY_BACK:
        return f"irreversible by design: {failure.message}"
    if failure.deliberate:
        text = f": {failure.message}" if failure.message else ""
        return f"irreversible: downgrade() raises {failure.kind}{text}"
    return f"irreversible: {declared}" if declared is not None else failure.message


def _failed(record: StepRecord, revision: Revision, rule: str, steps: str) -> Finding:
    assert record.failure is not None
    doing = "upgrading" if record.direction is Direction.UPGRADE else "downgrading"
    return failure_finding(
        rule=rule,
        check="stairway",
        headline=f"{doing} {revision.id} fails: {first_line(record.failure.message) or record.failure.kind}",
        revision=revision,
        direction=record.direction,
        failure=record.failure,
        statements=record.statements,
        extra=(("steps", steps),),
    )


def _residue(stairway: Stairway, revision: Revision) -> Iterator[Finding]:
    up, down, again = stairway.up, stairway.down, stairway.again
    if up is None or down is None or down.after is None:
        return
    again_sign = "up ✗" if again is not None and again.failure is not None else "up ✓"
    catalogs = Catalogs(before=up.before, after=down.after)
    for difference in diff(up.before, down.after):
        yield difference_finding(
            difference,
            fix=_fix(difference, catalogs),
            rule="downgrade-incomplete",
            headline=f"downgrading {revision.id} {_left(difference)}",
            revision=revision,
            line=revision.downgrade_line,
            direction=Direction.DOWNGRADE,
            steps=f"up ✓   down ✗ catalog differs   {again_sign}",
        )


def _repeat(stairway: Stairway, revision: Revision) -> Iterator[Finding]:
    up, down, again = stairway.up, stairway.down, stairway.again
    if up is None or down is None or down.after is None or again is None:
        return
    steps = "up ✓   down ✓   up ✗" if same(up.before, down.after) else "up ✓   down ✗ catalog differs   up ✗"
    if again.failure is not None:
        yield failure_finding(
            rule=again_rule(again.failure),
            check="stairway",
            headline=f"upgrading {revision.id} again fails: {first_line(again.failure.message)}",
            revision=revision,
            direction=Direction.UPGRADE,
            failure=again.failure,
            statements=again.statements,
            extra=(("steps", steps),),
        )
        return
    if up.after is None or again.after is None:
        return
    for difference in diff(up.after, again.after):
        yield difference_finding(
            difference,
            rule="upgrade-not-repeatable",
            headline=f"upgrading {revision.id} again {_repeated(difference)}",
            revision=revision,
            line=revision.upgrade_line,
            direction=Direction.UPGRADE,
            steps=f"{steps} catalog differs",
        )


def difference_finding(
    difference: Difference, *, rule: str, headline: str, revision: Revision, line: int,
    direction: Direction, steps: str, check: str = "stairway", fix: tuple[tuple[str, str], ...] = (),
) -> Finding:
    """A finding for one object that a step leaves other than it should be."""
    return Finding(
        id=rule_id(rule),
        rule=rule,
        severity=Severity.ERROR,
        check=check,
        headline=headline,
        object=difference.object,
        revision=revision.id,
        direction=direction,
        path=revision.place(direction)[0],
        line=line,
        source_text=f"{direction.value}()",
        difference=difference,
        details=(("steps", steps), ("left", difference_text(difference)), *fix),
    )


def difference_text(difference: Difference) -> str:
    """The object with what is wrong about it, one line for each attribute."""
    name = f"{difference.kind.upper()} {difference.object}"
    if difference.change is Change.ADDED:
        return f"+ {name}  {difference.definition}".rstrip()
    if difference.change is Change.REMOVED:
        return f"- {name}  {difference.definition}".rstrip()
    lines = [
        f"  {a.name}: {_shown(a.expected)} → {_shown(a.found)}" for a in difference.attributes
    ]
    return "\n".join([f"~ {name}", *lines])


def _shown(value: str | None) -> str:
    return "–" if value is None or value == "" else value


def _fix(difference: Difference, catalogs: Catalogs) -> tuple[tuple[str, str], ...]:
    code = restoring_code(difference, catalogs)
    if code is None:
        return ()
    return (("fix", f"# in downgrade()\n{code}" if "\n" in code else f"{code}   # in downgrade()"),)


def _left(difference: Difference) -> str:
    what = f"{difference.kind} {difference.object}"
    return {
        Change.ADDED: f"leaves {what} behind",
        Change.REMOVED: f"does not bring back {what}",
        Change.CHANGED: f"does not restore {what}: {_names(difference)}",
        Change.RENAMED: f"leaves {what} under another name",
    }[difference.change]


def _repeated(difference: Difference) -> str:
    what = f"{difference.kind} {difference.object}"
    return {
        Change.ADDED: f"makes {what}, which the first upgrade did not",
        Change.REMOVED: f"does not make {what}",
        Change.CHANGED: f"makes {what} differently: {_names(difference)}",
        Change.RENAMED: f"names {what} differently",
    }[difference.change]


def _names(difference: Difference) -> str:
    return ", ".join(a.name for a in difference.attributes)


def _traceback(record: StepRecord) -> tuple[tuple[str, str], ...]:
    if record.failure is None:
        return ()
    return (("traceback", record.failure.traceback), ("full traceback", record.failure.full_traceback))


def first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else ""
