"""Run DDL that somebody else wrote, such as a dump, in a database of ours."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg import errors

# What belongs to another cluster: its databases and roles, who owns what there, and who may use it.
_OF_A_CLUSTER = re.compile(
    r"(CREATE|ALTER|DROP)\s+(DATABASE|ROLE|USER|GROUP|TABLESPACE|SUBSCRIPTION)\b(?!\s+MAPPING)"
    r"|COMMENT\s+ON\s+(DATABASE|ROLE|TABLESPACE|SUBSCRIPTION)\b"
    r"|(GRANT|REVOKE|REASSIGN|DROP\s+OWNED|SECURITY\s+LABEL|ALTER\s+DEFAULT\s+PRIVILEGES)\b"
    r"|SET\s+(SESSION\s+AUTHORIZATION|(SESSION\s+|LOCAL\s+)?ROLE)\b"
    r"|ALTER\s.*\bOWNER\s+TO\s+\S+\s*\Z",
    re.IGNORECASE | re.DOTALL,
)
_SET = re.compile(r"SET\b", re.IGNORECASE)


class StatementError(Exception):
    """A statement that the server refuses; ``index`` counts from 0."""

    def __init__(self, index: int, message: str) -> None:
        super().__init__(message)
        self.index = index


def run_statements(connection: psycopg.Connection[Any], statements: Iterable[str]) -> None:
    """Run DDL on an autocommit connection, one statement after the other.

    Left out is what belongs to another cluster (roles, databases, owners, grants) and settings that this server
    does not know. The schema ``public`` may be there already.

    Raises:
        StatementError: the server refuses a statement.
    """
    for index, sql in enumerate(statements):
        if _OF_A_CLUSTER.match(sql):
            continue
        try:
            connection.execute(sql.encode())
        except errors.UndefinedObject as error:
            if not _SET.match(sql):
                raise _refused(index, error) from error
        except errors.DuplicateSchema as error:
            if error.diag.message_primary != 'schema "public" already exists':
                raise _refused(index, error) from error
        except psycopg.Error as error:
            raise _refused(index, error) from error


def _refused(index: int, error: psycopg.Error) -> StatementError:
    hints = (f"\n{word}: {text}" for word, text in _more(error) if text)
    return StatementError(index, f"{error.diag.message_primary or error}" + "".join(hints))


def _more(error: psycopg.Error) -> tuple[tuple[str, str | None], ...]:
    return ("detail", error.diag.message_detail), ("hint", error.diag.message_hint)
