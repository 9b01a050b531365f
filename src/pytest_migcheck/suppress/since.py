"""Which revisions of a history are judged: those that are newer than a revision, or than a branch."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_migcheck.core.graph import Graph
from pytest_migcheck.core.outcome import MigcheckError

GIT = "git:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """``said`` is the setting, ``base`` the commit where the branch began ("" without git).

    ``judged`` are the newer revisions, ``start`` the position of the first of them: what comes before only runs.
    """

    said: str
    judged: frozenset[str]
    start: int
    base: str = ""

    @classmethod
    def of(cls, graph: Graph, judged: frozenset[str], *, said: str, base: str = "") -> Since:
        start = next((n for n, revision in enumerate(graph.order) if revision in judged), len(graph.order))
        return cls(said=said, judged=judged, start=start, base=base)

    def describe(self) -> str:
        """In a few words, for the line that tells what was found."""
        return f"since {self.said}" + (f" (merge base {self.base})" if self.base else "")


def newer_than(graph: Graph, names: Sequence[str], said: str) -> Since | None:
    """What is newer than the named revisions; None where the history has none of them."""
    found = [revision for name in names if (revision := _find(graph, name)) is not None]
    if not found:
        return None
    older = {revision for name in found for revision in (name, *graph.ancestors(name))}
    return Since.of(graph, frozenset(graph.order) - older, said=said)


def names_of(value: str) -> tuple[str, ...]:
    return tuple(value.replace(",", " ").split())


def check_known(origin: str, names: Sequence[str], graphs: Sequence[Graph]) -> None:
    """Every name is a revision of some history.

    Raises:
        MigcheckError: one is not; names the nearest.
    """
    for name in names:
        if any(_find(graph, name) for graph in graphs):
            continue
        ids = [revision for graph in graphs for revision in graph.order]
        several = [revision for revision in ids if revision.startswith(name)]
        if len(several) > 1:
            raise MigcheckError(f"{origin}: {name!r} means {len(several)} revisions: {', '.join(several[:5])}")
        near = difflib.get_close_matches(name, ids, 1, 0.5)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        by_git = ", or git:REF" if origin.endswith("since") else ""
        raise MigcheckError(f"{origin}: {name!r} is not a revision.{hint} Valid: an id or its start{by_git}")


def _find(graph: Graph, name: str) -> str | None:
    if name in graph.revisions:
        return name
    found = [revision for revision in graph.order if revision.startswith(name)]
    return found[0] if len(found) == 1 else None
