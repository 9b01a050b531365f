"""What one comment says to us: ``migcheck: ignore[MC101] reason`` and its kin."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

IGNORE, IGNORE_FILE, IRREVERSIBLE = "ignore", "ignore-file", "irreversible"
_WORDS = (IGNORE, IGNORE_FILE, IRREVERSIBLE)
_OURS = re.compile(r"migcheck\s*:\s*(?P<word>[\w-]*)\s*(?P<list>\[[^\]]*\]?)?\s*(?P<reason>.*)", re.DOTALL)
_NEXT_COMMENT = re.compile(r"\s+(#|--)\s.*", re.DOTALL)
_FORM = "ignore[MC101] reason"


@dataclass(frozen=True, slots=True, kw_only=True)
class Directive:
    """``entries`` are ids, prefixes of ids or names of rules; ``fault`` says why the comment counts for nothing."""

    word: str
    entries: tuple[str, ...] = ()
    reason: str = ""
    fault: str = ""


def directive_of(comment: str, *, reason_required: bool = False) -> Directive | None:
    """What a comment says, without the sign that it begins with; None where it is none of ours."""
    found = _OURS.search(comment)
    if found is None or not _begins(comment[: found.start()]):
        return None
    word, brackets = found["word"], found["list"]
    reason = _NEXT_COMMENT.sub("", found["reason"]).strip()
    entries = tuple(part.strip() for part in (brackets or "").strip("[]").split(",") if part.strip())
    fault = _fault(word, brackets, entries)
    if not fault and reason_required and not reason:
        fault = "it gives no reason, and migcheck_require_reason asks for one"
    return Directive(word=word, entries=entries, reason=reason, fault=fault)


def _begins(before: str) -> bool:
    """Whether ours is the comment, or one of its own behind another, as in ``# noqa: E501  # migcheck: ...``."""
    return not before.strip(" \t#-*/") or before.rstrip(" \t").endswith(("#", "--"))


def _fault(word: str, brackets: str | None, entries: tuple[str, ...]) -> str:
    if word not in _WORDS:
        near = difflib.get_close_matches(word, _WORDS, 1, 0.6)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        return f"{word!r} is not a word of migcheck.{hint} Valid: {', '.join(_WORDS)}"
    if word == IRREVERSIBLE:
        return "irreversible names no rules, only the reason" if brackets else ""
    if brackets and not brackets.endswith("]"):
        return f"its bracket is not closed: {_FORM}"
    if not entries:
        return f"it names no rule, and there is no ignore of everything: {_FORM}"
    return ""
