"""The points of a history at which a database can be asked for."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pytest_migcheck.core.graph import Graph, Revision
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.provision.points import find_revision, point_at, point_before


@dataclass
class _History:
    graph: Graph


def _revision(id_: str, *parents: str, labels: tuple[str, ...] = ()) -> Revision:
    return Revision(id=id_, parents=parents, path=f"{id_}.py", branch_labels=labels)


GRAPH = Graph(
    {
        r.id: r
        for r in (
            _revision("a1"),
            _revision("left1", "a1", labels=("left",)),
            _revision("right1", "a1", labels=("right",)),
            _revision("left2", "left1", labels=("left",)),
        )
    },
    ("left2", "right1"),
)
HISTORY = _History(GRAPH)


@pytest.mark.parametrize(
    ("name", "revisions"),
    [
        ("heads", None),
        ("head", None),
        ("base", ()),
        ("a1", ("a1",)),
        ("left2", ("a1", "left1", "left2")),
        ("rig", ("a1", "right1")),
        ("right@head", ("a1", "right1")),
        ("left", ("a1", "left1", "left2")),
    ],
)
def test_a_point_is_what_alembic_upgrade_reaches(name: str, revisions: tuple[str, ...] | None) -> None:
    assert point_at(HISTORY, name).revisions == revisions  # type: ignore[arg-type]


def test_before_a_revision_everything_earlier_is_applied() -> None:
    assert point_before(GRAPH, "left2").revisions == ("a1", "left1", "right1")


@pytest.mark.parametrize(
    ("name", "message"),
    [("left3", "Did you mean 'left"), ("", "is not a revision"), ("lef", "means 2 revisions: left1, left2")],
)
def test_a_name_that_means_none_or_several_is_told(name: str, message: str) -> None:
    with pytest.raises(MigcheckError, match=message):
        find_revision(GRAPH, name)
