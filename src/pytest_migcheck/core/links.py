"""Where the documentation of a rule is."""

from __future__ import annotations

DOCS = "https://pytest-migcheck.readthedocs.io/en/stable/"


def rule_link(id_: str, name: str, *, has_page: bool) -> str:
    """The page of a rule about statements; the others are told of on one page."""
    return f"{DOCS}rules/{name}/" if has_page else f"{DOCS}reference/findings/#{id_.lower()}"
