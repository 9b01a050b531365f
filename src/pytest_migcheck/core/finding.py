"""Findings: what a check has to say, complete in itself."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from pytest_migcheck.core.lock import HeldLock


class Severity(enum.Enum):
    """Error fails an item, warning is shown, info is listed."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def one_lower(self) -> Severity:
        return Severity.WARNING if self is Severity.ERROR else Severity.INFO


class Direction(enum.Enum):
    """Which way a revision runs."""

    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"


class Change(enum.Enum):
    """How the found side differs from the expected side."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    RENAMED = "renamed"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeChange:
    """One attribute with its expected and its found value; None where a side lacks it."""

    name: str
    expected: str | None
    found: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One object that two catalogs disagree about.

    ``object`` is schema-qualified; ``definition`` is one line that says what the object is
    (of the found side where it has it, else of the expected side).
    """

    kind: str
    object: str
    change: Change
    attributes: tuple[AttributeChange, ...] = ()
    definition: str = ""
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressed:
    """Who silenced a finding, and why."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong, with where, why and what to do.

    ``details`` are labelled texts in printing order, such as ``("lock", "SHARE on public.orders ...")``
    and ``("fix", "op.create_index(...)")``; a text may have several lines. ``replacement`` is code that can stand
    in place of the statement at ``line``, where the fix is exactly that. ``part`` is the one statement of ``sql``
    that it is about, where that is known.
    """

    id: str
    rule: str
    severity: Severity
    check: str
    headline: str
    object: str
    revision: str | None = None
    direction: Direction | None = None
    path: str | None = None
    line: int | None = None
    source_text: str = ""
    sql: str | None = None
    part: str = ""
    locks: tuple[HeldLock, ...] = ()
    difference: Difference | None = None
    details: tuple[tuple[str, str], ...] = ()
    suppressed: Suppressed | None = None
    replacement: str | None = None
