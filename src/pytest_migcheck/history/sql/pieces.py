"""Cut a text into the statements and messages that a tool sends."""

from __future__ import annotations

from pathlib import Path

from pytest_migcheck.history.sql.layout import Piece
from pytest_migcheck.sql.split import spans


def pieces(text: str, path: Path, first_line: int = 1) -> tuple[Piece, ...]:
    """The statements of a text that begins in ``first_line`` of the file."""
    return tuple(
        Piece(sql=text[start:end], path=path, line=first_line + text.count("\n", 0, start))
        for start, end in spans(text)
        if end > start
    )


def one_message(text: str, path: Path, first_line: int = 1) -> tuple[tuple[Piece, ...], ...]:
    """The whole text in one message; none where it has no statement."""
    found = pieces(text, path, first_line)
    return (found,) if found else ()


def one_by_one(text: str, path: Path, first_line: int = 1) -> tuple[tuple[Piece, ...], ...]:
    """A message for each statement."""
    return tuple((piece,) for piece in pieces(text, path, first_line))
