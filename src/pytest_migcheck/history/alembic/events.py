"""Listen to SQLAlchemy's cursor and transaction events while env.py runs, and tell the recorder.

https://docs.sqlalchemy.org/en/20/core/events.html#sqlalchemy.events.ConnectionEvents
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from alembic.runtime.environment import EnvironmentContext
from sqlalchemy import event
from sqlalchemy.engine import Engine

from pytest_migcheck.core.statement import StatementError
from pytest_migcheck.core.text import text_of
from pytest_migcheck.trace.recorder import Recorder


@contextmanager
def recorded(recorder: Recorder, environment: EnvironmentContext) -> Iterator[None]:
    """Report every statement of every engine to ``recorder`` until the block ends.

    A COMMIT or ROLLBACK of ``environment``'s own connection counts as a statement where a migration asks for it.
    """

    def before(conn: Any, _cursor: Any, _sql: str, _params: Any, _context: Any, _many: bool) -> None:
        connection = _dbapi(conn)
        recorder.before(connection, autocommit=is_autocommit(connection))

    def after(conn: Any, _cursor: Any, sql: str, _params: Any, context: Any, _many: bool) -> None:
        connection = _dbapi(conn)
        recorder.after(connection, _as_sent(sql, context), autocommit=is_autocommit(connection))

    def failed(context: Any) -> None:
        if context.statement is not None and context.connection is not None:
            connection = _dbapi(context.connection)
            recorder.failed(
                _as_sent(context.statement, context.execution_context),
                statement_error(context.original_exception),
                autocommit=connection is not None and is_autocommit(connection),
            )

    def ended(sql: str) -> Callable[[Any], None]:
        def listener(conn: Any) -> None:
            if _called_by_migration(sys._getframe(1)) and conn is environment.get_context().connection:
                recorder.ended_by_migration(sql)
            recorder.transaction_ended()

        return listener

    listeners: dict[str, Callable[..., Any]] = {
        "before_cursor_execute": before,
        "after_cursor_execute": after,
        "handle_error": failed,
        "commit": ended("COMMIT"),
        "rollback": ended("ROLLBACK"),
    }
    for name, listener in listeners.items():
        event.listen(Engine, name, listener)
    try:
        yield
    finally:
        for name, listener in listeners.items():
            event.remove(Engine, name, listener)


def _as_sent(sql: str, context: Any) -> str:
    """The text that the server gets: SQLAlchemy doubles a percent sign where the driver halves it."""
    compiled = getattr(context, "compiled", None)
    halved = compiled is not None and context.dialect.paramstyle in ("format", "pyformat")
    return sql.replace("%%", "%") if halved else sql


def _called_by_migration(frame: FrameType | None) -> bool:
    """Whether code that Alembic runs, and not Alembic itself (its ``autocommit_block``), called SQLAlchemy."""
    while frame is not None and _package(frame) == "sqlalchemy":
        frame = frame.f_back
    if frame is None or _package(frame) == "alembic":
        return False
    while frame is not None:
        if frame.f_globals.get("__name__") == "alembic.runtime.migration":
            return True
        frame = frame.f_back
    return False


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def statement_error(error: BaseException) -> StatementError:
    """The server's error, whichever driver raised it."""
    sqlstate = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    cause = error.__cause__
    if cause is not None and type(error).__module__.startswith("sqlalchemy"):
        return statement_error(cause)
    return StatementError(sqlstate=sqlstate, kind=type(error).__name__, message=text_of(error).strip())


def is_autocommit(connection: Any) -> bool:
    """Whether statements on this DBAPI connection commit by themselves (psycopg, psycopg2, asyncpg, pg8000)."""
    isolation = getattr(connection, "isolation_level", None)
    return bool(getattr(connection, "autocommit", False)) or isolation == "autocommit"


def _dbapi(conn: Any) -> Any:
    try:
        return conn.connection.dbapi_connection
    except Exception:  # noqa: BLE001 - an invalidated connection has none; the error is being reported already
        return None
