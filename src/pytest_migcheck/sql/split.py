"""Cut a script into statements."""

from __future__ import annotations

from pytest_migcheck.sql.tokens import words


def split(script: str) -> tuple[str, ...]:
    """The statements of a script, without separators; the whole text where it cannot be read."""
    # A script of one statement is then the very text of it, whose words are known.
    script = script.strip()
    if words(script) is None:
        return (script,) if script else ()
    return tuple(s for s in (script[start:end].strip() for start, end in _cuts(script)) if words(s))


def spans(script: str) -> tuple[tuple[int, int], ...]:
    """Where the statements of a script begin and end, from their first word to their last, without separators.

    The whole text is one where it cannot be read.
    """
    found = words(script)
    if found is None:
        return ((len(script) - len(script.lstrip()), len(script.rstrip())),)
    cuts = iter(_cuts(script))
    start, end = next(cuts)
    inside: list[tuple[int, int]] = []
    first = last = -1
    for word in found:
        while word.start >= end:
            if first >= 0:
                inside.append((first, last))
            first = -1
            start, end = next(cuts)
        if word.start >= start:
            first, last = (word.start if first < 0 else first), word.end
    if first >= 0:
        inside.append((first, last))
    return tuple(inside)


def _cuts(script: str) -> list[tuple[int, int]]:
    """The offsets between separators, blanks and comments included."""
    cuts: list[tuple[int, int]] = []
    start, depth, atomic = 0, 0, 0
    previous = ""
    for word in words(script) or ():
        if word.key == "(":
            depth += 1
        elif word.key == ")":
            depth -= 1
        elif (word.key == "ATOMIC" and previous == "BEGIN") or (atomic and word.key == "CASE"):
            atomic += 1
        elif atomic and word.key == "END":
            atomic -= 1
        elif word.key == ";" and depth <= 0 and not atomic:
            cuts.append((start, word.start))
            start = word.end
        previous = word.key
    cuts.append((start, len(script)))
    return cuts
