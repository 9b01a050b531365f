"""Which part of each history is judged, and what git says about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_migcheck.checks.history_rules._rule import HistoryContext
from pytest_migcheck.history.git import git_base
from pytest_migcheck.history.merged import Comparison, compare
from pytest_migcheck.history.source import History
from pytest_migcheck.suppress.since import GIT, Since, check_known, names_of, newer_than


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """``since`` is None where every revision is judged, ``comparison`` where no base in git is known."""

    since: Since | None = None
    comparison: Comparison | None = None

    def judges(self, revision: str) -> bool:
        return self.since is None or revision in self.since.judged

    @property
    def start(self) -> int:
        """The position of the first revision that is judged; what comes before only runs."""
        return 0 if self.since is None else self.since.start


def context_of(history: History, scope: Scope) -> HistoryContext:
    """What the rules on a history look at."""
    return HistoryContext(
        graph=history.graph,
        env_path=str(history.env_path),
        judges=scope.judges,
        comparison=scope.comparison,
        # Only Alembic has one.
        file_template=getattr(history, "file_template", None),
    )


def scopes_of(histories: Sequence[History], origin: str, value: str) -> dict[str, Scope]:
    """The scope of each history by its name; ``value`` is the setting ``since``.

    Raises:
        MigcheckError: a revision or a ref is not known, or git cannot say where the branch began.
    """
    if not value:
        return {history.name: Scope() for history in histories}
    if value.startswith(GIT):
        return {history.name: _by_git(history, origin, value) for history in histories}
    names = names_of(value)
    check_known(origin, names, [history.graph for history in histories])
    return {history.name: Scope(since=newer_than(history.graph, names, value)) for history in histories}


def _by_git(history: History, origin: str, value: str) -> Scope:
    comparison = compare(history.graph, git_base(history.root, value.removeprefix(GIT), origin))
    judged = frozenset(r for r in comparison.touched if r in history.graph.revisions)
    since = Since.of(history.graph, judged, said=value, base=comparison.base.short)
    return Scope(since=since, comparison=comparison)
