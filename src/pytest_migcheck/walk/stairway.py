"""What a walk finds out about one revision."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_migcheck.core.step import StepRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Stairway:
    """The records of a revision that went up, down and up; None where it did not get so far.

    ``blocked_by`` is the revision whose failed upgrade keeps this one from being reached.
    ``dirty`` is true when a failed step left changes behind (it committed some of its work).
    """

    up: StepRecord | None = None
    down: StepRecord | None = None
    again: StepRecord | None = None
    blocked_by: str | None = None
    dirty: bool = False
