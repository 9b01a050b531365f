"""The locks of one step over time: a row for each relation, a bar from taking its lock to releasing it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_migcheck.core.lock import LockMode
from pytest_migcheck.report.pictures.svg import element, group, shortened

_LABELS = 220
_PLOT = 780
_RIGHT = 16
_TOP = 46
_ROW = 40
_WIDTH = _LABELS + _PLOT + _RIGHT
_LETTER = 6.6
_BADGES = {"scan": "reads all rows", "rewrite": "rewrites the table"}


@dataclass(slots=True)
class _Bar:
    """One mode of one lock, until a stronger one takes its place or the transaction ends."""

    mode: str
    start: float
    end: float
    observed: bool


@dataclass(slots=True)
class _Row:
    relation: str
    bars: list[_Bar] = field(default_factory=list)
    badges: list[tuple[float, str]] = field(default_factory=list)


def blocks(mode: str) -> str:
    """What a lock keeps other sessions from: ``all`` (reads and writes), ``writes`` or ``none``."""
    lock = LockMode.from_label(mode)
    if lock.blocks_reads:
        return "all"
    return "writes" if lock.blocks_writes else "none"


def lock_timeline(statements: Sequence[Mapping[str, Any]], label: str) -> str | None:
    """The picture of one step; None where no relation that was there before is locked.

    Args:
        statements: of one revision in one direction, in the form of the JSON report.
        label: says what the picture is of, for those who do not see it.
    """
    rows = _rows(statements)
    if not rows:
        return None
    end = max(*(bar.end for row in rows for bar in row.bars), *(s["started"] + s["seconds"] for s in statements))
    height = _TOP + len(rows) * _ROW + 26
    scale = _PLOT / end if end else 1.0
    content = [
        *_transactions(statements, scale, height),
        *_axis(end, scale, height),
        *_ticks(statements, scale, height),
        *(part for number, row in enumerate(rows) for part in _drawn(row, _TOP + number * _ROW, scale)),
    ]
    return group(
        "svg", *content, class_="timeline", viewBox=f"0 0 {_WIDTH} {height}", width=_WIDTH,
        height=height, role="img", aria_label=label,
    )


def _rows(statements: Sequence[Mapping[str, Any]]) -> list[_Row]:
    rows: dict[str, _Row] = {}
    held: dict[tuple[int | None, str], _Bar] = {}
    for statement in statements:
        released = _released(statement)
        for lock in _on_tables(statement):
            row = rows.setdefault(lock["relation"], _Row(lock["relation"]))
            key = (statement["transaction"], lock["relation"])
            known = held.get(key) if statement["transaction"] is not None else None
            if known is not None and known.mode == lock["mode"]:
                known.end = max(known.end, released)
                continue
            if known is not None:
                known.end = statement["started"]
            held[key] = _Bar(lock["mode"], statement["started"], released, lock["observed"])
            row.bars.append(held[key])
        for kind in ("scans", "rewrites"):
            for name in statement[kind]:
                if name in rows:
                    rows[name].badges.append((statement["started"], kind[:-1]))
    strength = {name: max(LockMode.from_label(bar.mode) for bar in row.bars) for name, row in rows.items()}
    return sorted(rows.values(), key=lambda row: (-strength[row.relation], row.relation))


def _on_tables(statement: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The locks that others can wait for; those on a table's indexes come and go with the table's own."""
    for lock in statement["locks"]:
        if lock["preexisting"] and lock["table"] == lock["relation"]:
            yield lock


def _released(statement: Mapping[str, Any]) -> float:
    own: float = statement["started"] + statement["seconds"]
    return max(own, statement["released"] or own)


def _transactions(statements: Sequence[Mapping[str, Any]], scale: float, height: int) -> Iterator[str]:
    """A band behind everything for each transaction."""
    spans: dict[int, tuple[float, float]] = {}
    for statement in statements:
        number, start, end = statement["transaction"], statement["started"], _released(statement)
        if number is not None:
            known = spans.get(number, (start, end))
            spans[number] = (min(known[0], start), max(known[1], end))
    for start, end in spans.values():
        x, width = _LABELS + start * scale, max(2.0, (end - start) * scale)
        yield element("rect", x=x, y=_TOP - 8, width=width, height=height - _TOP - 14, class_="transaction")


