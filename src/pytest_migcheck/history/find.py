"""Every history of a project, whatever tool made it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.core.reading import Evidence
from pytest_migcheck.history.config_files import has_config
from pytest_migcheck.history.ddl import declared_source
from pytest_migcheck.history.declared_setting import declared_lines
from pytest_migcheck.history.process.process import HistoryProcess, Surroundings
from pytest_migcheck.history.process.remote import AlembicHistory
from pytest_migcheck.history.source import History, RunHooks
from pytest_migcheck.history.sql.find import FoundFolder, find_folders, named_folders
from pytest_migcheck.history.sql.history import SqlHistory, SqlOptions
from pytest_migcheck.postgres.database_set import DatabaseSet
from pytest_migcheck.settings import Settings

_ALEMBIC = "alembic:"


def find_histories(settings: Settings, hooks: RunHooks, ports: tuple[int, ...] = ()) -> Iterator[History]:
    """Find the histories; runs no env.py and starts no server.

    Alembic's are found as ever. Folders of SQL are histories where they can be nothing else, or are named.

    Args:
        settings: those of the run.
        hooks: the user's hooks.
        ports: the TCP ports that history processes may connect to.

    Raises:
        MigcheckError: there is none, or one cannot be read.
    """
    named = settings.histories
    typed = tuple(entry.removeprefix(_ALEMBIC) for entry in named if entry.startswith(_ALEMBIC))
    if named:
        folders = tuple(named_folders(settings.root, tuple(e for e in named if not e.startswith(_ALEMBIC))))
        settings = replace(settings, config=typed)
    else:
        alone = settings.config or os.environ.get("ALEMBIC_CONFIG")
        folders = () if alone else find_folders(settings.root)
    around = Surroundings(settings=settings, hooks=hooks.callers(), ports=ports, interactive=hooks.interactive)
    process = HistoryProcess(around)
    found: list[History] = []
    try:
        if typed or (not named and (not folders or _has_config(settings, hooks, process))):
            found.extend(_alembic_histories(around, process, hooks))
        found += [_sql_history(folder, settings, process, hooks) for folder in folders]
        _check_names(settings, [history.name for history in found])
        _check_init(settings.init, [folder.label for folder in folders])
    except BaseException:
        for history in found:
            history.close()
        process.close()
        raise
    yield from found


def _has_config(settings: Settings, hooks: RunHooks, process: HistoryProcess) -> bool:
    """Whether the project has an Alembic configuration where one is looked for, or a hook that gives one."""
    if has_config(settings.root):
        return True
    return hooks.implements("alembic_config") and bool(process.ask("has_hooked_config", doing="the hooks"))


def _alembic_histories(around: Surroundings, first: HistoryProcess, hooks: RunHooks) -> Iterator[History]:
    """Alembic's histories, each with a process of its own."""
    for number in range(first.ask("discover", doing="looking for Alembic's configuration")):
        process = HistoryProcess(around) if number else first
        try:
            facts = process.select(number)
        except BaseException:
            process.close()
            raise
        yield AlembicHistory(
            facts,
            process,
            targets=around.settings.target,
            seeds=hooks.implements("seed"),
            prepares=hooks.implements("prepare"),
        )


def _check_names(settings: Settings, histories: list[str]) -> None:
    """Refuse a name in a setting that no history has."""
    init = [("migcheck_init", entry.rpartition(":")[0], entry) for entry in settings.init]
    said = dict(declared_lines(settings.declared, settings.root))
    declared = [("migcheck_declared", name, f"{name}: {value}") for name, value in said.items() if name]
    for origin, name, entry in (*init, *declared):
        if name and name not in histories:
            raise MigcheckError(f"{origin}: {entry!r}: {name!r} is not a history. Valid: {', '.join(histories)}")
    if said.keys() == {"", *histories}:
        own = " and ".join(entry for _, _, entry in declared)
        raise MigcheckError(f"migcheck_declared: {said['']!r} is for no history: each has its own, {own!r}")


def _check_init(entries: tuple[str, ...], folders: list[str]) -> None:
    """Refuse a script that would never run."""
    for entry in entries:
        name = entry.rpartition(":")[0]
        if not folders or (name and name not in folders):
            raise MigcheckError(
                f"migcheck_init: {entry!r} is for migrations in SQL files, and {name or 'this project'} has Alembic's\n"
                "what to do: return the SQL from the hook pytest_migcheck_prepare in the root conftest.py"
            )


def _sql_history(folder: FoundFolder, settings: Settings, process: HistoryProcess, hooks: RunHooks) -> SqlHistory:
    def prepare(databases: DatabaseSet) -> None:
        if hooks.implements("prepare"):
            doing = "the hook pytest_migcheck_prepare"
            process.ask("prepare", folder.label, databases=databases, doing=doing)

    return SqlHistory(
        folder.layout(),
        SqlOptions(
            name=folder.label,
            prepare=prepare,
            init=tuple(_init_scripts(folder.label, settings)),
            timeout=float(settings.step_timeout),
            ddl=declared_source(folder.label, settings),
            close=process.close,
            evidence=lambda: process.ask("evidence") if hooks.implements("prepare") else Evidence(),
        ),
    )


def _init_scripts(history: str, settings: Settings) -> Iterator[Path]:
    """The scripts of ``migcheck_init`` that are for this history, or for all."""
    for entry in settings.init:
        name, colon, place = entry.rpartition(":")
        path = settings.root / place
        if not path.is_file():
            raise MigcheckError(f"migcheck_init: {entry!r}: there is no file {path}\nvalid: FILE, or HISTORY:FILE")
        if not colon or name == history:
            yield path
