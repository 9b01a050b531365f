"""Prepare an empty database for histories that do not start from one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import create_engine

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.postgres.database_set import DatabaseSet

Preparation = str | Callable[[Any], Any]


def apply_preparations(preparations: Sequence[Preparation], databases: DatabaseSet) -> None:
    """Run each preparation on the main database, in a transaction that is committed.

    A string is SQL, possibly several statements; a callable gets a SQLAlchemy ``Connection``.

    Raises:
        MigcheckError: a preparation raises, or is neither.
    """
    if not preparations:
        return
    engine = create_engine(databases.main.url, pool_pre_ping=False)
    try:
        for preparation in preparations:
            _apply(preparation, engine)
    finally:
        engine.dispose()


def _apply(preparation: Preparation, engine: Any) -> None:
    try:
        with engine.begin() as connection:
            if callable(preparation):
                preparation(connection)
            elif isinstance(preparation, str):
                connection.exec_driver_sql(preparation)
            else:
                raise MigcheckError(
                    f"pytest_migcheck_prepare returned {preparation!r}; valid: SQL text, or a callable "
                    "that takes a SQLAlchemy connection"
                )
    except MigcheckError:
        raise
    except Exception as error:
        what = getattr(preparation, "__name__", None) or str(preparation)[:80]
        raise MigcheckError(f"pytest_migcheck_prepare: {what}: {type(error).__name__}: {error}") from error


def apply_seed(seed: Callable[[str, Any], None], revision: str, databases: DatabaseSet) -> None:
    """Let the user insert rows before a revision, in a transaction that is committed.

    Raises:
        MigcheckError: the hook raises.
    """
    engine = create_engine(databases.main.url, pool_pre_ping=False)
    try:
        with engine.begin() as connection:
            seed(revision, connection)
    except Exception as error:
        raise MigcheckError(f"pytest_migcheck_seed({revision!r}): {type(error).__name__}: {error}") from error
    finally:
        engine.dispose()
