"""Where rows go up, down and up: in a transaction that is rolled back, or in a copy of the database."""

from __future__ import annotations

import contextlib
import itertools

from pytest_migcheck.core.rows import RowSet
from pytest_migcheck.populate.passage import Committed, Passage, Route, take_through
from pytest_migcheck.postgres.database_set import DatabaseSet
from pytest_migcheck.postgres.watch import StepEnded
from pytest_migcheck.walk.cursor import Cursor

_numbers = itertools.count(1)


class Places:
    """Gives each set of rows the same place to start from.

    Args:
        cursor: stands right before the revision.
        route: what the rows go through.
        committed: give each step its own transaction, in a copy; else all steps share one that is rolled back.
    """

    def __init__(self, cursor: Cursor, route: Route, *, committed: bool) -> None:
        self._cursor = cursor
        self._route = route
        self.committed = committed
        self._template: DatabaseSet | None = None

    def take_through(self, rows: RowSet, *, committed: bool = False) -> Passage:
        if not committed and not self.committed:
            with contextlib.suppress(StepEnded):
                passage = self._cursor.run().rehearse(lambda place: take_through(place, rows, self._route))
                if passage is not None:
                    return passage
            # env.py has several connections, owns the transaction, or waits for it on another connection.
            self.committed = True
        return self._in_a_copy(rows)

    def _in_a_copy(self, rows: RowSet) -> Passage:
        if self._template is None:
            self._template = self._cursor.copy(f"rows{next(_numbers)}")
        # Two runs of env.py never overlap: both change what the process shares.
        self._cursor.release()
        copy = self._template.copy(f"row{next(_numbers)}")
        try:
            run = self._cursor.history.start(copy)
            try:
                return take_through(Committed(run, copy.run), rows, self._route)
            finally:
                run.end()
        finally:
            copy.drop()

    def close(self) -> None:
        if self._template is not None:
            self._template.drop()
            self._template = None
