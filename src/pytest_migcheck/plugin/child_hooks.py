"""The user's hooks in a history process: pytest loads the conftests there as in a worker of pytest-xdist."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from pytest_migcheck.history.source import HookCallers

#: The hooks that reach the migrations; the others are called in pytest's own process.
OF_HISTORIES = (
    "pytest_migcheck_alembic_config",
    "pytest_migcheck_environment",
    "pytest_migcheck_metadata",
    "pytest_migcheck_prepare",
    "pytest_migcheck_seed",
)


class CalledHooks:
    """Implements ``history.source.Hooks`` through pytest's hook manager."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._hook = config.hook

    def alembic_config(self, config_path: Path) -> Sequence[Any]:
        return list(self._hook.pytest_migcheck_alembic_config(root=config_path))

    def environment(self, history: str) -> Iterable[AbstractContextManager[Any]]:
        return list(self._hook.pytest_migcheck_environment(history=history))

    def prepare(self, history: str) -> Sequence[Any]:
        return list(self._hook.pytest_migcheck_prepare(history=history))

    def metadata(self, history: str) -> Sequence[Any]:
        return list(self._hook.pytest_migcheck_metadata(history=history))

    def seed(self, revision: str, connection: Any) -> None:
        self._hook.pytest_migcheck_seed(revision=revision, connection=connection)

    def test_files(self) -> tuple[Path, ...]:
        """The conftests, which may declare tables of tests."""
        sources = (getattr(plugin, "__file__", None) for plugin in self._config.pluginmanager.get_plugins())
        conftests = {Path(str(source)).resolve() for source in sources if source and Path(source).name == "conftest.py"}
        return tuple(sorted(conftests))


def callers_of(config: pytest.Config) -> HookCallers | None:
    """What a history process needs to load the hooks of this run; None where it needs none."""
    if not any(getattr(config.hook, name).get_hookimpls() for name in OF_HISTORIES):
        return None
    options = {name: value for name, value in vars(config.option).items() if _is_plain(value)}
    given = [str(argument) for argument in config.invocation_params.args if _is_path(config, str(argument))]
    return HookCallers(loader=f"{__name__}:load", arguments=(options, given, _registers_late(config)))


def load(options: Mapping[str, Any], arguments: Sequence[str], configures: bool) -> CalledHooks:
    """Load the conftests and plugins of a run in this process.

    Args:
        options: the parsed options of the run.
        arguments: the paths that were typed.
        configures: some plugin is registered when pytest is configured.
    """
    plugins = [*(options.get("plugins") or ()), "no:terminal"]
    # pytest's own process has shown what there is to warn of.
    quiet = {
        "pythonwarnings": None,
        "override_ini": [*(options.get("override_ini") or ()), "filterwarnings="],
        "assertmode": "plain",
    }
    words = {**options, **quiet, "plugins": plugins, "capture": "no", "migcheck": False}
    # argparse warns where the words that it is to find are there already.
    words.pop("file_or_dir", None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        config = pytest.Config.fromdictargs(words, list(arguments))
        if configures:
            config._do_configure()
    return CalledHooks(config)


def _is_plain(value: Any) -> bool:
    try:
        pickle.dumps(value)
    except Exception:  # noqa: BLE001 - whatever an option holds; the history process does without it
        return False
    return type(value).__module__ in ("builtins", "pathlib", "_pytest.config", "_pytest.compat")


def _is_path(config: pytest.Config, argument: str) -> bool:
    if argument.startswith("-"):
        return False
    return (config.invocation_params.dir / argument.partition("::")[0]).exists()


def _registers_late(config: pytest.Config) -> bool:
    """Whether a hook is implemented by an object, which only ``pytest_configure`` can have registered."""
    implementations = (one for name in OF_HISTORIES for one in getattr(config.hook, name).get_hookimpls())
    return any(not hasattr(one.plugin, "__file__") for one in implementations)
