"""The comments of a SQL text, each with the statement that it stands in or behind."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_migcheck.sql.split import split
from pytest_migcheck.sql.tokens import words

_COMMENT = re.compile(r"--(?P<line>[^\n]*)|/\*(?P<block>.*?)\*/", re.DOTALL)


def comments(script: str) -> tuple[tuple[str, str], ...]:
    """(comment without its signs, the statement as ``split`` gives it) for each; strings hold none."""
    script = script.strip()
    found = words(script)
    if found is None or ("--" not in script and "/*" not in script):
        return ()
    starts = _starts(script)
    gaps = zip((0, *(w.end for w in found)), (*(w.start for w in found), len(script)), strict=True)
    return tuple(
        (text, _statement(script, place, starts)) for start, end in gaps for text, place in _in_gap(script, start, end)
    )


def _in_gap(script: str, start: int, end: int) -> Iterator[tuple[str, int]]:
    for comment in _COMMENT.finditer(script, start, end):
        yield (comment["line"] or comment["block"] or "").strip(), comment.start()


def _starts(script: str) -> list[tuple[int, str]]:
    """Where each statement begins, with its text."""
    found, at = [], 0
    for statement in split(script):
        at = script.index(statement, at)
        found.append((at, statement))
        at += len(statement)
    return found


def _statement(script: str, place: int, starts: list[tuple[int, str]]) -> str:
    before = [statement for start, statement in starts if start <= place]
    if not before:
        return starts[0][1] if starts else script
    start, inside = next((start, s) for start, s in reversed(starts) if start <= place)
    behind = script[:place].rstrip(" \t")
    # Behind the semicolon, on its line: about the statement that it ends.
    if start == place and behind.endswith(";") and len(before) > 1:
        return before[-2]
    return inside
