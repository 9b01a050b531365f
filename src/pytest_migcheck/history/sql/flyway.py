"""Flyway: ``V1__name.sql``, ``U1__name.sql`` for the way back, ``R__name.sql`` that run again when they change.

https://documentation.red-gate.com/flyway/reference/usage/api-java-overview/migrations
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pytest_migcheck.core.finding import Direction, Severity
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.core.quoting import literal
from pytest_migcheck.history.source import Fault
from pytest_migcheck.history.sql.flyway_config import placeholders_of
from pytest_migcheck.history.sql.layout import Layout, Ledger, Migration, Script, ScriptError
from pytest_migcheck.history.sql.numbered import (
    duplicates,
    in_another_language,
    not_run,
    without_repetition,
    without_upgrade,
)
from pytest_migcheck.history.sql.pieces import one_by_one
from pytest_migcheck.history.sql.psql import is_for_psql, psql_script
from pytest_migcheck.history.sql.reading import read_text, sql_files
from pytest_migcheck.sql.statements import needs_own_transaction

TOOL = "Flyway"
_NAME = re.compile(r"([VUB])(\d[\d._]*?)__(.+)\.sql|(R)()__(.+)\.sql")
_LOOKS = re.compile(r"[VU]\d.*\.sql|R_.*\.sql")
_PLACEHOLDER = re.compile(r"\$\{([\w:.\-]+)\}")
OUTSIDE = "in a migration of its own: Flyway runs it without a transaction when no statement of the file can be in one"
_LEDGER = """CREATE TABLE IF NOT EXISTS public.flyway_schema_history (
    installed_rank integer NOT NULL CONSTRAINT flyway_schema_history_pk PRIMARY KEY, version varchar(50),
    description varchar(200) NOT NULL, type varchar(20) NOT NULL, script varchar(1000) NOT NULL, checksum integer,
    installed_by varchar(100) NOT NULL, installed_on timestamp NOT NULL DEFAULT now(),
    execution_time integer NOT NULL, success boolean NOT NULL);
CREATE INDEX IF NOT EXISTS flyway_schema_history_s_idx ON public.flyway_schema_history (success)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """A file by its name: prefix, version as numbers, description."""

    prefix: str
    version: tuple[int, ...]
    description: str
    path: Path


def is_flyway(folder: Path) -> bool:
    return any(_NAME.fullmatch(path.name) for path in sql_files(folder, "V*__*.sql"))


def read_flyway(folder: Path) -> Layout:
    """The layout of a folder and those below it.

    Raises:
        MigcheckError: there is no migration in it, or a configuration file cannot be read.
    """
    files = sorted(sql_files(folder, "**/*.sql"))
    named = [found for path in files if (found := _named(path)) is not None]
    versioned = sorted(((n.version, n.path) for n in named if n.prefix == "V"), key=lambda entry: entry[0])
    undo = [(n.version, n.path) for n in named if n.prefix == "U"]
    again = sorted((n for n in named if n.prefix == "R"), key=lambda n: n.description)
    if not versioned and not again:
        raise MigcheckError(f"{folder}: there is no V1__name.sql in it")
    placeholders, config_files = placeholders_of(folder)
    first = [_versioned(path, version, dict(undo), placeholders) for version, path in without_repetition(versioned)]  # type: ignore[arg-type]
    repeatable = {n.description: _repeatable(n, placeholders) for n in reversed(again)}
    migrations = (*first, *reversed(repeatable.values()))
    return Layout(
        kind="sql",
        tool=TOOL,
        root=folder,
        anchor=migrations[0].path,
        migrations=migrations,
        outside=OUTSIDE,
        forward="it has no U….sql of its version",
        faults=(*_faults(versioned, undo, again), *_unnamed(files), *_other_kinds(folder, named)),
        config_files=config_files,
        ledger=Ledger(
            tables=(("public", "flyway_schema_history"),), create=_LEDGER, applied=_applied, reverted=_reverted
        ),
    )


def _named(path: Path) -> _Named | None:
    found = _NAME.fullmatch(path.name)
    if found is None:
        return None
    numbers = re.split(r"[._]", (found[2] or "").strip("._"))
    version = tuple(int(number) for number in numbers if number)
    while len(version) > 1 and version[-1] == 0:
        version = version[:-1]
    return _Named(
        prefix=found[1] or found[4], version=version, description=(found[3] or found[6]).replace("_", " "), path=path
    )


