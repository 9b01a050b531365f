"""Points of a history at which a test can ask for a database."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from pytest_migcheck.core.graph import Graph
from pytest_migcheck.core.outcome import MigcheckError, hidden_frames
from pytest_migcheck.history.source import History

# A message says it all; pytest shows where the test asked.
__tracebackhide__ = hidden_frames


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """``revisions`` are applied one by one; None means an upgrade to the heads in one go, as a deployment does it."""

    label: str
    revisions: tuple[str, ...] | None


HEADS = Point(label="heads", revisions=None)


def point_at(history: History, name: str) -> Point:
    """The point that ``alembic upgrade NAME`` reaches: a revision, the start of its id, a branch label, or heads.

    Raises:
        MigcheckError: the name means no revision, or several.
    """
    if name in ("head", "heads"):  # which needs no look at the revisions
        return HEADS
    if name == "base":
        return Point(label="base", revisions=())
    graph = history.graph
    revision = find_revision(graph, name)
    wanted = {revision, *graph.ancestors(revision)}
    return Point(label=revision, revisions=tuple(r for r in graph.order if r in wanted))


def point_before(graph: Graph, name: str) -> Point:
    """The state in which ``name`` is applied: everything that comes earlier in Alembic's own order.

    Raises:
        MigcheckError: the name means no revision, or several.
    """
    revision = find_revision(graph, name)
    return Point(label=f"before {revision}", revisions=graph.order[: graph.order.index(revision)])


def find_revision(graph: Graph, name: str) -> str:
    """The one revision that a name means.

    Raises:
        MigcheckError: it means none, or several.
    """
    name = name.removesuffix("@head")
    if name in graph.revisions:
        return name
    labelled = [head for head in graph.heads if name in graph.revisions[head].branch_labels]
    found = labelled or [id_ for id_ in graph.revisions if name and id_.startswith(name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise MigcheckError(f"revision {name!r} means {len(found)} revisions: {', '.join(found[:5])}")
    near = difflib.get_close_matches(name, graph.revisions, 1, 0.5)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise MigcheckError(f"{name!r} is not a revision.{hint} Valid: an id or its start, a branch label, heads, base")
