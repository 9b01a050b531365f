"""Declared as DDL: a file, or a command whose output it is, run in a database and read as any other.

Knows nothing of where migrations come from, so that every kind of history can use it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pytest_migcheck.core.catalog import Catalog, ObjectKey
from pytest_migcheck.core.finding import Difference
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.history.command import run_command
from pytest_migcheck.history.ddl_places import DdlPlaces
from pytest_migcheck.history.ddl_script import DdlScript, DdlStatement, read_ddl
from pytest_migcheck.history.declared_setting import declared_lines
from pytest_migcheck.history.source import Declared, ModelsNotCreatableError
from pytest_migcheck.postgres.database_set import DatabaseSet
from pytest_migcheck.postgres.ddl import StatementError, run_statements
from pytest_migcheck.postgres.watch import StepEnded, watched
from pytest_migcheck.settings import Settings

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
        return read_ddl(self.file, self.origin, self.value)

    def statements(self) -> tuple[DdlStatement, ...]:
        """What it declares, statement by statement.

        Raises:
            MigcheckError: there is nothing, or something that cannot be followed.
        """
        found = tuple(DdlScript(self.root, self.origin).statements(self.read(), self.label, self.file))
        if not found:
            raise MigcheckError(
                f"{self.origin}: {self.value!r} declares nothing: it holds no statement\n"
                "valid: the path of a DDL file, or a command line that prints the DDL"
            )
        return found

    def _printed(self) -> str:
        try:
            done = run_command(self.value, self.root, self.timeout)
        except OSError as error:
            raise MigcheckError(f"{self.origin}: {self.value!r} did not print the DDL: {error}") from error
        said = (done.errors or done.output).decode(errors="replace").strip()[-_SHOWN:]
        if done.status is None:
            raise MigcheckError(
                f"{self.origin}: {self.value!r} did not end within migcheck_step_timeout = {self.timeout:g} seconds, "
                f"and was ended with all that it had started{f':{chr(10)}{said}' if said else ''}\n"
                "what to do: raise migcheck_step_timeout if it may take that long, "
                "or write what it prints to a file and name that"
            )
        if done.status:
            raise MigcheckError(
                f"{self.origin}: {self.value!r} is no file below {self.root}, "
                f"and as a command it ends with status {done.status}:\n{said}\n"
                "valid: the path of a DDL file, or a command line that prints the DDL"
            )
        text = done.output.decode(errors="replace")
        begins = _BEGINNING.search(text)
        text = text[begins.start() :] if begins else text
        if not text.strip():
            raise MigcheckError(f"{self.origin}: {self.value!r} prints nothing\nvalid: a command that prints the DDL")
        return text


def declared_source(history: str, settings: Settings) -> DdlSource | None:
    """What the setting ``migcheck_declared`` says for a history, None where it says nothing."""
    said = dict(declared_lines(settings.declared, settings.root))
    value = said.get(history, said.get(""))
    return None if value is None else DdlSource(value=value, root=settings.root, timeout=float(settings.step_timeout))


def run_ddl(databases: DatabaseSet, source: DdlSource) -> None:
    """Run what a source declares in the main database.

    Raises:
        ModelsNotCreatableError: the server refuses a statement; with its line.
        MigcheckError: there is nothing to run, or it did not end in time.
    """
    statements = source.statements()
    begun: list[DdlStatement] = []

    def told() -> Iterator[str]:
        for statement in statements:
            begun[:] = [statement]
            yield statement.sql

    def work() -> None:
        with databases.main.connect() as connection:
            run_statements(connection, told())

    error = watched(work, databases, source.timeout, "the declared schema")
    if error is None:
        return
    if not begun:
        raise error
    if isinstance(error, StatementError):
        raise ModelsNotCreatableError(_refused(begun[0], str(error))) from error
    if isinstance(error, StepEnded):
        first, *more = str(error).splitlines()
        raise MigcheckError("\n".join((f"{begun[0].place}: {first}", _shown(begun[0]), *more))) from error
    raise error


def _refused(statement: DdlStatement, message: str) -> str:
    first, *more = message.splitlines()
    return "\n".join((f"{first} ({statement.place})", *more, _shown(statement)))


def _shown(statement: DdlStatement) -> str:
    return f"{statement.place}: {' '.join(statement.sql.split())[:300]}"


def declared_by_ddl(source: DdlSource, ignore: Callable[[Difference], bool] = lambda _: False) -> Declared:
    """What DDL declares; ``ignore`` is true for differences that the user's own filters leave out."""

    def build(databases: DatabaseSet, _migrated: Catalog) -> None:
        run_ddl(databases, source)

    @cache
    def places() -> DdlPlaces | None:
        return DdlPlaces(source.root, source.statements()) if source.file else None

    def locate(key: ObjectKey) -> tuple[str, int] | None:
        found = places()
        return found.locate(key) if found else None

    return Declared(label=source.label, build=build, ignore=ignore, complete=True, locate=locate)
