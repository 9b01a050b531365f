"""What goes over the channel: requests, answers, and the plain data in both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_migcheck.history.source import HookCallers
from pytest_migcheck.postgres.database_set import Target
from pytest_migcheck.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What a history process needs to know before any code of the user's runs in it.

    ``ports`` are the TCP ports that it may connect to; ``path`` are the entries of pytest's ``sys.path``, which come
    last; ``placeholder`` replaces ``{url}`` in ``migcheck_env`` until there is a database; ``interactive`` is true
    where the process has pytest's own terminal.
    """

    settings: Settings
    hooks: HookCallers | None
    ports: tuple[int, ...]
    path: tuple[str, ...]
    placeholder: str
    crash: int
    interactive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabasesFacts:
    """A ``DatabaseSet`` as plain data: the server, the name of the main database, and what stands for which target."""

    server: Mapping[str, Any]
    label: str
    main: str
    targets: tuple[tuple[Target, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryFacts:
    """What is known of an Alembic history before its revisions are loaded."""

    name: str
    root: Path
    env_path: Path
    config_files: tuple[Path, ...]
    file_template: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredFacts:
    """What one run of env.py has shown of it; ``migrated`` is the one target that it migrates, if it is one."""

    keeps_one_connection: bool
    commits_all_at_once: bool
    version_tables: tuple[tuple[str, str], ...]
    migrated: Target | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredFacts:
    """The plain part of a ``history.source.Declared``."""

    label: str
    database: str
    others: tuple[str, ...]
    complete: bool
    conventions: bool
    notes: tuple[str, ...]
    builds_over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A question to the history process: the name of a method of ``serving.Serving``, and its arguments."""

    name: str
    arguments: tuple[Any, ...] = ()
    databases: DatabasesFacts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """``value``, or the error: the name of its class and its message.

    ``targets`` is what stands for which target now, if the databases have changed meanwhile.
    """

    value: Any = None
    error: tuple[str, str] | None = None
    targets: tuple[tuple[Target, str], ...] = ()
