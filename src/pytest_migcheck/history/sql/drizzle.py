"""Drizzle Kit: SQL files in the order of ``meta/_journal.json``, or folders with a snapshot each.

https://orm.drizzle.team/docs/kit-overview
"""

from __future__ import annotations

import hashlib
import json
from functools import partial
from pathlib import Path
from typing import Any

from pytest_migcheck.core.finding import Direction
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.history.source import Fault
from pytest_migcheck.history.sql.drizzle_journal import Entry, Journal, journal_faults, snapshot_faults
from pytest_migcheck.history.sql.layout import Layout, Ledger, Migration, Piece, Script
from pytest_migcheck.history.sql.pieces import one_message
from pytest_migcheck.history.sql.reading import read_config, read_text, refuse_commands, sql_files

TOOL = "Drizzle"
JOURNAL = Path("meta") / "_journal.json"
FILE = "migration.sql"
SNAPSHOT = "snapshot.json"
BREAKPOINT = "--> statement-breakpoint"
# Snapshots of version 8, one in each folder, say postgres.
_DIALECTS = ("postgresql", "postgres", "pg")
_FORWARD = "Drizzle goes forward only"
OUTSIDE = "not by Drizzle's migrator, which runs all that is pending in one transaction"
_ONE_TRANSACTION = (
    "Drizzle's migrator runs all pending migrations in one transaction: locks of the first are held until the last"
)
_LEDGER = """CREATE SCHEMA IF NOT EXISTS drizzle; CREATE TABLE IF NOT EXISTS drizzle.__drizzle_migrations (
    id serial PRIMARY KEY, hash text NOT NULL, created_at bigint)"""


def is_drizzle(folder: Path) -> bool:
    """Whether a folder can be nothing but Drizzle's ``out``."""
    return (folder / JOURNAL).is_file() or any(folder.glob(f"*/{SNAPSHOT}"))


def read_drizzle(folder: Path) -> Layout:
    """The layout of a folder.

    Raises:
        MigcheckError: a JSON file cannot be read, or there is no migration.
    """
    journal = folder / JOURNAL
    return _by_journal(folder, journal) if journal.is_file() else _by_folders(folder)


def _by_journal(folder: Path, path: Path) -> Layout:
    journal = _journal(path)
    there = {file.stem: file for file in sql_files(folder)}
    entries = [entry for entry in journal.entries if entry.tag in there]
    migrations = tuple(_migration(entry.tag, there[entry.tag], entry.when) for entry in _once(entries))
    if not migrations:
        raise MigcheckError(f"{path}: no entry has a file in {folder}; `drizzle-kit generate` makes the first one")
    snapshots = {file: load(file) for file in sorted(path.parent.glob("*_snapshot.json"))}
    faults = (*journal_faults(journal, there), *snapshot_faults(snapshots))
    return _layout(folder, path, migrations, journal.dialect, faults)


def _by_folders(folder: Path) -> Layout:
    folders = sorted((p for p in folder.iterdir() if (p / FILE).is_file()), key=lambda path: path.name)
    if not folders:
        raise MigcheckError(f"{folder}: there is no */{FILE} in it; `drizzle-kit generate` makes the first one")
    migrations = tuple(_migration(path.name, path / FILE, None) for path in folders)
    snapshots = {file: load(file) for path in folders if (file := path / SNAPSHOT).is_file()}
    dialects = {str(snapshot.get("dialect", "postgresql")) for snapshot in snapshots.values()}
    faults = tuple(
        Fault(
            rule="migration-file-missing",
            headline=f"{path.name} has a {SNAPSHOT} and no {FILE}, so it is never run",
            object=path.name,
            path=str(path / SNAPSHOT),
            details=(("fix", f"restore {FILE}, or delete the folder"),),
        )
        for path in sorted(folder.iterdir())
        if (path / SNAPSHOT).is_file() and not (path / FILE).is_file()
    )
    foreign = next((dialect for dialect in sorted(dialects) if dialect not in _DIALECTS), "postgresql")
    return _layout(folder, migrations[0].path, migrations, foreign, (*faults, *snapshot_faults(snapshots)))


