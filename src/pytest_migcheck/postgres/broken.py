"""Say what a migration did to the server, where sessions of ours do not get on because of it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import psycopg

from pytest_migcheck.core.outcome import MigcheckError, Outcome, Status
from pytest_migcheck.core.step import StepFailure, StepRecord
from pytest_migcheck.postgres.server import Server

DriverError = psycopg.Error

# Statements that end sessions or keep the next one out, in any database of the cluster.
_ENDS_SESSIONS = re.compile(
    r"\bdrop\s+database\b|\bpg_(terminate|cancel)_backend\b|\b(alter|drop)\s+(role|user)\b|\balter\s+(system|database)\b"
    r"|\bto\s+program\b|\bpg_(promote|rotate|reload)|\breassign\s+owned\b|\bset\s+(session\s+authorization|role)\b",
    re.IGNORECASE,
)
_ROLE = re.compile(r"\b(alter|drop)\s+(role|user)\b|\bpg_authid\b|\bexecute\b", re.IGNORECASE)


@contextlib.contextmanager
def told_of_the_server(known: Callable[[], Server | None]) -> Iterator[None]:
    """Turn errors of sessions of ours into one clear message; ``known`` is the server, None where there is none yet.

    Raises:
        MigcheckError: the server is gone, or does not answer as before.
    """
    try:
        yield
    except MigcheckError:
        raise
    except Exception as error:
        server = known()
        if server is not None and not server.is_alive():
            raise server.died() from error
        if not isinstance(error, psycopg.Error):
            raise
        raise MigcheckError(
            f"PostgreSQL refuses a session of pytest-migcheck: {type(error).__name__}: {error}\n"
            "what to do: look for a statement of the migrations that ends sessions, or keeps new ones out"
        ) from error


def check_alive(server: Server | None, outcome: Outcome) -> None:
    """See whether an item failed because the server is gone: then it is no fault of its revision.

    Raises:
        MigcheckError: it is gone.
    """
    if server is not None and outcome.status is not Status.PASSED and not server.is_alive():
        raise server.died()


def after_loss(record: StepRecord, error: psycopg.Error, server: Server) -> StepRecord:
    """The record of a step after which its database cannot be read, with the statement that may have done it.

    Raises:
        MigcheckError: the server is gone.
    """
    if not server.is_alive():
        raise server.died() from error
    culprit = next((s for s in reversed(record.statements) if _ENDS_SESSIONS.search(s.sql)), None)
    known = record.failure or StepFailure(kind=type(error).__name__, message="", source=None, sqlstate=error.sqlstate)
    failure = replace(
        known,
        message=f"after this step its database cannot be reached: {_first_line(str(error))}",
        source=culprit.source if culprit else known.source,
        sql=culprit.sql if culprit else known.sql,
        advice=(("fix", "no statement of a migration may end the sessions of others or drop its own database"),),
    )
    return replace(record, after=record.before, failure=failure)


def failure_by_lock_out(record: StepRecord, server: Server) -> StepFailure | None:
    """The failure of a step that took its own role's login or password away; the role gets both back."""
    culprit = next((s for s in reversed(record.statements) if _ROLE.search(s.sql)), None)
    if culprit is None or not server.readmit():
        return None
    return StepFailure(
        kind="RoleChanged",
        message=f'the role "{server.params.user}", as which migrations run, could not connect again after this step',
        source=culprit.source,
        sql=culprit.sql,
        advice=(("fix", "change the role that runs migrations by hand, not in a migration"),),
    )


def _first_line(text: str) -> str:
    return next(iter(text.rpartition("FATAL:")[2].strip().splitlines()), "")
