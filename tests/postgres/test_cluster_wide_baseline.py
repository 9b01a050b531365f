"""Roles belong to a cluster: what a verdict owes to those of another worker's walk."""

from __future__ import annotations

import pytest

from pytest_migcheck.core.finding import Direction, Finding, Severity
from pytest_migcheck.core.outcome import Outcome, Status
from pytest_migcheck.core.rule_ids import rule_id
from pytest_migcheck.postgres.cluster_wide import ClusterBaseline


def failed(error: str) -> Outcome:
    finding = Finding(
        id=rule_id("upgrade-fails"),
        rule="upgrade-fails",
        severity=Severity.ERROR,
        check="stairway",
        headline="upgrading a1 fails",
        object="a1",
        revision="a1",
        direction=Direction.UPGRADE,
        path="a1.py",
        line=1,
        details=(("error", error),),
    )
    return Outcome(status=Status.FAILED, findings=(finding,))


@pytest.mark.parametrize(
    ("outcome", "met"),
    [
        (failed('DuplicateObject: role "reader" already exists'), True),
        (failed('UndefinedTable: relation "orders" does not exist'), False),
        (Outcome(status=Status.SKIPPED, reason="not reached: upgrading to the heads fails (see upgrade)"), True),
        (Outcome(status=Status.SKIPPED, reason="irreversible: downgrade() raises NotImplementedError"), False),
        (Outcome(status=Status.PASSED), False),
    ],
)
def test_a_role_that_is_gone_again_may_have_been_met(server, outcome: Outcome, met: bool) -> None:
    assert ClusterBaseline.of(server).met_by(outcome, server) is met


def test_a_role_that_is_there_has_been_met(server) -> None:
    before = ClusterBaseline.of(server)
    with server.connect() as connection:
        connection.execute("CREATE ROLE of_another_walk")
    assert before.met_by(Outcome(status=Status.PASSED), server)
    before.restore(server)
    assert before.unchanged(server)
