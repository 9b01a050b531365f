"""Declared as DDL: a file, or a command whose output it is, run in a database and read as any other.

Knows nothing of where migrations come from, so that every kind of history can use it.
"""

from __future__ import annotations

import codecs
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pytest_migcheck.core.catalog import Catalog, ObjectKey
from pytest_migcheck.core.finding import Difference
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.history.ddl_places import DdlPlaces
from pytest_migcheck.history.source import Declared, ModelsNotCreatableError
from pytest_migcheck.postgres.database_set import DatabaseSet
from pytest_migcheck.postgres.ddl import StatementError, run_statements
from pytest_migcheck.settings import Settings, declared_line
from pytest_migcheck.sql.script import ScriptStatement, script_statements

_SHOWN = 2000
# A program may say something before it prints DDL.
_BEGINNING = re.compile(r"(?im)^[ \t]*(?:--|/\*|\\\w|(?:alter|begin|comment|create|do|select|set)\b)")


@dataclass(frozen=True, slots=True, kw_only=True)
class DdlSource:
    """DDL as the setting names it: a file below ``root``, or a command line that runs there."""

    value: str
    root: Path
    origin: str = "migcheck_declared"
    timeout: float = 120.0

    @property
    def file(self) -> Path | None:
        path = self.root / self.value
        return path if path.is_file() else None

    @property
    def label(self) -> str:
        return self.value if self.file else f"output of `{self.value}`"

    def read(self) -> str:
        """The text.

        Raises:
            MigcheckError: there is neither a file nor a command that prints something.
        """
        if self.file is None:
            return self._printed()
        try:
            raw = self.file.read_bytes()
        except OSError as error:
            raise MigcheckError(f"{self.origin}: {self.value!r} cannot be read: {error}") from error
        # What PowerShell redirects into a file is UTF-16.
        encoding = "utf-16" if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            raise MigcheckError(
                f"{self.origin}: {self.value!r} is not UTF-8: byte 0x{raw[error.start]:02X} in line {line}\n"
                "what to do: save the file as UTF-8"
            ) from error

    def _printed(self) -> str:
        try:
            # A pipe or a variable in it works as where the user tried it out.
            done = subprocess.run(  # noqa: S602 - the user's own command line
                self.value,
                shell=True,
                cwd=self.root,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=self.timeout,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise MigcheckError(f"{self.origin}: {self.value!r} did not print the DDL: {error}") from error
        if done.returncode:
            said = (done.stderr or done.stdout).decode(errors="replace").strip()[-_SHOWN:]
            raise MigcheckError(
                f"{self.origin}: {self.value!r} is no file below {self.root}, "
                f"and as a command it ends with status {done.returncode}:\n{said}\n"
                "valid: the path of a DDL file, or a command line that prints the DDL"
            )
        text = done.stdout.decode(errors="replace")
        begins = _BEGINNING.search(text)
        text = text[begins.start() :] if begins else text
        if not text.strip():
            raise MigcheckError(f"{self.origin}: {self.value!r} prints nothing\nvalid: a command that prints the DDL")
        return text


def declared_source(history: str, settings: Settings) -> DdlSource | None:
    """What the setting ``migcheck_declared`` says for a history, None where it says nothing."""
    lines = [declared_line(line.strip()) for line in settings.declared.splitlines() if line.strip()]
    value = next((said for name, said in reversed(lines) if name in ("", history)), None)
    return None if value is None else DdlSource(value=value, root=settings.root, timeout=float(settings.step_timeout))


def run_ddl(databases: DatabaseSet, text: str, label: str) -> None:
    """Run a script in the main database.

    Raises:
        ModelsNotCreatableError: the server refuses a statement; with its line.
    """
    statements = list(script_statements(text))
    with databases.main.connect() as connection:
        try:
            run_statements(connection, (s.sql for s in statements))
        except StatementError as error:
            raise ModelsNotCreatableError(_refused(statements[error.index], str(error), label)) from error


def _refused(statement: ScriptStatement, message: str, label: str) -> str:
    first, *more = message.splitlines()
    place = f"{label}:{statement.line}"
    return "\n".join((f"{first} ({place})", *more, f"{place}: {' '.join(statement.sql.split())[:300]}"))


def declared_by_ddl(source: DdlSource, ignore: Callable[[Difference], bool] = lambda _: False) -> Declared:
    """What DDL declares; ``ignore`` is true for differences that the user's own filters leave out."""

    def build(databases: DatabaseSet, _migrated: Catalog) -> None:
        run_ddl(databases, source.read(), source.label)

    @cache
    def places() -> DdlPlaces | None:
        return DdlPlaces(source.file, source.read()) if source.file else None

    def locate(key: ObjectKey) -> tuple[str, int] | None:
        found = places()
        return found.locate(key) if found else None

    return Declared(label=source.label, build=build, ignore=ignore, complete=True, locate=locate)
