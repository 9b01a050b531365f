"""Cut a script into statements."""

from __future__ import annotations

from pytest_migcheck.sql.tokens import words


def split(script: str) -> tuple[str, ...]:
    """The statements of a script, without separators; the whole text where it cannot be read."""
    # A script of one statement is then the very text of it, whose words are known.
    script = script.strip()
    found = words(script)
    if found is None:
        return (script,) if script else ()
    statements: list[str] = []
    start, depth, atomic = 0, 0, 0
    previous = ""
    for word in found:
        if word.key == "(":
            depth += 1
        elif word.key == ")":
            depth -= 1
        elif (word.key == "ATOMIC" and previous == "BEGIN") or (atomic and word.key == "CASE"):
            atomic += 1
        elif atomic and word.key == "END":
            atomic -= 1
        elif word.key == ";" and depth <= 0 and not atomic:
            statements.append(script[start : word.start].strip())
            start = word.end
        previous = word.key
    statements.append(script[start:].strip())
    return tuple(s for s in statements if words(s))
