"""Every history of a project, whatever tool made it."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.history.alembic.find import find_alembic_histories
from pytest_migcheck.history.alembic.redirect import Redirection
from pytest_migcheck.history.source import History, Hooks
from pytest_migcheck.settings import Settings


def find_histories(settings: Settings, hooks: Hooks, redirection: Redirection) -> Iterator[History]:
    """Find the histories; runs no env.py and starts no server.

    Raises:
        MigcheckError: there is none, or one cannot be read.
    """
    yield from find_alembic_histories(settings, hooks, redirection)
