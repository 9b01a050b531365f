"""The histories of a project, with what its settings and hooks say about them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.core.reading import is_users_file
from pytest_migcheck.history.alembic.declared import METADATA_HOOK, DeclaredElsewhere
from pytest_migcheck.history.alembic.discover import FoundConfig, find_configs, hooked_configs
from pytest_migcheck.history.alembic.failures import user_frames
from pytest_migcheck.history.alembic.history import AlembicHistory, AlembicOptions
from pytest_migcheck.history.alembic.redirect import Redirection
from pytest_migcheck.history.ddl import declared_source
from pytest_migcheck.history.source import Hooks
from pytest_migcheck.settings import Settings


def find_alembic_histories(settings: Settings, hooks: Hooks, redirection: Redirection) -> Iterator[AlembicHistory]:
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
        seed=hooks.seed,
        seeds=hooks.seeds,
        elsewhere=lambda: _elsewhere(found.label, settings, hooks),
    )


def _elsewhere(label: str, settings: Settings, hooks: Hooks) -> DeclaredElsewhere:
    return DeclaredElsewhere(
        metadata=settings.metadata,
        ddl=declared_source(label, settings),
        hooked=_hooked(label, hooks),
        timeout=float(settings.step_timeout),
        test_files=hooks.test_files(),
    )


def _hooked(label: str, hooks: Hooks) -> Sequence[Any]:
    try:
        return hooks.metadata(label)
    except (Exception, SystemExit) as error:
        frames = user_frames(error, is_users_file).rstrip()
        raise MigcheckError(f"{METADATA_HOOK}: the hook raises, so the models are not known\n{frames}") from error
