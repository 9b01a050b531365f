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
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.core.step import StepFailure
from pytest_migcheck.core.text import text_of
from pytest_migcheck.history.alembic.events import statement_error
from pytest_migcheck.trace.recorder import source_of_traceback

IsOurs = Callable[[str], bool]


def step_failure(
    error: BaseException, path: str, direction: Direction, statements: tuple[Statement, ...], is_ours: IsOurs
) -> StepFailure:
    """Describe the exception that ended a step.

    Args:
        error: what came out of env.py.
        path: the revision's file.
        direction: which way it ran.
        statements: what the step had run by then.
        is_ours: tells whether a file belongs to the user's migrations.
    """
    source = source_of_traceback(error.__traceback__, is_ours)
    kind, message, sql, sqlstate = type(error).__name__, text_of(error).strip(), None, None
    if isinstance(error, DBAPIError) and error.orig is not None:
        server = statement_error(error.orig)
        kind, message, sql, sqlstate = server.kind, server.message, error.statement, server.sqlstate
    failed = next((s for s in reversed(statements) if s.error is not None), None)
    if source is None and failed is not None:
        source = failed.source
    return StepFailure(
        kind=kind,
        message=message,
        source=source,
        sql=sql,
        sqlstate=sqlstate,
        deliberate=direction is Direction.DOWNGRADE
        and not statements
        and not isinstance(error, (MigcheckError, DBAPIError))
        and _raised_in_downgrade(error.__traceback__, path),
        traceback=user_frames(error, is_ours),
        full_traceback="".join(traceback.format_exception(type(error), error, error.__traceback__)),
    )


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
