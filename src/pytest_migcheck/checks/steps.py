"""Findings about steps that fail, shared by the checks that run them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from pytest_migcheck.checks.transactions import FIX, ended_before
from pytest_migcheck.core.finding import Direction, Finding, Severity
from pytest_migcheck.core.graph import Revision
from pytest_migcheck.core.rule_ids import rule_id
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.core.step import NOT_COMMITTED, NOT_RECORDED, StepFailure
from pytest_migcheck.postgres.extensions_known import missing_advice
from pytest_migcheck.postgres.watch import StepEnded

_EMPTY_START = (
    "this history does not start from an empty database: its first revision expects objects that are not there. "
    "Return the SQL (or a callable) that makes them from the hook pytest_migcheck_prepare in the root conftest.py"
)

_COMMIT = (
    "what env.py executes before context.configure() begins a transaction: end it there\n"
    "connection.commit()"
)
_SAVEPOINT = (
    "the migration catches this error, and PostgreSQL refuses every statement that follows in the transaction: use IF "
    "EXISTS or IF NOT EXISTS, or a savepoint around the statement\n"
    "with op.get_bind().begin_nested():\n"
    "    op.execute(...)"
)
# undefined_table, invalid_schema_name, undefined_object, undefined_function:
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_MISSING = frozenset(("42P01", "3F000", "42704", "42883"))
# duplicate_table, duplicate_object, duplicate_schema, duplicate_function
_THERE_ALREADY = frozenset(("42P07", "42710", "42P06", "42723"))
_SECOND_ROOT = (
    "{path} has no revision before it. Where it replaces another root of this history, go up to one of them: "
    "migcheck_target = LABEL@head, with the branch label of the root that is deployed, or the id of its head"
)
_NO_AUTOMATIC_CAST = re.compile(r'default for column "[^"]+" cannot be cast automatically')
_COLUMN_CHANGED = re.compile(
    r"(?is)^\s*ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?(?P<table>\S+)\s+"
    r"ALTER\s+(?:COLUMN\s+)?(?P<column>\"[^\"]+\"|\S+)\s"
)


def _default_aside(sql: str) -> str:
    """The default leaves before the type changes, and comes back after it.

    https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES
    """
    found = _COLUMN_CHANGED.match(sql)
    table, column = (found["table"], found["column"]) if found else ("...", "...")
    of_column = f"ALTER TABLE {table} ALTER COLUMN {column}"
    return (
        "the default has the old type: drop it, change the type, set it again\n"
        f'op.execute("{of_column} DROP DEFAULT")\n'
        f"op.execute({' '.join(sql.split())!r})\n"
        f'op.execute("{of_column} SET DEFAULT ...")'
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
        details=(("error", _error(failure)), *extra, *advice),
    )


def _error(failure: StepFailure) -> str:
    return failure.message if failure.message.startswith(failure.kind) else f"{failure.kind}: {failure.message}"


def _advice(
    failure: StepFailure, revision: Revision, direction: Direction
) -> tuple[tuple[str, str], ...]:
    missing = failure.sqlstate in _MISSING
    if failure.kind == NOT_RECORDED:
        return (("fix", FIX),)
    if failure.kind == NOT_COMMITTED:
        return (("fix", _COMMIT),)
    if failure.swallowed:
        return (("fix", _SAVEPOINT),)
    lacking = missing_advice(failure.message, "from the hook pytest_migcheck_prepare")
    if lacking is not None:
        return (("fix", lacking),)
    if missing and direction is Direction.UPGRADE and not revision.requires:
        return (("fix", _EMPTY_START),)
    if failure.sqlstate in _THERE_ALREADY and direction is Direction.UPGRADE and not revision.requires:
        return (("fix", _SECOND_ROOT.format(path=Path(revision.path).name)),)
    if _NO_AUTOMATIC_CAST.search(failure.message) and failure.sql:
        return (("fix", _default_aside(failure.sql)),)
    if "drop_constraint(None" in (failure.source.text if failure.source else ""):
        return (("fix", "name the constraint: op.drop_constraint(None, ...) is what autogenerate writes for none"),)
    if failure.sqlstate == "55P04":
        return (("fix", "add the enum value in a revision of its own, or in op.get_context().autocommit_block()"),)
    return ()
