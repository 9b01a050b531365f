"""Small functions on text."""

from __future__ import annotations

_TITLE_LENGTH = 60


def title_from(message: str) -> str:
    """A session's title: the beginning of its first message, cut between words."""
    words = " ".join(message.split())
    if len(words) <= _TITLE_LENGTH:
        return words or "New session"
    head = words[: _TITLE_LENGTH - 1]
    return (head.rpartition(" ")[0] or head) + "…"


def escape_like(phrase: str) -> str:
    r"""Make a phrase literal in LIKE ... ESCAPE '\'."""
    return phrase.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