def _versioned(
    path: Path, version: tuple[int, ...], undo: Mapping[tuple[int, ...], Path], placeholders: Mapping[str, str] | None
) -> Migration:
    down = undo.get(version)
    named = _named(path)
    assert named is not None
    return Migration(
        id=".".join(map(str, version)),
        title=named.description,
        path=path,
        read=partial(_script, path, down, placeholders),
        down_path=down,
        down_line=1 if down else 0,
    )


def _repeatable(named: _Named, placeholders: Mapping[str, str] | None) -> Migration:
    return Migration(
        id=f"R__{named.description.replace(' ', '_')}",
        path=named.path,
        read=partial(_script, named.path, None, placeholders),
        repeatable=True,
    )


def _script(up: Path, down: Path | None, placeholders: Mapping[str, str] | None, direction: Direction) -> Script:
    path = up if direction is Direction.UPGRADE or down is None else down
    text = read_text(path, TOOL, skips_mark=True)
    if placeholders is not None:
        text = _filled(text, path, placeholders)
    # Flyway sends the data after COPY ... FROM stdin, and knows no other word of psql.
    messages = psql_script(text, path).messages if is_for_psql(text) else one_by_one(text, path)
    return Script(messages=messages, transaction=_in_transaction(path, messages))


def _filled(text: str, path: Path, placeholders: Mapping[str, str]) -> str:
    known = {"flyway:filename": path.name, **placeholders}

    def value(found: re.Match[str]) -> str:
        if found[1] not in known:
            line = text.count("\n", 0, found.start()) + 1
            raise ScriptError(
                path,
                line,
                f"No value provided for placeholder: {found[0]}",
                f"flyway.placeholders.{found[1]} in flyway.conf or flyway.toml; or flyway.placeholderReplacement=false",
            )
        return known[found[1]]

    return _PLACEHOLDER.sub(value, text)


def _in_transaction(path: Path, messages: tuple[tuple[object, ...], ...]) -> bool:
    config = path.with_name(f"{path.name}.conf")
    if config.is_file() and re.search(r"(?im)^\s*executeInTransaction\s*=\s*false", config.read_text("utf-8")):
        return False
    alone = [needs_own_transaction(message[0].sql) for message in messages]  # type: ignore[attr-defined]
    if any(alone) and not all(alone):
        line = messages[alone.index(True)][0].line  # type: ignore[attr-defined]
        raise ScriptError(
            path,
            line,
            "Detected both transactional and non-transactional statements within the same migration",
            OUTSIDE,
        )
    return not any(alone)


def _faults(
    versioned: list[tuple[tuple[int, ...], Path]], undo: list[tuple[tuple[int, ...], Path]], again: list[_Named]
) -> Iterator[Fault]:
    yield from duplicates(versioned, TOOL)
    yield from duplicates(undo, TOOL)
    yield from duplicates([(n.description, n.path) for n in again], TOOL, "description")
    versions = {version for version, _ in versioned}
    for version, path in undo:
        if version not in versions:
            yield without_upgrade(path, f"no V….sql has the version {'.'.join(map(str, version))}")


def _unnamed(files: list[Path]) -> Iterator[Fault]:
    for path in files:
        if _LOOKS.fullmatch(path.name) and not _NAME.fullmatch(path.name):
            yield not_run(
                path, "Flyway wants two underscores after the version", "rename it: V1__name.sql, R__name.sql"
            )


def _other_kinds(folder: Path, named: list[_Named]) -> Iterator[Fault]:
    for path in sorted(folder.rglob("V*__*.java")):
        yield in_another_language(path, "Java")
    for found in named:
        if found.prefix == "B":
            yield not_run(
                found.path, "pytest-migcheck runs every version, and no baseline migration", "nothing", Severity.INFO
            )


def _applied(migration: Migration) -> str:
    version = "NULL" if migration.repeatable else f"'{migration.id}'"
    description = literal(migration.title or migration.id.removeprefix("R__"))
    return (
        "INSERT INTO public.flyway_schema_history SELECT coalesce(max(installed_rank), 0) + 1, "
        f"{version}, {description}, 'SQL', '{migration.path.name}', NULL, current_user, now(), 0, true "
        "FROM public.flyway_schema_history"
    )


def _reverted(migration: Migration) -> str:
    return f"DELETE FROM public.flyway_schema_history WHERE version = '{migration.id}'"
