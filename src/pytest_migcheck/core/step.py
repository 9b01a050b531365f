"""One revision run in one direction: what went in, what came out, what it did."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_migcheck.core.catalog import Catalog
from pytest_migcheck.core.finding import Direction
from pytest_migcheck.core.statement import Source, Statement

# The kind of a failure without an exception: the version table does not say what Alembic said.
NOT_RECORDED = "NotRecorded"
# As before, and the reason is that env.py did not commit.
NOT_COMMITTED = "NotCommitted"
# The kind of a failure of a migration that has no downgrade at all; nothing was run.
NO_WAY_BACK = "NoWayBack"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFailure:
    """Why a step did not end.

    ``deliberate`` means the revision itself declares that it has no way back.
    ``traceback`` holds the user's frames only; ``full_traceback`` all of them. ``advice`` are labelled texts of the
    history's own; None where what Alembic's users should do is right. ``swallowed``: the migration caught the error.
    """

    kind: str
    message: str
    source: Source | None
    sql: str | None = None
    sqlstate: str | None = None
    deliberate: bool = False
    swallowed: bool = False
    revision: str = ""
    traceback: str = ""
    full_traceback: str = ""
    advice: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """The record of one step. ``run`` is 1 for the first pass and 2 for the second upgrade.

    ``left_uncommitted`` says that the migration ended Alembic's transaction, and Alembic did not commit the rest.
    """

    revision: str
    direction: Direction
    run: int
    before: Catalog
    after: Catalog | None
    statements: tuple[Statement, ...] = ()
    failure: StepFailure | None = None
    seconds: float = 0.0
    output: str = ""
    changed_settings: tuple[tuple[str, str, str], ...] = ()
    left_uncommitted: bool = False
