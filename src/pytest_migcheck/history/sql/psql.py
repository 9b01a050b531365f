"""Scripts for psql: its commands that change nothing are left out, data after COPY is sent, files are included.

https://www.postgresql.org/docs/current/app-psql.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pytest_migcheck.core.quoting import in_quotes, literal
from pytest_migcheck.history.sql.layout import Piece, Script, ScriptError
from pytest_migcheck.history.sql.pieces import pieces
from pytest_migcheck.history.sql.reading import read_text
from pytest_migcheck.sql.tokens import words

TOOL = "psql"
_COMMAND = re.compile(r"[ \t]*\\([A-Za-z!?]\w*)[ \t]*([^\r\n]*)")
_COPY = re.compile(r"(?is)\s*COPY\b.*\bFROM\s+STDIN\b.*")
# They print, or change how psql prints, or guard a dump (https://www.postgresql.org/docs/18/app-pgdump.html).
_HARMLESS = frozenset(
    ("echo", "qecho", "warn", "timing", "pset", "x", "a", "t", "f", "H", "restrict", "unrestrict", "encoding", "o",
     "unset", "prompt", "errverbose", "conninfo")
)  # fmt: skip
_INCLUDES = frozenset(("i", "ir", "include", "include_relative"))
_VARIABLE = re.compile(r"""(?<![:\w]):(?:'(\w+)'|"(\w+)"|(\w+))""")


@dataclass(slots=True)
class _State:
    variables: dict[str, str] = field(default_factory=dict)
    depth: int = 0
    quit: bool = False


def is_for_psql(text: str) -> bool:
    """Whether a text has what psql alone understands."""
    return any(
        _COMMAND.match(line) or line.startswith("\\.") for line in text.splitlines() if line.lstrip().startswith("\\")
    )


def psql_script(text: str, path: Path) -> Script:
    """What psql sends of a file: one statement at a time, and no transaction but the script's own.

    Raises:
        ScriptError: it has a command that cannot be followed here.
    """
    return Script(messages=tuple((piece,) for piece in _pieces(text, path, _State())), transaction=False)


def read_psql(path: Path) -> Script:
    """``psql_script`` of a file."""
    return psql_script(read_text(path, TOOL, skips_mark=True), path)


def _pieces(text: str, path: Path, state: _State) -> Iterator[Piece]:
    """The statements between the lines of commands and of data."""
    buffer, start = "", 1
    lines = text.splitlines(keepends=True)
    number = 0
    while number < len(lines) and not state.quit:
        line = lines[number]
        number += 1
        command = _COMMAND.match(line)
        if command and not _inside_literal(buffer):
            yield from _interpolated(buffer, path, start, state)
            buffer, start = "", number + 1
            yield from _follow(command[1], command[2].strip(), path, number, state)
            continue
        buffer += line
        found = pieces(buffer, path, start) if line.rstrip().endswith(";") and "STDIN" in line.upper() else ()
        if found and _COPY.fullmatch(found[-1].sql):
            yield from _interpolated_pieces(found[:-1], state)
            data: list[str] = []
            while number < len(lines) and lines[number].rstrip() != "\\.":
                data.append(lines[number])
                number += 1
            yield Piece(sql=found[-1].sql, path=path, line=found[-1].line, data="".join(data))
            number += 1
            buffer, start = "", number + 1
    if not state.quit:
        yield from _interpolated(buffer, path, start, state)


def _inside_literal(buffer: str) -> bool:
    """Whether a quote or a dollar quote is open at the end of what was read."""
    return bool(buffer.strip()) and words(buffer) is None


def _follow(name: str, argument: str, path: Path, line: int, state: _State) -> Iterator[Piece]:
    if name == "set":
        key, _, value = argument.partition(" ")
        state.variables[key] = value.strip().strip("'")
    elif name in ("q", "quit"):
        state.quit = True
    elif name in _INCLUDES:
        included = (path.parent if name in ("ir", "include_relative") else Path()) / argument.strip("'\"")
        if not included.is_file():
            included = path.parent / argument.strip("'\"")
        if not included.is_file() or state.depth > 20:
            raise ScriptError(path, line, f"\\{name}: there is no file {argument}")
        state.depth += 1
        yield from _pieces(read_text(included, TOOL, skips_mark=True), included, state)
        state.depth -= 1
    elif name not in _HARMLESS:
        raise ScriptError(
            path,
            line,
            f"\\{name} is a command of psql that pytest-migcheck does not follow",
            "write the statement out, or take the line into a script that is no migration"
            + ("; every history has a database of its own here" if name in ("c", "connect") else ""),
        )


def _interpolated(text: str, path: Path, start: int, state: _State) -> Iterator[Piece]:
    yield from _interpolated_pieces(pieces(text, path, start), state)


def _interpolated_pieces(found: tuple[Piece, ...], state: _State) -> Iterator[Piece]:
    for piece in found:
        sql = _VARIABLE.sub(lambda match: _value(match, state), piece.sql) if state.variables else piece.sql
        yield Piece(sql=sql, path=piece.path, line=piece.line)


def _value(match: re.Match[str], state: _State) -> str:
    text, name, plain = match[1], match[2], match[3]
    value = state.variables.get(text or name or plain)
    if value is None:
        return match[0]
    if text:
        return literal(value)
    return in_quotes(value) if name else value
