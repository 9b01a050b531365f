"""Read the text of a migration's file, and say what is wrong with it where it is none."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.history.sql.layout import ScriptError
from pytest_migcheck.sql.tokens import words

_WIDE = {codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16", codecs.BOM_UTF32_BE: "UTF-32"}
_COMMAND = re.compile(r"^[ \t]*\\([A-Za-z!?]\w*)[^\n]*", re.MULTILINE)
_COPY = re.compile(r"(?im)^[ \t]*COPY\b[^;]*?\bFROM\s+STDIN\b[^;]*;[^\n]*\n")
_END_OF_DATA = re.compile(r"(?m)^\\\.[ \t]*\r?$")


def sql_files(folder: Path, pattern: str = "*.sql") -> list[Path]:
    """The files of a folder by their names; a folder that is called like a file is none."""
    return sorted((path for path in folder.glob(pattern) if path.is_file()), key=lambda path: path.name)


def rough_text(path: Path, size: int = -1) -> str:
    """What can be read of a file, of its first ``size`` bytes at most: enough to tell what kind of file it is.

    What is wrong with it is told when it is run (`read_text`).
    """
    try:
        with path.open("rb") as file:
            return file.read(size).decode("utf-8", "replace")
    except OSError:
        return ""


def read_text(path: Path, tool: str, *, skips_mark: bool = False) -> str:
    """The text of a file.

    Args:
        path: the file.
        tool: what runs it.
        skips_mark: whether the tool leaves a byte order mark out, as psql does.

    Raises:
        ScriptError: it cannot be read, is not UTF-8, or begins with a mark that the tool sends to the server.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ScriptError(path, 1, f"the file cannot be read: {error.strerror}") from error
    for mark, name in _WIDE.items():
        if raw.startswith(mark):
            raise ScriptError(path, 1, f"the file is {name}, and {tool} reads UTF-8", _convert(path, name))
    if raw.startswith(codecs.BOM_UTF8):
        if not skips_mark:
            raise ScriptError(
                path,
                1,
                f"the file begins with a byte order mark, which {tool} sends to PostgreSQL: a syntax error",
                "save it as UTF-8 without a byte order mark",
            )
        raw = raw.removeprefix(codecs.BOM_UTF8)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"the file is not UTF-8: byte 0x{raw[error.start]:02X} in line {line}"
        raise ScriptError(path, line, message, _convert(path, "LATIN1")) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise ScriptError(path, line, f"the file has a NUL byte in line {line}, which no SQL text can hold")
    return text


def _convert(path: Path, encoding: str) -> str:
    return f"convert it to UTF-8: iconv -f {encoding} -t UTF-8 {path.name} (with the encoding that it has)"


def refuse_commands(text: str, path: Path, tool: str, first_line: int = 1) -> None:
    """Refuse what psql alone understands, for a tool that sends the text to the server.

    Raises:
        ScriptError: there is such a line, with what to do.
    """
    copy = _COPY.search(text)
    if copy and _END_OF_DATA.search(text, copy.end()):
        raise ScriptError(
            path,
            first_line + text.count("\n", 0, copy.start()),
            f"COPY ... FROM stdin with its data is for psql; {tool} sends the lines of data to PostgreSQL as SQL",
            "write the rows as INSERT statements",
        )
    for found in _COMMAND.finditer(text):
        if not _in_literal(text, found.start(1)):
            line = first_line + text.count("\n", 0, found.start(1))
            raise ScriptError(
                path,
                line,
                f"\\{found[1]} is a command of psql; {tool} sends it to PostgreSQL, which does not know it",
                f"take the line out: {found[0].strip()}",
            )


def _in_literal(text: str, offset: int) -> bool:
    return any(word.start < offset < word.end and not word.key for word in words(text) or ())


def read_config(path: Path) -> str:
    """The text of a configuration file.

    Raises:
        MigcheckError: it is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MigcheckError(f"{path}: not UTF-8: byte 0x{error.object[error.start]:02X}") from error
