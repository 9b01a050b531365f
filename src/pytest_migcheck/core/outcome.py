"""The verdict on one item and the names of the kinds of item."""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from pytest_migcheck.core.finding import Direction, Finding
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.core.text import clean

HISTORY_CHECKS = ("heads", "upgrade", "roundtrip", "drift")
REVISION_CHECKS = ("stairway", "locks", "data")
# Items whose errors say nothing about the others.
ALONE = ("drift", "data")
# How the reason of an item begins that what stopped another one has held up.
NOT_JUDGED = "not judged: "
CHECKS = (*HISTORY_CHECKS, *REVISION_CHECKS)


class Status(enum.Enum):
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedStatement:
    """A statement with the step it ran in, for the reports."""

    revision: str
    direction: Direction
    run: int
    statement: Statement


class StepState(enum.Enum):
    """How one step of a stairway ended: ``differs`` means with another catalog than it should."""

    PASSED = "passed"
    FAILED = "failed"
    DIFFERS = "differs"
    IRREVERSIBLE = "irreversible"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkedStep:
    """One step of a stairway, for the reports; ``run`` is 2 for the second upgrade."""

    direction: Direction
    run: int
    state: StepState
    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedRows:
    """What a ``data`` item tried, for the reports: how many sets of rows, and the most rows that a table had in one."""

    sets: int
    tables: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a check found out about one item.

    ``reason`` is the text of a skip or of an error (an error is not a finding: no server, env.py raises). With findings
    it says why the check saw only a part: it fails by them, and is a skip without one that fails.
    """

    status: Status
    findings: tuple[Finding, ...] = ()
    reason: str | None = None
    notes: tuple[str, ...] = ()
    statements: tuple[TracedStatement, ...] = ()
    sections: tuple[tuple[str, str], ...] = ()
    steps: tuple[WalkedStep, ...] = ()
    tried: TriedRows | None = None


class MigcheckError(Exception):
    """Something that is not a finding stops the work: bad configuration, no server, env.py raises.

    The message is complete for the user: what, where, what is valid, what to do. It may quote what others wrote.
    """

    def __init__(self, message: str) -> None:
        super().__init__(clean(message))


_P = ParamSpec("_P")
_T = TypeVar("_T")


def told_where_asked(function: Callable[_P, _T]) -> Callable[_P, _T]:
    """Let an error of ours begin where the user's code called: how deep in ours it arose says nothing to them."""

    @functools.wraps(function)
    def called(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        __tracebackhide__ = hidden_frames
        try:
            return function(*args, **kwargs)
        except MigcheckError as error:
            raise error.with_traceback(None) from None

    return called


def hidden_frames(raised: Any) -> bool:
    """Whether pytest leaves a module's frames out of a traceback, as the value of its ``__tracebackhide__``."""
    return isinstance(raised.value, MigcheckError)
