"""The histories of a project, with what its settings and hooks say about them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from pytest_migcheck.history.alembic.discover import FoundConfig, find_configs, hooked_configs
from pytest_migcheck.history.alembic.history import AlembicHistory, AlembicOptions
from pytest_migcheck.history.alembic.redirect import Redirection
from pytest_migcheck.settings import Settings


class Hooks(Protocol):
    """The user's hooks, called through whoever loads them."""

    def alembic_config(self, config_path: Path) -> Sequence[Any]:
        """Configurations that replace what was found; an empty sequence keeps it."""

    def environment(self, history: str) -> Iterable[AbstractContextManager[Any]]:
        """Context managers to enter around every run of env.py."""

    def prepare(self, history: str) -> Sequence[str | Callable[[Any], Any]]:
        """SQL or callables that prepare the empty database."""

    def seed(self, revision: str, connection: Any) -> None:
        """Insert rows before the upgrade of a revision."""

    def seeds(self) -> bool:
        """Whether somebody does."""

    def strategy(self, table: str, column: str) -> Any:
        """A Hypothesis strategy for the values of a column, None for ours."""

    def files(self) -> tuple[Path, ...]:
        """The user's source files that implement hooks."""


def find_histories(settings: Settings, hooks: Hooks, redirection: Redirection) -> Iterator[AlembicHistory]:
    """Find the histories; runs no env.py and starts no server.

    Raises:
        MigcheckError: there is no configuration, or one cannot be read.
    """
    hooked = hooked_configs(hooks.alembic_config(settings.root), settings.root)
    for found in hooked or find_configs(settings.root, settings.config):
        yield AlembicHistory(found, _options(found, settings, hooks), redirection)


def _options(found: FoundConfig, settings: Settings, hooks: Hooks) -> AlembicOptions:
    return AlembicOptions(
        contexts=lambda: hooks.environment(found.label),
        preparations=lambda: hooks.prepare(found.label),
        variables=settings.env,
        targets=settings.target,
        timeout=float(settings.step_timeout),
        metadata=settings.metadata,
        seed=lambda revision, connection: hooks.seed(revision, connection),
        seeds=hooks.seeds,
    )
