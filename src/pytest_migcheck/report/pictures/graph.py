"""The revision graph: a line for each revision, in the order in which they run, with branches beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pytest_migcheck.report.pictures.svg import element, group, shortened

_ROW = 30
_LANE = 20
_LEFT = 16
_TOP = 18
_ID = 112
_VERDICT = 780
_WIDTH = 980


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A revision in the picture; ``state`` is error, warning, ok, skipped or run (it only ran)."""

    id: str
    parents: tuple[str, ...]
    depends_on: tuple[str, ...]
    message: str
    state: str
    verdict: str
    link: str
    irreversible: bool = False


@dataclass(slots=True)
class _Lanes:
    """Which lane each node and each line between two nodes is in."""

    of_node: dict[str, int] = field(default_factory=dict)
    of_line: dict[tuple[str, str], int] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)

    def take(self) -> int:
        lane = next(n for n in range(len(self.taken) + 1) if n not in self.taken)
        self.taken.add(lane)
        return lane


def revision_graph(nodes: Sequence[Node], label: str) -> str:
    """The picture of one history."""
    lanes = _lanes(nodes)
    rows = {node.id: number for number, node in enumerate(nodes)}
    width = 1 + max(lanes.of_node.values(), default=0)
    width = max(width, 1 + max(lanes.of_line.values(), default=0))
    text = _LEFT + width * _LANE + 6
    lines = [path for node in nodes for path in _lines_to(node, rows, lanes)]
    height = _TOP + len(nodes) * _ROW
    content = [*lines, *(_row(node, rows[node.id], lanes.of_node[node.id], text) for node in nodes)]
    # The lanes of a wide graph push the texts to the right.
    total = _WIDTH + max(0, text - 80)
    return group(
        "svg", *content, class_="graph", viewBox=f"0 0 {total} {height}", width=total, height=height, role="group",
        aria_label=label,
    )


def _lanes(nodes: Sequence[Node]) -> _Lanes:
    known = {node.id for node in nodes}
    children: dict[str, list[str]] = {node.id: [] for node in nodes}
    for node in nodes:
        for parent in node.parents:
            if parent in known:
                children[parent].append(node.id)
    depth: dict[str, int] = {}
    for node in reversed(nodes):
        # The longest line goes straight on.
        children[node.id].sort(key=lambda child: -depth[child])
        depth[node.id] = 1 + max((depth[child] for child in children[node.id]), default=0)
    lanes = _Lanes()
    for node in nodes:
        lines = [(parent, node.id) for parent in node.parents]
        waiting = sorted(lanes.of_line[line] for line in lines if line in lanes.of_line)
        own = waiting[0] if waiting else lanes.take()
        lanes.of_node[node.id] = own
        lanes.taken.difference_update(waiting[1:])
        for number, child in enumerate(children[node.id]):
            lanes.of_line[node.id, child] = own if number == 0 else lanes.take()
        if not children[node.id]:
            lanes.taken.discard(own)
    return lanes


def _x(lane: int) -> int:
    return _LEFT + lane * _LANE


def _y(row: int) -> int:
    return _TOP + row * _ROW


def _lines_to(node: Node, rows: Mapping[str, int], lanes: _Lanes) -> Iterator[str]:
    end_x, end_y = _x(lanes.of_node[node.id]), _y(rows[node.id])
    for parent in node.parents:
        if parent in rows:
            lane = _x(lanes.of_line[parent, node.id])
            x, y = _x(lanes.of_node[parent]), _y(rows[parent])
            path = f"M{x} {y}" + (f"C{x} {y + 20} {lane} {y + 10} {lane} {y + _ROW}" if lane != x else "")
            path += f"V{end_y - _ROW}" if end_y - y > _ROW else ""
            path += f"C{lane} {end_y - 10} {end_x} {end_y - 20} {end_x} {end_y}" if lane != end_x else f"V{end_y}"
            yield element("path", d=path, class_="line")
    for other in node.depends_on:
        if other in rows and other not in node.parents:
            x, y = _x(lanes.of_node[other]), _y(rows[other])
            path = f"M{x} {y}C{x - 14} {y + 20} {end_x - 14} {end_y - 20} {end_x} {end_y}"
            yield element("path", d=path, class_="line depends")


def _row(node: Node, row: int, lane: int, text: int) -> str:
    y, shift = _y(row), max(0, text - 80)
    ring = [element("circle", cx=_x(lane), cy=y, r=10, class_="ring")] if node.irreversible else []
    words = " · irreversible" if node.irreversible else ""
    return group(
        "a",
        element("rect", x=0, y=y - 14, width=_WIDTH + shift, height=28, rx=4, class_="hit"),
        *ring,
        _mark(node.state, _x(lane), y),
        element("text", shortened(node.id, 14), x=text, y=y + 4, class_="id"),
        element("text", shortened(node.message, 78), x=text + _ID, y=y + 4),
        element("text", node.verdict + words, x=_VERDICT + shift, y=y + 4, class_=f"result {node.state}"),
        href=node.link,
        class_="node",
    )


def _mark(state: str, x: int, y: int) -> str:
    """A shape of its own for each result: whoever sees no colours sees these."""
    if state == "error":
        cross = element("path", d=f"M{x - 2.5} {y - 2.5}l5 5m0 -5l-5 5", class_="sign")
        return element("rect", x=x - 6, y=y - 6, width=12, height=12, rx=2, class_="mark error") + cross
    if state == "warning":
        return element("path", d=f"M{x} {y - 7}L{x + 7} {y + 6}H{x - 7}Z", class_="mark warning")
    if state == "ok":
        check = element("path", d=f"M{x - 3} {y}l2 2.5l4 -5", class_="sign")
        return element("circle", cx=x, cy=y, r=6, class_="mark ok") + check
    return element("circle", cx=x, cy=y, r=4.5, class_=f"mark {state}")
