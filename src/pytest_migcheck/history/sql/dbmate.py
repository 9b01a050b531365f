"""dbmate: ``N_name.sql`` with ``-- migrate:up`` and ``-- migrate:down``, each with options.

https://github.com/amacneil/dbmate#creating-migrations
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from pytest_migcheck.core.finding import Direction
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.history.sql.layout import Layout, Ledger, Migration, Script, ScriptError
from pytest_migcheck.history.sql.numbered import duplicates, not_run, without_repetition
from pytest_migcheck.history.sql.pieces import one_message
from pytest_migcheck.history.sql.reading import read_text, refuse_commands, rough_text, sql_files

TOOL = "dbmate"
_NAME = re.compile(r"(\d+)(.*)\.sql")
_MARK = re.compile(r"^--[ \t]*migrate:(up|down)\b([^\r\n]*)", re.MULTILINE)
_FORWARD = "it has no `-- migrate:down`"
OUTSIDE = "in a migration of its own, whose head is: -- migrate:up transaction:false"
_LEDGER = "CREATE TABLE IF NOT EXISTS public.schema_migrations (version varchar NOT NULL PRIMARY KEY)"


def is_dbmate(folder: Path) -> bool:
    return any(_MARK.search(rough_text(path, 4000)) for path in sql_files(folder))


def read_dbmate(folder: Path) -> Layout:
    """The layout of a folder.

    Raises:
        MigcheckError: there is no migration in it.
    """
    files = sql_files(folder)
    numbered = [(found[1], path) for path in files if (found := _NAME.fullmatch(path.name))]
    if not numbered:
        raise MigcheckError(f"{folder}: there is no N_name.sql in it; `dbmate new NAME` makes the first one")
    migrations = tuple(_migration(path) for _, path in without_repetition(numbered))
    odd = (path for path in files if not _NAME.fullmatch(path.name))
    return Layout(
        kind="sql",
        tool=TOOL,
        root=folder,
        anchor=migrations[0].path,
        migrations=migrations,
        outside=OUTSIDE,
        forward=_FORWARD,
        generate="dbmate new NAME",
        faults=(
            *duplicates(numbered, TOOL),
            *(not_run(path, "its name does not begin with a number", "rename it, or move it out") for path in odd),
        ),
        ledger=Ledger(
            tables=(("public", "schema_migrations"),),
            create=_LEDGER,
            applied=lambda m: f"INSERT INTO public.schema_migrations (version) VALUES ('{m.id}')",
            reverted=lambda m: f"DELETE FROM public.schema_migrations WHERE version = '{m.id}'",
        ),
    )


def _migration(path: Path) -> Migration:
    found = _NAME.fullmatch(path.name)
    assert found is not None
    text = rough_text(path)
    lines = {mark[1]: text.count("\n", 0, mark.start()) + 1 for mark in reversed(list(_MARK.finditer(text)))}
    return Migration(
        id=found[1],
        title=found[2].strip("_").replace("_", " "),
        path=path,
        read=partial(_script, path),
        up_line=lines.get("up", 1),
        down_line=lines.get("down", 0),
    )


def _script(path: Path, direction: Direction) -> Script:
    text = read_text(path, TOOL)
    marks = {mark[1]: mark for mark in reversed(list(_MARK.finditer(text)))}
    up, down = marks.get("up"), marks.get("down")
    missing = next((name for name, mark in (("up", up), ("down", down)) if mark is None), None)
    if up is None or down is None:
        raise ScriptError(
            path,
            1,
            f"dbmate requires each migration to define `-- migrate:{missing}`, and stops",
            f"put `-- migrate:{missing}` in; what has no way back has nothing below it, "
            "and migcheck_irreversible names it",
        )
    if down.start() < up.start():
        raise ScriptError(path, 1, "dbmate requires `-- migrate:up` before `-- migrate:down`")
    if one_message(text[: up.start()], path):
        raise ScriptError(path, 1, "dbmate does not run statements before `-- migrate:up`, and stops")
    mark = up if direction is Direction.UPGRADE else down
    end = down.start() if mark is up else len(text)
    first_line = text.count("\n", 0, mark.start()) + 1
    section = text[mark.start() : end]
    refuse_commands(section, path, TOOL, first_line)
    outside = re.search(r"\btransaction:false\b", mark[2]) is not None
    return Script(messages=one_message(section, path, first_line), transaction=not outside)
