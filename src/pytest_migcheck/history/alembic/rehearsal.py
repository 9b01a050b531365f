"""Run migrations in a transaction that is rolled back: any number of times, from the same state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from pytest_migcheck.core.dbapi import rows_of
from pytest_migcheck.core.finding import Direction
from pytest_migcheck.history.source import Rehearsing, StepResult

T = TypeVar("T")
Migrate = Callable[[str, Direction], StepResult]


class Rehearsal:
    """Implements ``history.source.Rehearsing`` on the connection that env.py gave to Alembic."""

    def __init__(self, context: Any, migrate: Migrate) -> None:
        self._context = context
        self._migrate = migrate

    def query(self, sql: str) -> Sequence[Sequence[Any]]:
        return rows_of(self._context.connection.connection.dbapi_connection, sql)

    def migrate(self, revision: str, direction: Direction) -> StepResult:
        result = self._migrate(revision, direction)
        # Each step is a release, as in the stairway.
        self._context.impl.memo.clear()
        return result


def rehearsed(context: Any, migrate: Migrate, work: Callable[[Rehearsing], T]) -> T:
    """Do the work in a transaction of its own, and roll it back."""
    connection = context.connection
    if connection.in_transaction():
        # Alembic's own look at the version table.
        connection.commit()
    transaction = connection.begin()
    try:
        return work(Rehearsal(context, migrate))
    finally:
        transaction.rollback()
        context.impl.memo.clear()
