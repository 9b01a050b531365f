"""The verdicts that one walk of a revision gives: ``stairway``, and ``locks`` where that is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pytest_migcheck.checks.locks import Target, judge_locks, traced_statements
from pytest_migcheck.checks.stairway import judge_stairway
from pytest_migcheck.checks.walked import walked_steps
from pytest_migcheck.core.graph import Revision
from pytest_migcheck.core.outcome import Outcome
from pytest_migcheck.history.source import History
from pytest_migcheck.postgres.server import Server
from pytest_migcheck.rules._rule import Rule
from pytest_migcheck.settings import Settings
from pytest_migcheck.suppress.silence import Silence
from pytest_migcheck.walk.stairway import Stairway


def judge_revision(
    stairway: Stairway,
    node: Revision,
    history: History,
    server: Server,
    settings: Settings,
    silence: Silence,
    own_rules: Sequence[Rule],
) -> dict[str, Outcome]:
    """The outcome of each kind of item, with what is silenced marked."""
    ran = traced_statements((stairway.up, stairway.down, stairway.again))
    judged = judge_stairway(stairway, node, silence.irreversible(node))
    judged = replace(judged, steps=walked_steps(stairway, judged))
    outcomes = {"stairway": silence.revision(judged, "stairway", node, ran)}
    if "locks" in settings.checks:
        target = Target(
            version_num=server.version_num,
            target_version=settings.target_version,
            version_tables=history.version_tables(),
            env_path=str(history.env_path),
        )
        judged = judge_locks(stairway, node, target, selected=settings.selected, more=own_rules)
        outcomes["locks"] = silence.revision(judged, "locks", node, ran)
    return outcomes
