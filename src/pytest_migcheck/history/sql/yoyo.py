"""yoyo-migrations: SQL files in the order of their dependencies, with ``NAME.rollback.sql`` for the way back.

https://ollycope.com/software/yoyo/latest/#migrations-as-sql-scripts
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from pytest_migcheck.core.finding import Direction
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.history.source import Fault
from pytest_migcheck.history.sql.layout import Layout, Migration, Script
from pytest_migcheck.history.sql.numbered import in_another_language, without_upgrade
from pytest_migcheck.history.sql.pieces import one_by_one
from pytest_migcheck.history.sql.reading import read_text, refuse_commands, rough_text, sql_files

TOOL = "yoyo"
_ROLLBACK = ".rollback.sql"
_DIRECTIVE = re.compile(r"^--[ \t]*(depends|transactional)[ \t]*:[ \t]*(.*?)[ \t]*\r?$", re.MULTILINE)
_FORWARD = "it has no .rollback.sql"
OUTSIDE = "in a migration of its own, with the line: -- transactional: false"


def is_yoyo(folder: Path) -> bool:
    return any(folder.glob(f"*{_ROLLBACK}")) and not any(folder.glob("*.up.sql"))


def read_yoyo(folder: Path) -> Layout:
    """The layout of a folder.

    Raises:
        MigcheckError: there is no migration in it, or its dependencies go in a circle.
    """
    ups = {path.stem: path for path in sql_files(folder) if not path.name.endswith(_ROLLBACK)}
    if not ups:
        raise MigcheckError(f"{folder}: there is no SQL migration in it; `yoyo new --sql` makes the first one")
    depends = {name: _directives(path).get("depends", "").split() for name, path in ups.items()}
    modules = sorted(path for path in folder.glob("*.py") if not path.name.startswith(("_", "post-apply")))
    outside = {path.stem for path in modules}
    migrations = tuple(_migration(ups[name]) for name in _in_order(depends, folder))
    return Layout(
        kind="sql",
        tool=TOOL,
        root=folder,
        anchor=migrations[0].path,
        migrations=migrations,
        outside=OUTSIDE,
        forward=_FORWARD,
        generate="yoyo new --sql -m NAME",
        faults=(
            *_unknown(depends, ups, outside),
            *(in_another_language(path, "Python") for path in modules),
            *(
                without_upgrade(path, f"there is no {stem}.sql")
                for path in sql_files(folder, f"*{_ROLLBACK}")
                if (stem := path.name.removesuffix(_ROLLBACK)) not in {*ups, *outside}
            ),
        ),
    )


def _directives(path: Path) -> dict[str, str]:
    return dict(_DIRECTIVE.findall(rough_text(path)))


def _in_order(depends: Mapping[str, list[str]], folder: Path) -> list[str]:
    """Each after what it depends on, and else by name."""
    order: list[str] = []
    left = sorted(depends)
    while left:
        ready = next((n for n in left if all(d in order or d not in depends for d in depends[n])), None)
        if ready is None:
            raise MigcheckError(f"{folder}: the dependencies of {', '.join(left)} go in a circle (-- depends: …)")
        order.append(ready)
        left.remove(ready)
    return order


def _migration(path: Path) -> Migration:
    down = path.with_name(path.stem + _ROLLBACK)
    return Migration(
        id=path.stem,
        path=path,
        read=partial(_script, path, down),
        down_path=down if down.is_file() else None,
        down_line=1 if down.is_file() else 0,
    )


def _script(up: Path, down: Path, direction: Direction) -> Script:
    path = up if direction is Direction.UPGRADE else down
    text = read_text(path, TOOL)
    refuse_commands(text, path, TOOL)
    outside = _directives(up).get("transactional", "").lower() in ("false", "no", "0")
    return Script(messages=one_by_one(text, path), transaction=not outside)


def _unknown(depends: Mapping[str, list[str]], files: Mapping[str, Path], others: set[str]) -> Iterator[Fault]:
    for name, wanted in depends.items():
        for missing in (other for other in wanted if other not in depends and other not in others):
            yield Fault(
                rule="migration-file-missing",
                headline=f"{name} depends on {missing}, which is not there: yoyo stops",
                object=missing,
                path=str(files[name]),
                details=(("fix", f"restore {missing}.sql, or take it out of -- depends:"),),
            )
