"""The statements that a script of DDL declares, with those of the files that it includes, as psql would run them.

https://www.postgresql.org/docs/current/app-psql.html
"""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.sql.script import ScriptCommand, script_parts

# They print, change how psql prints or what it does at an error, or guard a dump; rows are not declared.
_HARMLESS = frozenset(
    ("echo", "qecho", "warn", "timing", "pset", "x", "a", "t", "f", "H", "C", "T", "o", "out", "w", "restrict",
     "unrestrict", "encoding", "set", "unset", "prompt", "errverbose", "conninfo", "p", "print", "r", "reset",
     "copyright", "l", "z", "sf", "sv", "h", "help", "?", "s", "password")
)  # fmt: skip
_DESCRIBES = re.compile(r"d\w*\+?|\w+\+")
_RELATIVE = frozenset(("ir", "include_relative"))
_INCLUDES = frozenset(("i", "include")) | _RELATIVE
_FROM_THE_SCRIPT = re.compile(r"(?i)\bfrom\s+p?stdin\b")
_MAKES = re.compile(r"(?i)CREATE\s+(?!DATABASE\b|ROLE\b|USER\b|TABLESPACE\b)")


@dataclass(frozen=True, slots=True, kw_only=True)
class DdlStatement:
    """A statement and where it stands: ``path`` is relative to the folder in which the script runs, or its label."""

    sql: str
    path: str
    line: int

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}"


def read_ddl(path: Path, origin: str, shown: str) -> str:
    """The text of a file; errors begin with ``origin`` and call it ``shown``.

    Raises:
        MigcheckError: it cannot be read, or is not text.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise MigcheckError(f"{origin}: {shown!r} cannot be read: {error}") from error
    # What PowerShell redirects into a file is UTF-16.
    encoding = "utf-16" if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise MigcheckError(
            f"{origin}: {shown!r} is not UTF-8: byte 0x{raw[error.start]:02X} in line {line}\n"
            "what to do: save the file as UTF-8"
        ) from error


@dataclass(slots=True)
class DdlScript:
    """Follows a script; ``root`` is where psql would be started, ``origin`` what names the script."""

    root: Path
    origin: str
    _open: list[Path] = field(default_factory=list)
    _database: str = ""
    _made: bool = False

    def statements(self, text: str, label: str, path: Path | None) -> Iterator[DdlStatement]:
        """The statements of a text, which is that of the file ``path``, if of any.

        Raises:
            MigcheckError: it has a command of psql that changes what is declared, and cannot be followed.
        """
        if path is not None:
            self._open.append(path)
        for part in script_parts(text):
            if not isinstance(part, ScriptCommand):
                self._made = self._made or bool(_MAKES.match(part.sql))
                yield DdlStatement(sql=part.sql, path=label, line=part.line)
            elif part.name in ("q", "quit") and not part.within:
                break
            else:
                yield from self._follow(part, f"{self.origin}: {label}:{part.line}: \\{part.name}", path)
        if path is not None:
            self._open.pop()

    def _follow(self, command: ScriptCommand, place: str, path: Path | None) -> Iterator[DdlStatement]:
        name = command.name
        includes, connects = name in _INCLUDES, name in ("c", "connect")
        copies = name == "copy" and not _FROM_THE_SCRIPT.search(command.argument)
        known = includes or connects or copies or name in _HARMLESS or bool(_DESCRIBES.fullmatch(name))
        if not known:
            raise MigcheckError(
                f"{place} is a command of psql that pytest-migcheck does not follow, so what is declared is not known\n"
                "what to do: write the statements out, or name a command that prints them, such as pg_dump -s"
            )
        if command.within:
            raise MigcheckError(f"{place} stands in the middle of a statement\nwhat to do: end the statement before it")
        if connects:
            self._connect(command.argument, place)
        if includes:
            yield from self._included(command, place, path)

    def _connect(self, database: str, place: str) -> None:
        """A dump connects to its own database; with several, it is not known which one the migrations make."""
        if self._database and database != self._database and self._made:
            raise MigcheckError(
                f"{place}: it holds more than one database: {self._database} and {database}\n"
                "what to do: declare the database that the migrations make alone, as pg_dump prints it"
            )
        self._database, self._made = database, False

    def _included(self, command: ScriptCommand, place: str, path: Path | None) -> Iterator[DdlStatement]:
        named = command.argument.rstrip("; \t")
        quoted = re.fullmatch(r"'(.*)'|\"(.*)\"", named)
        named = (quoted[1] or quoted[2] or "") if quoted else named
        if not named:
            raise MigcheckError(f"{place} names no file")
        beside = [path.parent] if path else []
        folders = (beside or [self.root]) if command.name in _RELATIVE else [self.root, *beside]
        looked = list(dict.fromkeys(Path(os.path.normpath(f / Path(named).expanduser())) for f in folders))
        found = next((one for one in looked if one.is_file()), None)
        if found is None:
            tried = " and ".join(map(str, looked))
            raise MigcheckError(
                f"{place}: there is no file {named!r} (looked for {tried})\n"
                "valid: a path below the root directory, or after \\ir one from the folder of the file that includes it"
            )
        if any(found.samefile(one) for one in self._open):
            raise MigcheckError(f"{place}: {named!r} includes itself")
        label = Path(os.path.relpath(found, self.root)).as_posix()
        yield from self.statements(read_ddl(found, self.origin, label), label, found)
