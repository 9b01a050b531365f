"""The histories of a project, with what its settings and hooks say about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.core.reading import is_users_file
from pytest_migcheck.history.alembic.declared import METADATA_HOOK, DeclaredElsewhere
from pytest_migcheck.history.alembic.discover import FoundConfig, find_configs, give_x, hooked_configs
from pytest_migcheck.history.alembic.failures import hook_error, user_frames
from pytest_migcheck.history.alembic.history import AlembicHistory, AlembicOptions
from pytest_migcheck.history.alembic.redirect import Redirection
from pytest_migcheck.history.ddl import declared_source
from pytest_migcheck.history.source import Hooks
from pytest_migcheck.settings import Settings

CONFIG_HOOK = "pytest_migcheck_alembic_config"


def found_configs(settings: Settings, hooks: Hooks) -> tuple[FoundConfig, ...]:
    """The configurations of the project's histories; none of them is opened.

    Raises:
        MigcheckError: there is none, or one cannot be read.
    """
    try:
        returned = hooks.alembic_config(settings.root)
    except (Exception, SystemExit) as error:
        raise hook_error(CONFIG_HOOK, "the configurations", error) from error
    found = hooked_configs(returned, settings.root) or find_configs(settings.root, settings.config)
    for one in found if settings.x else ():
        give_x(one.config, settings.x)
    return tuple(found)


def alembic_history(
    found: FoundConfig, settings: Settings, hooks: Hooks, redirection: Redirection
) -> AlembicHistory:
    """The history of a configuration.

    Raises:
        MigcheckError: its script directory cannot be opened.
    """
    return AlembicHistory(found, _options(found, settings, hooks), redirection)


def _options(found: FoundConfig, settings: Settings, hooks: Hooks) -> AlembicOptions:
    return AlembicOptions(
        contexts=lambda: hooks.environment(found.label),
        preparations=lambda: hooks.prepare(found.label),
        variables=settings.env,
        targets=settings.target,
        seed=hooks.seed,
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
