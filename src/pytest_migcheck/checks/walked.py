"""The three steps of a stairway and how each ended, for the pictures of a report."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_migcheck.core.finding import Direction, Finding
from pytest_migcheck.core.outcome import Outcome, Status, StepState, WalkedStep
from pytest_migcheck.core.step import StepRecord
from pytest_migcheck.walk.stairway import Stairway


def walked_steps(stairway: Stairway, outcome: Outcome) -> tuple[WalkedStep, ...]:
    """Up, down and up again; ``outcome`` is the verdict on them."""
    irreversible = outcome.status is Status.SKIPPED and stairway.up is not None and stairway.up.failure is None
    return (
        _walked(stairway.up, Direction.UPGRADE, 1, outcome.findings),
        _walked(stairway.down, Direction.DOWNGRADE, 1, outcome.findings, irreversible=irreversible),
        _walked(stairway.again, Direction.UPGRADE, 2, outcome.findings),
    )


def _walked(
    record: StepRecord | None,
    direction: Direction,
    run: int,
    findings: Iterable[Finding],
    *,
    irreversible: bool = False,
) -> WalkedStep:
    if record is None:
        return WalkedStep(direction=direction, run=run, state=StepState.NOT_RUN)
    state = StepState.PASSED
    if irreversible:
        state = StepState.IRREVERSIBLE
    elif record.failure is not None:
        state = StepState.FAILED
    elif _differs(direction, run, findings):
        state = StepState.DIFFERS
    return WalkedStep(direction=direction, run=run, state=state, seconds=record.seconds)


def _differs(direction: Direction, run: int, findings: Iterable[Finding]) -> bool:
    """Whether this step left another catalog: only the downgrade and the second upgrade are compared."""
    judged = run == 2 or direction is Direction.DOWNGRADE
    return judged and any(f.difference is not None and f.direction is direction for f in findings)
