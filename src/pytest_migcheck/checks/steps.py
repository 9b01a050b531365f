"""Findings about steps that fail, shared by the checks that run them."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_migcheck.checks.transactions import FIX, ended_before
from pytest_migcheck.core.finding import Direction, Finding, Severity
from pytest_migcheck.core.graph import Revision
from pytest_migcheck.core.rule_ids import rule_id
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.core.step import MISSING_EXTENSION, NOT_RECORDED, StepFailure
from pytest_migcheck.postgres.watch import StepEnded

_EMPTY_START = (
    "this history does not start from an empty database: its first revision expects objects that are not there. "
    "Return the SQL (or a callable) that makes them from the hook pytest_migcheck_prepare in the root conftest.py"
)


def again_rule(failure: StepFailure) -> str:
    """The rule for an upgrade that fails the second time; one that was ended from outside would have gone on."""
    return "upgrade-fails" if failure.kind == StepEnded.__name__ else "upgrade-not-repeatable"


def failure_finding(
    *, rule: str, check: str, headline: str, revision: Revision, direction: Direction, failure: StepFailure,
    statements: Sequence[Statement] = (), extra: tuple[tuple[str, str], ...] = (),
) -> Finding:
    """A finding for a step that the server, or the migration's own code, ended; ``statements`` ran before."""
    source = failure.source
    ended = ended_before(statements, revision.paths)
    advice = failure.advice
    # What stays is told in any case; a source with advice of its own knows better what to do.
    advice = (ended or _advice(failure, revision, direction)) if advice is None else (*ended[:1], *advice)
    path, line = revision.place(direction)
    return Finding(
        id=rule_id(rule),
        rule=rule,
        severity=Severity.ERROR,
        check=check,
        headline=headline,
        object=revision.id,
        revision=revision.id,
        direction=direction,
        path=source.path if source else path,
        line=source.line if source else line,
        source_text=source.text if source else "",
        sql=failure.sql,
        details=(("error", f"{failure.kind}: {failure.message}"), *extra, *advice),
    )


def _advice(
    failure: StepFailure, revision: Revision, direction: Direction
) -> tuple[tuple[str, str], ...]:
    missing = failure.sqlstate in ("42P01", "3F000", "42704", "42883")
    if failure.kind == NOT_RECORDED:
        return (("fix", FIX),)
    if failure.sqlstate == "42P01" and "alembic_version" in failure.message:
        return (("fix", "the migration hides the version table: restore search_path at its end (SET LOCAL does)"),)
    if missing and direction is Direction.UPGRADE and not revision.requires:
        return (("fix", _EMPTY_START),)
    if (failure.sqlstate == "0A000" and "extension" in failure.message) or "extension control file" in failure.message:
        return (("fix", MISSING_EXTENSION),)
    if "drop_constraint(None" in (failure.source.text if failure.source else ""):
        return (("fix", "name the constraint: op.drop_constraint(None, ...) is what autogenerate writes for none"),)
    if failure.sqlstate == "55P04":
        return (("fix", "add the enum value in a revision of its own, or in op.get_context().autocommit_block()"),)
    return ()
