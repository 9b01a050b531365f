"""The comments of a file of SQL that say something to us, and the lines that each is about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from pytest_migcheck.sql.split import spans
from pytest_migcheck.sql.tokens import words
from pytest_migcheck.suppress.directives import directive_of
from pytest_migcheck.suppress.python_comments import Comment, Span

_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


def sql_comments_of(path: Path, *, reason_required: bool = False) -> tuple[Comment, ...]:
    """The comments to us; none where the file cannot be read, which is told elsewhere."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return ()
    return tuple(_comments(text, reason_required=reason_required)) if "migcheck" in text else ()


def _comments(text: str, *, reason_required: bool) -> Iterator[Comment]:
    readable = words(text) is not None
    statements = [_lines(text, start, end) for start, end in spans(text)] if readable else []
    for start, found in _found(text):
        directive = directive_of(found, reason_required=reason_required)
        if directive is not None:
            line = text.count("\n", 0, start) + 1
            alone = not text[:start].rpartition("\n")[2].strip()
            # A file that cannot be taken apart has lines still.
            about = _about(line, statements, alone=alone) if readable else [(line, line + 1)]
            yield Comment(line=line, directive=directive, spans=tuple(about))


def _found(text: str) -> Iterator[tuple[int, str]]:
    """Where each comment begins, with its text; strings hold none."""
    known = words(text) or ()
    ends, starts = (0, *(word.end for word in known)), (*(word.start for word in known), len(text))
    for first, last in zip(ends, starts, strict=True):
        for comment in _COMMENT.finditer(text, first, last):
            yield comment.start(), comment[0].removesuffix("*/")


def _lines(text: str, start: int, end: int) -> Span:
    return text.count("\n", 0, start) + 1, text.count("\n", 0, end) + 1


def _about(line: int, statements: list[Span], *, alone: bool) -> Iterator[Span]:
    """Its line, the statement that it stands in or behind, and the one below where nothing else is on its line."""
    yield line, line
    yield from (span for span in statements if span[0] <= line <= span[1])
    if alone:
        yield from [span for span in statements if span[0] > line][:1]
