"""Outcomes that fail, as the representation that pytest's summary, JUnit and annotations understand.

``ReprExceptionInfo`` is the one private name of pytest that is used here; without it the text alone is shown.
"""

from __future__ import annotations

from typing import Any

from pytest_migcheck.core.outcome import Outcome


class FindingsFailed(Exception):
    """An item has findings that fail it."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__("findings")
        self.outcome = outcome


def representation(text: str, *, headline: str, path: str, line: int) -> Any:
    """What ``repr_failure`` returns: ``text`` in full, ``headline`` for everything that shows one line."""
    try:
        from _pytest._code.code import ReprExceptionInfo, ReprFileLocation, ReprTraceback
    except ImportError:
        return text
    # Without an entry, what reads the place of a failure (annotations) takes it from ``reprcrash``.
    return ReprExceptionInfo(
        reprtraceback=ReprTraceback(reprentries=[], extraline=text, style="value"),
        reprcrash=ReprFileLocation(path=path, lineno=line, message=headline),
    )
