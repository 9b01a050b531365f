"""Run migrations in a transaction that is rolled back: any number of times, from the same state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pytest_migcheck.core.dbapi import rows_of
from pytest_migcheck.core.finding import Direction
from pytest_migcheck.history.source import StepResult

Migrate = Callable[[str, Direction], StepResult]


class Rehearsal:
    """A transaction of its own on the connection that env.py gave to Alembic; ``end`` rolls it back."""

    def __init__(self, context: Any, migrate: Migrate) -> None:
        self._context = context
        self._migrate = migrate
        connection = context.connection
        if connection.in_transaction():
            # Alembic's own look at the version table.
            connection.commit()
        self._transaction = connection.begin()

    def query(self, sql: str) -> Sequence[Sequence[Any]]:
        """Run one statement and return its rows."""
        return rows_of(self._context.connection.connection.dbapi_connection, sql)

    def migrate(self, revision: str, direction: Direction) -> StepResult:
        """Run one revision."""
        result = self._migrate(revision, direction)
        # Each step is a release, as in the stairway.
        self._context.impl.memo.clear()
        return result

    def end(self) -> None:
        """Roll everything back."""
        self._transaction.rollback()
        self._context.impl.memo.clear()
