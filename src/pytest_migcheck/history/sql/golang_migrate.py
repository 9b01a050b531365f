"""golang-migrate: ``N_name.up.sql`` and ``N_name.down.sql`` in the order of their numbers.

https://github.com/golang-migrate/migrate/blob/master/MIGRATIONS.md
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from pytest_migcheck.core.finding import Direction
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.history.source import Fault
from pytest_migcheck.history.sql.layout import Layout, Ledger, Migration, Script
from pytest_migcheck.history.sql.numbered import duplicates, not_run, without_upgrade
from pytest_migcheck.history.sql.pieces import one_message
from pytest_migcheck.history.sql.reading import read_text, refuse_commands, sql_files

TOOL = "golang-migrate"
_NAME = re.compile(r"(\d+)_(.*)\.(down|up)\.sql")
_FORWARD = "it has no .down.sql"
OUTSIDE = "alone in a migration of its own: the statements of one file share a transaction"
_LEDGER = (
    "CREATE TABLE IF NOT EXISTS public.schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL)"
)


def is_golang_migrate(folder: Path) -> bool:
    return any(_NAME.fullmatch(path.name) for path in sql_files(folder, "*.up.sql"))


def read_golang_migrate(folder: Path) -> Layout:
    """The layout of a folder.

    Raises:
        MigcheckError: there is no migration in it.
    """
    named = [(found, path) for path in sql_files(folder) if (found := _NAME.fullmatch(path.name))]
    ups = sorted(((int(found[1]), path) for found, path in named if found[3] == "up"), key=lambda entry: entry[0])
    downs = sorted(((int(found[1]), path) for found, path in named if found[3] == "down"), key=lambda entry: entry[0])
    if not ups:
        raise MigcheckError(f"{folder}: there is no N_name.up.sql in it")
    down_of = dict(reversed(downs))
    migrations = tuple(_migration(path, down_of.get(number)) for number, path in dict(reversed(ups)).items())
    ordered = tuple(sorted(migrations, key=lambda migration: int(migration.id)))
    odd = [path for path in sql_files(folder) if not _NAME.fullmatch(path.name)]
    return Layout(
        kind="sql",
        tool=TOOL,
        root=folder,
        anchor=ordered[0].path,
        migrations=ordered,
        outside=OUTSIDE,
        forward=_FORWARD,
        generate="migrate create -ext sql NAME",
        faults=tuple(_faults(ups, downs, odd)),
        ledger=Ledger(
            tables=(("public", "schema_migrations"),),
            create=_LEDGER,
            applied=lambda m: f"TRUNCATE public.schema_migrations; {_insert(int(m.id))}",
            reverted=lambda m: f"TRUNCATE public.schema_migrations{_before(int(m.id), [n for n, _ in ups])}",
        ),
    )


def _faults(ups: list[tuple[int, Path]], downs: list[tuple[int, Path]], odd: list[Path]) -> Iterator[Fault]:
    yield from duplicates(ups, TOOL)
    yield from duplicates(downs, TOOL)
    numbers = {number for number, _ in ups}
    for number, path in downs:
        if number not in numbers:
            yield without_upgrade(path, f"no .up.sql has the number {number}")
    for path in odd:
        yield not_run(path, "its name is not N_name.up.sql or N_name.down.sql", "rename it, or move it out")


def _insert(version: int) -> str:
    return f"INSERT INTO public.schema_migrations (version, dirty) VALUES ({version}, false)"


def _before(version: int, numbers: list[int]) -> str:
    earlier = [number for number in numbers if number < version]
    return f"; {_insert(max(earlier))}" if earlier else ""


def _migration(up: Path, down: Path | None) -> Migration:
    found = _NAME.fullmatch(up.name)
    assert found is not None
    return Migration(
        id=found[1],
        title=found[2].replace("_", " "),
        path=up,
        read=partial(_script, up, down),
        down_path=down,
        down_line=1 if down else 0,
    )


def _script(up: Path, down: Path | None, direction: Direction) -> Script:
    path = up if direction is Direction.UPGRADE or down is None else down
    text = read_text(path, TOOL)
    refuse_commands(text, path, TOOL)
    return Script(messages=one_message(text, path), transaction=False)