def _layout(
    folder: Path, anchor: Path, migrations: tuple[Migration, ...], dialect: str, faults: tuple[Fault, ...]
) -> Layout:
    foreign = f"{anchor}: these migrations are for {dialect}, and pytest-migcheck runs PostgreSQL"
    return Layout(
        kind="drizzle",
        tool=TOOL,
        root=folder,
        anchor=anchor,
        migrations=migrations,
        outside=OUTSIDE,
        forward=_FORWARD,
        generate="npx drizzle-kit generate",
        faults=faults,
        config_files=(anchor,),
        refusal="" if dialect in _DIALECTS else foreign,
        one_transaction=True,
        notes=(_ONE_TRANSACTION,) if len(migrations) > 1 else (),
        ledger=Ledger(
            tables=(
                ("", "drizzle"),
                ("drizzle", "__drizzle_migrations"),
                ("drizzle", "__drizzle_migrations_id_seq"),
            ),
            create=_LEDGER,
            applied=_applied,
            reverted=lambda migration: f"DELETE FROM drizzle.__drizzle_migrations WHERE hash = '{_hash(migration)}'",
        ),
    )


def _migration(tag: str, path: Path, when: int | None) -> Migration:
    return Migration(id=tag, path=path, read=partial(_script, path), stamp=str(when or _stamp(tag)))


def _script(path: Path, direction: Direction) -> Script:
    text = read_text(path, TOOL)
    refuse_commands(text, path, TOOL)
    messages: list[tuple[Piece, ...]] = []
    line = 1
    for chunk in text.split(BREAKPOINT):
        messages += one_message(chunk, path, line)
        line += chunk.count("\n")
    return Script(messages=tuple(messages), transaction=True)


def _hash(migration: Migration) -> str:
    return hashlib.sha256(migration.path.read_bytes()).hexdigest()


def _applied(migration: Migration) -> str:
    values = f"VALUES ('{_hash(migration)}', {migration.stamp})"
    return f"INSERT INTO drizzle.__drizzle_migrations (hash, created_at) {values}"


def _stamp(tag: str) -> str:
    digits = tag.partition("_")[0]
    return digits if digits.isdigit() else "0"


def _journal(path: Path) -> Journal:
    plain = load(path)
    entries = plain.get("entries")
    if not isinstance(entries, list):
        raise MigcheckError(f"{path}: it has no list of entries; `drizzle-kit generate` writes this file")
    found = []
    for number, entry in enumerate(entries):
        if not isinstance(entry, dict) or not isinstance(entry.get("tag"), str):
            raise MigcheckError(f"{path}: entry {number} has no tag: {entry!r}")
        when = entry.get("when")
        found.append(Entry(idx=entry.get("idx"), tag=entry["tag"], when=when if isinstance(when, int) else None))
    return Journal(
        path=path, text=read_config(path), dialect=str(plain.get("dialect", "postgresql")), entries=tuple(found)
    )


def load(path: Path) -> dict[str, Any]:
    """An object of a JSON file.

    Raises:
        MigcheckError: it is none.
    """
    try:
        plain = json.loads(read_config(path))
    except json.JSONDecodeError as error:
        raise MigcheckError(
            f"{path}: not JSON: {error.msg} in line {error.lineno}, column {error.colno}\n"
            "what to do: look for a merge conflict that was left in it; `drizzle-kit generate` writes this file"
        ) from error
    if not isinstance(plain, dict):
        raise MigcheckError(f"{path}: a JSON object is expected, not {type(plain).__name__}")
    return plain


def _once(entries: list[Entry]) -> list[Entry]:
    first = {entry.tag: number for number, entry in reversed(list(enumerate(entries)))}
    return [entries[number] for number in sorted(first.values())]
