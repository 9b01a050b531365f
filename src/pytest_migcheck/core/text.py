"""Texts of others as they are shown: no character that acts on a terminal or breaks a file, and no text without end."""

from __future__ import annotations

import re

# Of a message, of one line, and of code: what is pasted is cut only where nobody could read it.
LIMIT, LINE, CODE = 10_000, 1_000, 50_000
_MARK = 40
# Control characters but newline and tab, what Python takes for the end of a line, what turns the direction of writing,
# and halves of a pair, which no encoding has.
_ESCAPED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def clean(text: str, limit: int | None = LIMIT) -> str:
    r"""The text with such characters written as ``\x1b`` or ``\u202e``, and without its middle where it is too long.

    What was cleaned stays as it is when it is cleaned again.

    Args:
        text: anything; the end of a line may be CR LF.
        limit: how many characters are left; None for all.
    """
    escaped = _ESCAPED.sub(_escape, text.replace("\r\n", "\n"))
    if limit is None or len(escaped) <= limit:
        return escaped
    kept = limit - _MARK
    head = kept * 3 // 4
    tail = kept - head
    return f"{escaped[:head]} [... {len(escaped) - kept} characters cut ...] {escaped[len(escaped) - tail :]}"


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"


def text_of(error: BaseException) -> str:
    """The text of an exception of the user's, whose ``__str__`` may raise."""
    try:
        return str(error)
    except Exception as raised:  # noqa: BLE001 - the user's code
        return f"(its text cannot be read: {type(raised).__name__})"
