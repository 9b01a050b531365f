"""Prisma Migrate: folders in the order of their names, each with a ``migration.sql``, and a lock file.

https://www.prisma.io/docs/orm/prisma-migrate/understanding-prisma-migrate/migration-histories
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from pytest_migcheck.core.finding import Direction, Severity
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.core.quoting import literal
from pytest_migcheck.history.source import Fault
from pytest_migcheck.history.sql.layout import Layout, Ledger, Migration, Script
from pytest_migcheck.history.sql.pieces import one_message
from pytest_migcheck.history.sql.reading import read_config, read_text, refuse_commands

TOOL = "Prisma"
LOCK_FILE = "migration_lock.toml"
FILE = "migration.sql"
_DOWN = "down.sql"
_PROVIDER = re.compile(r"""^\s*provider\s*=\s*["']([^"']*)["']""", re.MULTILINE)
_LEDGER = """CREATE TABLE IF NOT EXISTS public._prisma_migrations (
    id varchar(36) PRIMARY KEY NOT NULL, checksum varchar(64) NOT NULL, finished_at timestamptz,
    migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz,
    started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0)"""
_FORWARD = "Prisma goes forward only, and there is no down.sql beside it"
OUTSIDE = "alone in a migration of its own: the statements of one file share a transaction"


def is_prisma(folder: Path) -> bool:
    """Whether a folder can be nothing but Prisma's ``migrations``."""
    return (folder / LOCK_FILE).is_file() or (
        any(folder.glob(f"*/{FILE}"))
        and not any(folder.glob("*/snapshot.json"))
        and any((folder.parent / name).exists() for name in ("schema.prisma", "schema"))
    )


def read_prisma(folder: Path) -> Layout:
    """The layout of a folder.

    Raises:
        MigcheckError: there is no migration in it.
    """
    folders = sorted((path for path in folder.iterdir() if path.is_dir()), key=lambda path: path.name)
    migrations = tuple(_migration(path) for path in folders if (path / FILE).is_file())
    if not migrations:
        raise MigcheckError(f"{folder}: there is no */{FILE} in it; `prisma migrate dev` makes the first one")
    lock = folder / LOCK_FILE
    anchor = lock if lock.is_file() else migrations[0].path
    provider = _provider(lock)
    return Layout(
        kind="prisma",
        tool=TOOL,
        root=folder,
        anchor=anchor,
        migrations=migrations,
        outside=OUTSIDE,
        forward=_FORWARD,
        generate="npx prisma migrate dev",
        faults=(*_lock_faults(lock, provider, anchor), *_folder_faults(folders)),
        config_files=(lock,) if lock.is_file() else (),
        refusal=_refusal(lock, provider),
        ledger=Ledger(
            tables=(("public", "_prisma_migrations"),),
            create=_LEDGER,
            applied=_applied,
            reverted=_reverted,
            known=_known,
            checksum=checksum,
        ),
    )


def _migration(folder: Path) -> Migration:
    down = folder / _DOWN
    return Migration(
        id=folder.name,
        path=folder / FILE,
        read=partial(_script, folder),
        down_path=down if down.is_file() else None,
        down_line=1 if down.is_file() else 0,
    )


def _script(folder: Path, direction: Direction) -> Script:
    path = folder / (FILE if direction is Direction.UPGRADE else _DOWN)
    text = read_text(path, TOOL)
    refuse_commands(text, path, TOOL)
    return Script(messages=one_message(text, path), transaction=False)


def _provider(lock: Path) -> str | None:
    """The provider that the lock file names; "" where it names none, None without a lock file."""
    if not lock.is_file():
        return None
    found = _PROVIDER.search(read_config(lock))
    return found[1] if found else ""


def _refusal(lock: Path, provider: str | None) -> str:
    if provider in (None, "", "postgresql", "postgres"):
        return ""
    return f"{lock}: these migrations are for {provider}, and pytest-migcheck runs PostgreSQL"


def _lock_faults(lock: Path, provider: str | None, anchor: Path) -> Iterator[Fault]:
    if provider is None:
        yield Fault(
            rule="lock-file-wrong",
            severity=Severity.WARNING,
            headline=f"{LOCK_FILE} is missing, so nothing keeps migrations of another database out",
            object=LOCK_FILE,
            path=str(anchor),
            details=(("fix", f'commit {lock} with the line: provider = "postgresql"'),),
        )
    elif provider not in ("postgresql", "postgres"):
        yield Fault(
            rule="lock-file-wrong",
            headline=f"{LOCK_FILE} says provider {provider!r}, and these migrations are to run on PostgreSQL",
            object=LOCK_FILE,
            path=str(lock),
            line=_provider_line(lock),
            details=(("fix", 'provider = "postgresql", and a history made for it: `prisma migrate dev`'),),
        )


def _provider_line(lock: Path) -> int:
    text = read_config(lock)
    found = _PROVIDER.search(text)
    return text.count("\n", 0, found.start(1)) + 1 if found else 1


def _folder_faults(folders: list[Path]) -> Iterator[Fault]:
    for folder in folders:
        if not (folder / FILE).is_file():
            yield Fault(
                rule="migration-file-missing",
                headline=f"{folder.name} has no {FILE}: `prisma migrate deploy` stops with P3015",
                object=folder.name,
                path=str(folder),
                details=(("fix", f"restore {FILE}, or delete the folder"),),
            )


def checksum(path: Path) -> str:
    """What Prisma notes of a migration's file, to see later whether it was edited."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _applied(migration: Migration) -> str:
    return (
        "INSERT INTO public._prisma_migrations (id, checksum, finished_at, migration_name, applied_steps_count) "
        f"VALUES (gen_random_uuid()::text, '{checksum(migration.path)}', now(), {literal(migration.id)}, 1)"
    )


def _known(migration: Migration) -> str:
    return (
        "SELECT finished_at IS NOT NULL, checksum FROM public._prisma_migrations "
        f"WHERE migration_name = {literal(migration.id)} AND rolled_back_at IS NULL"
    )


def _reverted(migration: Migration) -> str:
    return f"DELETE FROM public._prisma_migrations WHERE migration_name = {literal(migration.id)}"
