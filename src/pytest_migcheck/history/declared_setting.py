"""The setting ``migcheck_declared``: which DDL file or command line is declared for which history."""

from __future__ import annotations

import difflib
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from pytest_migcheck.core.outcome import MigcheckError


def declared_ddl(origin: str, value: str, root: Path, metadata: Sequence[str]) -> str:
    """A DDL file below ``root``, or a command line whose program is there; several lines are ``HISTORY: VALUE``."""
    seen: dict[str, str] = {}
    for name, said in declared_lines(value, root):
        _one_declared(origin, said, root, metadata)
        if name in seen:
            whose = f"for {name!r}" if name else "for every history"
            raise MigcheckError(
                f"{origin}: {seen[name]!r} and {said!r} are both declared {whose}\n"
                "valid: one line, or one for each history: HISTORY: FILE or COMMAND\n"
                "what to do: of several files, name one that includes the others (\\i FILE)"
            )
        seen[name] = said
    return value


def declared_lines(value: str, root: Path) -> Iterator[tuple[str, str]]:
    """For each line the history that it is for, "" for all, and what it says."""
    for line in filter(None, map(str.strip, value.splitlines())):
        named = re.fullmatch(r"(\S+):\s+(.+)", line)
        name, said = (named[1], named[2]) if named else ("", line)
        quoted = re.fullmatch(r"""(["'])(.+)\1""", said)
        # In an ini file a path with a blank needs no quotes, and a shell would run what is in them.
        yield name, quoted[2] if quoted and (root / quoted[2]).is_file() else said


def _one_declared(origin: str, value: str, root: Path, metadata: Sequence[str]) -> None:
    if not value or (root / value).is_file():
        program = value
    else:
        words = value.split()
        program = next((w for w in words if not re.fullmatch(r"\w+=.*", w)), value)
        found = shutil.which(program) or (root / program).is_file() or re.search(r"[$`'\"(<|]", program)
        if not found:
            files = sorted(p.relative_to(root).as_posix() for p in (root / value).parent.glob("*.sql"))
            near = difflib.get_close_matches(value, files, 1, 0.4)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise MigcheckError(
                f"{origin}: {value!r} is neither a file below {root} nor a command line (no program {program!r})."
                f"{hint}\n"
                "valid: the path of a DDL file, or a command line that prints the DDL"
            )
    if program and metadata:
        raise MigcheckError(
            f"{origin}: {value!r} and migcheck_metadata: {' '.join(metadata)!r} both say what is declared; set one"
        )