def _axis(end: float, scale: float, height: int) -> Iterator[str]:
    step = _nice(end / 4) if end else 1.0
    bottom = height - 22
    yield element("path", d=f"M{_LABELS} {bottom}H{_LABELS + _PLOT}", class_="axis")
    places = [(number * step, _LABELS + number * step * scale) for number in range(int(end / step) + 1)]
    yield element("path", d="".join(f"M{x:.0f} {_TOP - 8}V{bottom}" for _, x in places), class_="grid")
    for moment, x in places:
        anchor = "end" if x > _LABELS + _PLOT - 20 else "middle"
        yield element("text", _milliseconds(moment), x=x, y=height - 8, text_anchor=anchor, class_="time")


def _nice(value: float) -> float:
    """The nearest of 1, 2, 2.5 and 5 times a power of ten that is not below."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= value * 0.999)


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:g} ms" if seconds < 1 else f"{seconds:g} s"


def _ticks(statements: Sequence[Mapping[str, Any]], scale: float, height: int) -> Iterator[str]:
    """The number of each statement at its time; where two would overlap, the second goes up a little."""
    yield element("text", "statement", x=_LABELS - 14, y=22, text_anchor="end", class_="head")
    last, path = -100.0, ""
    for number, statement in enumerate(statements, 1):
        x = _LABELS + statement["started"] * scale
        shown = max(x, last + 19)
        last = shown
        path += f"M{shown:.1f} 27L{x:.1f} {_TOP - 8}V{height - 22}"
        yield element("circle", cx=shown, cy=18, r=9, class_="bubble failed" if statement["error"] else "bubble")
        yield element("text", str(number), x=shown, y=22, text_anchor="middle", class_="number")
    yield element("path", d=path, class_="tick")


def _drawn(row: _Row, y: int, scale: float) -> Iterator[str]:
    yield element("text", shortened(row.relation, 30), x=_LABELS - 14, y=y + 18, text_anchor="end", class_="relation")
    for bar in row.bars:
        x, width = _LABELS + bar.start * scale, max(3.0, (bar.end - bar.start) * scale)
        kind = blocks(bar.mode) + ("" if bar.observed else " predicted")
        yield element("rect", x=x, y=y + 3, width=width, height=20, rx=3, class_=f"bar {kind}")
        yield _bar_text(bar, x, width, y + 17)
    at: dict[float, list[str]] = {}
    for start, kind in row.badges:
        at.setdefault(start, []).append(kind)
    taken = 0.0
    for start, kinds in at.items():
        words = " and ".join(_BADGES[kind] for kind in kinds)
        x = max(_LABELS + start * scale, taken)
        if x + len(words) * _LETTER > _WIDTH:
            continue
        taken = x + len(words) * _LETTER + 12
        yield element("path", d=f"M{x:.1f} {y + 27}l4 6h-8z", class_=f"badge {kinds[-1]}")
        yield element("text", words, x=x + 8, y=y + 34, class_=f"badge {kinds[-1]}")


def _bar_text(bar: _Bar, x: float, width: float, y: int) -> str:
    """The mode, inside of its bar where there is room, else beside it."""
    room, needed = width - 10, len(bar.mode) * _LETTER
    if room >= needed:
        return element("text", bar.mode, x=x + 7, y=y, class_=f"mode inside {blocks(bar.mode)}")
    if x + width + needed + 6 < _LABELS + _PLOT:
        return element("text", bar.mode, x=x + width + 6, y=y, class_="mode")
    return element("title", bar.mode) if room < 30 else element(
        "text", "".join(word[0] for word in bar.mode.split()), x=x + 5, y=y, class_=f"mode inside {blocks(bar.mode)}"
    )
