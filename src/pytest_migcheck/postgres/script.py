"""Run SQL text on a connection as a program does that sends it as it is, without parameters."""

from __future__ import annotations

import psycopg
from psycopg.pq import TransactionStatus

from pytest_migcheck.core.statement import StatementError
from pytest_migcheck.postgres.database import Database


class RefusedError(Exception):
    """The server refused a text; ``position`` is the 1-based character in it, where the server names one."""

    def __init__(self, error: StatementError, position: int | None) -> None:
        super().__init__(error.message)
        self.error = error
        self.position = position


class ScriptConnection:
    """One session; each text goes to the server in one message of the simple query protocol.

    https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT
    """

    def __init__(self, database: Database) -> None:
        self.connection = database.connect()
        # A prepared statement may not hold several, and would outlive what it names.
        self.connection.prepare_threshold = None

    @property
    def in_transaction(self) -> bool:
        return self.connection.info.transaction_status is not TransactionStatus.IDLE

    def execute(self, sql: str) -> None:
        """Run a text.

        Raises:
            RefusedError: the server refuses it, or the session has been ended.
        """
        try:
            self.connection.execute(sql)
        except psycopg.Error as error:
            raise _refused(error) from error

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """Run a query and return what it gives."""
        return list(self.connection.execute(sql).fetchall())

    def copy_in(self, sql: str, data: str) -> None:
        """Run a ``COPY ... FROM STDIN`` with the lines that follow it in the script.

        Raises:
            RefusedError: the server refuses it, or one of the lines.
        """
        try:
            with self.connection.cursor() as cursor, cursor.copy(sql) as copy:
                copy.write(data)
        except psycopg.Error as error:
            raise _refused(error) from error

    def close(self) -> None:
        self.connection.close()


def _refused(error: psycopg.Error) -> RefusedError:
    position = error.diag.statement_position
    message = str(error).strip()
    return RefusedError(
        StatementError(sqlstate=error.sqlstate, kind=type(error).__name__, message=message),
        int(position) if position else None,
    )
