"""Hooks for the root ``conftest.py`` (running one node id loads no other conftest)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest


@pytest.hookspec
def pytest_migcheck_alembic_config(root: Path) -> Any:
    """Return the Alembic configuration to use in place of what is found.

    Args:
        root: the project's root directory.

    Returns:
        An ``alembic.config.Config``, the path of a configuration file, or a list of them for several
        histories; None to keep what was found. ``config.attributes["migcheck_name"]`` names a history.
    """


@pytest.hookspec
def pytest_migcheck_environment(history: str) -> AbstractContextManager[Any] | None:
    """Return a context manager to enter around every run of env.py, in the thread that runs it.

    Args:
        history: the history's name, such as ``alembic.ini``.

    Example::

        def pytest_migcheck_environment(history):
            return create_app().app_context()
    """


@pytest.hookspec
def pytest_migcheck_metadata(history: str) -> Any:
    """Return the models to compare the migrations with, in place of env.py's ``target_metadata``.

    Args:
        history: the history's name, such as ``alembic.ini``.

    Returns:
        A ``MetaData``, a declarative base, a ``"module:attribute"``, a list of these, or the ``Path`` of a file of DDL
        that says what migrations must give; None for what the settings or env.py say.
    """


@pytest.hookspec
def pytest_migcheck_rules() -> Any:
    """Return rules of your own, a list of ``pytest_migcheck.rules.own.Rule``; docs/own_rules.md shows one.

    They are judged with the others, and ``migcheck_select`` and ``migcheck_ignore`` take their ids and names.
    """


@pytest.hookspec
def pytest_migcheck_prepare(history: str) -> str | Callable[[Any], Any] | None:
    """Return SQL, or a callable, that prepares the empty database before the first revision.

    Args:
        history: the history's name, such as ``alembic.ini``.

    Returns:
        SQL text, or a callable that takes a SQLAlchemy ``Connection``; it runs in a transaction
        that is committed. None for nothing.
    """


@pytest.hookspec
def pytest_migcheck_seed(revision: str, connection: Any) -> None:
    """Insert the rows that a revision presupposes, before its upgrade, wherever single revisions are walked.

    Args:
        revision: the id of the revision that is about to run.
        connection: a SQLAlchemy ``Connection``, in a transaction that is committed.

    Example::

        def pytest_migcheck_seed(revision, connection):
            if revision == "7c1e":
                connection.exec_driver_sql("INSERT INTO roles (name) VALUES ('admin')")
    """


@pytest.hookspec(firstresult=True)
def pytest_migcheck_strategy(table: str, column: str) -> Any:
    """Return a Hypothesis strategy for the values of a column in the ``data`` items, None for ours.

    Args:
        table: its name, with the schema where that is not ``public``.
        column: its name.

    Example::

        def pytest_migcheck_strategy(table, column):
            if (table, column) == ("users", "email"):
                return hypothesis.strategies.emails()
    """
