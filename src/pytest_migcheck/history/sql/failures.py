"""Say why a script failed, in terms of the user's own file and tool."""

from __future__ import annotations

from pytest_migcheck.core.finding import Direction
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.core.statement import Source
from pytest_migcheck.core.step import NO_WAY_BACK, StepFailure
from pytest_migcheck.history.sql.layout import Layout, Migration, Piece, ScriptError
from pytest_migcheck.history.sql.running import PieceRefusedError, source_of
from pytest_migcheck.postgres.extensions_known import missing_advice

_MISSING = ("42P01", "3F000", "42704", "42883")
_IN_A_BLOCK = "25001"
_NEW_ENUM_VALUE = "55P04"


def step_failure(
    error: BaseException, migration: Migration, direction: Direction, layout: Layout, *, first: bool
) -> StepFailure:
    """Describe what ended a step.

    Args:
        error: what came out of the run.
        migration: what ran.
        direction: which way.
        layout: the folder.
        first: whether nothing is applied before this migration.
    """
    if isinstance(error, PieceRefusedError):
        server = error.refusal.error
        source = source_of(error.piece, direction) if error.piece else _beginning(migration, direction)
        return StepFailure(
            kind=server.kind,
            message=server.message,
            source=source,
            sql=error.sql,
            sqlstate=server.sqlstate,
            revision=migration.id,
            advice=_advice(server.sqlstate, server.message, direction, layout, first=first),
        )
    if isinstance(error, ScriptError):
        return StepFailure(
            kind="unreadable",
            message=str(error),
            source=source_of(Piece(sql="", path=error.path, line=error.line), direction),
            revision=migration.id,
            advice=(("fix", error.advice),) if error.advice else (),
        )
    kind = type(error).__name__
    message = str(error) if isinstance(error, MigcheckError) else f"{kind}: {error}"
    source = _beginning(migration, direction)
    return StepFailure(kind=kind, message=message, source=source, revision=migration.id, advice=())


def irreversible(migration: Migration, layout: Layout) -> StepFailure:
    """There is no script for the way back, and its author knows."""
    reason = "it runs again whenever it changes" if migration.repeatable else layout.forward
    return StepFailure(kind=NO_WAY_BACK, message=reason, source=None, deliberate=True, revision=migration.id, advice=())


def _beginning(migration: Migration, direction: Direction) -> Source:
    down = direction is Direction.DOWNGRADE
    path = str((down and migration.down_path) or migration.path)
    line = max(migration.down_line if down else migration.up_line, 1)
    return Source(path=path, line=line, function=direction.value, text="")


def _advice(
    sqlstate: str | None, message: str, direction: Direction, layout: Layout, *, first: bool
) -> tuple[tuple[str, str], ...]:
    if sqlstate == _IN_A_BLOCK:
        return (("fix", f"run it {layout.outside}"),)
    if sqlstate == _NEW_ENUM_VALUE:
        return (("fix", "add the enum value in a migration of its own, before the one that uses it"),)
    advice = missing_advice(message, "from the script that migcheck_init names")
    if advice is not None:
        return (("fix", advice),)
    if sqlstate in _MISSING and first and direction is Direction.UPGRADE:
        advice = (
            "this history does not start from an empty database: its first migration expects objects that are not "
            "there. Name the script that makes them: migcheck_init = path/to/init.sql"
        )
        return (("fix", advice),)
    return ()
