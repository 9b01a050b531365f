"""A folder of SQL files that no tool's conventions tell apart, in the order of their names; and a single file.

A file is sent as one message, as a driver's ``execute(text)`` does it. What psql alone understands works too, as in a
dump: its lines are then run one by one, as psql does.
"""

from __future__ import annotations

import itertools
import re
from functools import partial
from pathlib import Path

from pytest_migcheck.core.finding import Direction, Severity
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.history.source import Fault
from pytest_migcheck.history.sql.layout import Layout, Migration, Script
from pytest_migcheck.history.sql.numbered import without_upgrade
from pytest_migcheck.history.sql.pieces import one_message
from pytest_migcheck.history.sql.psql import is_for_psql, psql_script
from pytest_migcheck.history.sql.reading import read_text, sql_files

TOOL = "SQL files"
_DOWN = re.compile(r"(.+?)[._](?:down|rollback|undo|revert)\.sql", re.IGNORECASE)
_UP = re.compile(r"(.+?)[._](?:up|do)\.sql", re.IGNORECASE)
_NUMBER = re.compile(r"\d+")
_FORWARD = "there is no NAME.down.sql beside it"
OUTSIDE = "alone in a migration of its own: the statements of one file share a transaction"


def read_ordered(place: Path) -> Layout:
    """The layout of a folder, or of one file.

    Raises:
        MigcheckError: there is no SQL file.
    """
    folder = place if place.is_dir() else place.parent
    files = sql_files(folder) if place.is_dir() else [place]
    downs = {found[1]: path for path in files if (found := _DOWN.fullmatch(path.name))}
    ups = [path for path in files if not _DOWN.fullmatch(path.name)]
    if not ups:
        raise MigcheckError(f"{place}: there is no SQL file in it")
    migrations = tuple(_migration(path, downs.get(_stem(path))) for path in ups)
    return Layout(
        kind="sql",
        tool=TOOL,
        root=place if place.is_dir() else folder,
        anchor=ups[0],
        migrations=migrations,
        outside=OUTSIDE,
        forward=_FORWARD,
        faults=(
            *_order_faults(ups),
            *(
                without_upgrade(path, f"there is neither {stem}.sql nor {stem}.up.sql")
                for stem, path in downs.items()
                if stem not in {migration.id for migration in migrations}
            ),
        ),
    )


def _stem(path: Path) -> str:
    found = _UP.fullmatch(path.name)
    return found[1] if found else path.stem


def _migration(up: Path, down: Path | None) -> Migration:
    return Migration(
        id=_stem(up),
        path=up,
        read=partial(_script, up, down),
        down_path=down,
        down_line=1 if down else 0,
    )


def _script(up: Path, down: Path | None, direction: Direction) -> Script:
    path = up if direction is Direction.UPGRADE or down is None else down
    text = read_text(path, TOOL, skips_mark=True)
    if is_for_psql(text):
        return psql_script(text, path)
    return Script(messages=one_message(text, path), transaction=False)


def _order_faults(files: list[Path]) -> tuple[Fault, ...]:
    """A warning where the order of the names is not that of the numbers in them."""
    numbers = [(int(found[0]), path) for path in files if (found := _NUMBER.match(path.name))]
    for (before, earlier), (after, later) in itertools.pairwise(numbers):
        if before > after:
            return (
                Fault(
                    rule="migration-out-of-order",
                    severity=Severity.WARNING,
                    headline=f"{earlier.name} comes before {later.name} by name, and after it by number",
                    object=later.name,
                    path=str(later),
                    details=(("fix", "give all numbers the same width, so that both orders agree"),),
                ),
            )
    return ()
