"""What a run looks at and leaves out: lines for the terminal, plain data for the reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pytest_migcheck.checks.scope import Scope
from pytest_migcheck.history.source import History
from pytest_migcheck.report.build import relative
from pytest_migcheck.session import Session
from pytest_migcheck.suppress.baseline import Tally, lines_about, tally

_MANY = 20


def describe(history: History, scope: Scope) -> str:
    """A history in one line, with the part of it that is judged."""
    if scope.since is None:
        return history.describe()
    judged = len(scope.since.judged)
    rest = len(history.graph.revisions) - judged
    revisions = f"{judged} revision{'' if judged == 1 else 's'}"
    return f"{history.describe()}, {scope.since.describe()}: {revisions} judged, {rest} only run"


def judged_of(session: Session, history: History) -> list[str] | None:
    """The revisions that are judged, None where all are."""
    since = session.scope(history.name).since
    return None if since is None else [r for r in history.graph.order if r in since.judged]


def plain_since(session: Session) -> dict[str, str] | None:
    """The setting ``since`` for the reports, with the commit where the branch began; None where it is not set."""
    said = session.settings.since[1]
    if not said:
        return None
    found = (session.scope(history.name).since for history in session.histories())
    return {"said": said, "base": next((since.base for since in found if since is not None), "")}


def tally_of(session: Session, entries: Sequence[Mapping[str, Any]]) -> Tally | None:
    """The baseline beside what was found; None where there is no baseline."""
    if session.baseline is None:
        return None
    return tally(session.baseline, entries, {h.name: h.graph.revisions.keys() for h in session.histories()})


def closing_lines(session: Session, found: Tally | None, findings: int, *, verbose: bool) -> Iterator[str]:
    """What the summary says of the baseline, and of a way for existing projects."""
    root, since = session.settings.root, session.settings.since[1]
    if found is not None:
        yield from lines_about(found, str(relative(str(found.baseline.path), root)), verbose=verbose)
    heads = [head for history in session.histories() for head in history.graph.heads]
    if findings > _MANY and not since and heads:
        yield f'existing project? migcheck_since = "{" ".join(heads)}" checks only newer revisions'

