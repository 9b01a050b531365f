"""Lines about what a run looks at: the histories, what is judged of them."""

from __future__ import annotations

from pytest_migcheck.checks.scope import Scope
from pytest_migcheck.history.source import History


def describe(history: History, scope: Scope) -> str:
    """A history in one line, with the part of it that is judged."""
    if scope.since is None:
        return history.describe()
    judged = len(scope.since.judged)
    rest = len(history.graph.revisions) - judged
    revisions = f"{judged} revision{'' if judged == 1 else 's'}"
    return f"{history.describe()}, {scope.since.describe()}: {revisions} judged, {rest} only run"
