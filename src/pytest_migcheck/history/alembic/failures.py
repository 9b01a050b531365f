"""Say why a step failed, in terms of the user's own file."""

from __future__ import annotations

import ast
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from sqlalchemy.exc import DBAPIError

from pytest_migcheck.core.finding import Direction
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.core.reading import is_users_file
from pytest_migcheck.core.statement import Source, Statement
from pytest_migcheck.core.step import StepFailure
from pytest_migcheck.core.text import text_of
from pytest_migcheck.history.alembic.events import statement_error
from pytest_migcheck.history.alembic.version_table import is_about, taken_away
from pytest_migcheck.trace.recorder import source_of_traceback

IsOurs = Callable[[str], bool]
# in_failed_sql_transaction: https://www.postgresql.org/docs/current/errcodes-appendix.html
ABORTED = "25P02"
_NO_TRANSACTION_OF_ALEMBIC = (
    "autocommit_block() ends the transaction that Alembic began, and here env.py began one before context.configure(): "
    "end it there\nconnection.commit()"
)


def step_failure(
    error: BaseException,
    path: str,
    direction: Direction,
    statements: tuple[Statement, ...],
    is_ours: IsOurs,
    version_table: tuple[str, str] = ("public", "alembic_version"),
) -> StepFailure:
    """Describe the exception that ended a step.

    Args:
        error: what came out of env.py.
        path: the revision's file.
        direction: which way it ran.
        statements: what the step had run by then.
        is_ours: tells whether a file belongs to the user's migrations.
        version_table: its schema and name.
    """
    source = source_of_traceback(error.__traceback__, is_ours)
    kind, message, sql, sqlstate = type(error).__name__, text_of(error).strip(), None, None
    if isinstance(error, DBAPIError) and error.orig is not None:
        server = statement_error(error.orig)
        kind, message, sql, sqlstate = server.kind, server.message, error.statement, server.sqlstate
    failed = next((s for s in reversed(statements) if s.error is not None), None)
    if source is None and failed is not None:
        source = failed.source
    swallowed = _swallowed(statements) if sqlstate == ABORTED else None
    if swallowed is not None and swallowed.error is not None:
        # What the server refuses from then on is not the fault of who asks.
        kind, message, sqlstate = swallowed.error.kind, swallowed.error.message, swallowed.error.sqlstate
        source, sql = swallowed.source, swallowed.sql
    advice: tuple[tuple[str, str], ...] | None = None
    if is_about(message, sql, *version_table) and (taken := taken_away(statements, *version_table)) is not None:
        source, sql, advice = taken[0].source, taken[0].sql, (("fix", taken[1]),)
    if _innermost(error.__traceback__) == "autocommit_block":
        advice = (("fix", _NO_TRANSACTION_OF_ALEMBIC),)
    return StepFailure(
        kind=kind,
        message=message or _without_a_text(kind, source),
        source=source,
        sql=sql,
        sqlstate=sqlstate,
        swallowed=swallowed is not None,
        advice=advice,
        deliberate=direction is Direction.DOWNGRADE
        and not statements
        and not isinstance(error, (MigcheckError, DBAPIError))
        and _raised_in_downgrade(error.__traceback__, path),
        traceback=user_frames(error, is_ours),
        full_traceback="".join(traceback.format_exception(type(error), error, error.__traceback__)),
    )


def _innermost(frames: TracebackType | None) -> str:
    """The name of the function that raised."""
    while frames is not None and frames.tb_next is not None:
        frames = frames.tb_next
    return frames.tb_frame.f_code.co_name if frames is not None else ""


def _swallowed(statements: tuple[Statement, ...]) -> Statement | None:
    """The statement whose error the migration caught, in a transaction that is aborted by it."""
    last: Statement | None = None
    for statement in statements:
        if statement.error is not None and statement.error.sqlstate == ABORTED:
            break
        last = statement if statement.error is not None else last
    return last


def _without_a_text(kind: str, source: Source | None) -> str:
    return f"{kind} in {source.text.strip()}" if source is not None and source.text.strip() else kind


def _raised_in_downgrade(frames: TracebackType | None, path: str) -> bool:
    """Whether the innermost frame of all is a ``raise`` in the ``downgrade`` of this file."""
    if frames is None:
        return False
    while frames.tb_next is not None:
        frames = frames.tb_next
    code = frames.tb_frame.f_code
    if code.co_name != "downgrade" or Path(code.co_filename).resolve() != Path(path).resolve():
        return False
    return any(
        isinstance(node, ast.Raise) and node.lineno <= frames.tb_lineno <= (node.end_lineno or node.lineno)
        for node in ast.walk(ast.parse(Path(path).read_bytes()))
    )


def hook_error(hook: str, lost: str, error: BaseException) -> MigcheckError:
    """What an exception of the user's hook becomes, with the line of the hook that raised it.

    Args:
        hook: the name of the hook.
        lost: what is not known without it, such as "the configurations".
        error: what the hook raised; an error of ours, which is complete, stays as it is.
    """
    if isinstance(error, MigcheckError):
        return error
    frames = [f for f in traceback.extract_tb(error.__traceback__) if is_users_file(f.filename)]
    place = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return MigcheckError(
        f"{hook}: the hook raises{place}, so {lost} are not known\n{user_frames(error, is_users_file).rstrip()}\n"
        f"what to do: correct the hook; {hook} returns None where it has nothing to say"
    )


def user_frames(error: BaseException, is_ours: IsOurs) -> str:
    """The traceback with the user's frames only, and the error's own line."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if is_ours(f.filename)]
    return "".join([*traceback.format_list(frames), *traceback.format_exception_only(type(error), error)])
