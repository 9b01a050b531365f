"""The one session of a pytest run, made when something first needs it, and its servers on the way between processes."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_migcheck.plugin.options import settings_from

if TYPE_CHECKING:
    from pytest_migcheck.history.source import HookCallers
    from pytest_migcheck.session import Session

_ADDRESS = "migcheck_servers"
_SESSION = pytest.StashKey["Session"]()
_ANSWERING = pytest.StashKey[Any]()
_lock = threading.Lock()


class HookCalls:
    """The user's hooks as pytest's process sees them; those about histories are called in the history process."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._hook = config.hook

    def callers(self) -> HookCallers | None:
        """What a history process needs to load the hooks; None where it needs none."""
        from pytest_migcheck.plugin.child_hooks import callers_of

        return callers_of(self._config)

    def implements(self, name: str) -> bool:
        """Whether a plugin or conftest implements ``pytest_migcheck_NAME``."""
        return bool(getattr(self._hook, f"pytest_migcheck_{name}").get_hookimpls())

    @property
    def interactive(self) -> bool:
        """Whether migrations may use the terminal (``pytest -s``)."""
        return self._config.getoption("capture") == "no" and not hasattr(self._config, "workerinput")

    def strategy(self, table: str, column: str) -> Any:
        return self._hook.pytest_migcheck_strategy(table=table, column=column)

    def files(self) -> tuple[Path, ...]:
        """The files of the plugins and conftests that implement a hook of ours."""
        found = set()
        for plugin in self._config.pluginmanager.get_plugins():
            # A module such as conftest.py, or an object of a class.
            source = getattr(plugin, "__file__", None)
            source = source or getattr(sys.modules.get(type(plugin).__module__), "__file__", None)
            if source and any(name.startswith("pytest_migcheck_") for name in dir(plugin)):
                found.add(Path(source))
        return tuple(sorted(found))


def session_of(config: pytest.Config) -> Session:
    """The run's session.

    Raises:
        MigcheckError: a setting is not valid, or psycopg cannot be imported.
    """
    from pytest_migcheck.plugin.libpq import importing_libpq

    with importing_libpq():
        from pytest_migcheck.plugin.explaining import own_rules
        from pytest_migcheck.postgres.servers import Servers
        from pytest_migcheck.session import Session

    with _lock:
        session = config.stash.get(_SESSION, None)
        if session is None:
            own = own_rules(config)
            settings = settings_from(config, {rule.id: rule.name for rule in own})
            workerinput = getattr(config, "workerinput", {})
            servers = Servers(settings.postgres, workerinput.get(_ADDRESS), settings.target_version)
            worker = str(workerinput.get("workerid", ""))
            session = config.stash[_SESSION] = Session(settings, HookCalls(config), servers, worker, own)
        return session


def known_session(config: pytest.Config) -> Session | None:
    """The run's session if something has needed it."""
    return config.stash.get(_SESSION, None)


def share_servers(config: pytest.Config, workerinput: dict[str, Any]) -> None:
    """Let a worker use the servers of this process, which start when the first worker asks."""
    from pytest_migcheck.core.asking import Answering

    if _ANSWERING not in config.stash:

        def answer(question: Any) -> dict[str, Any]:
            from pytest_migcheck.postgres.lending import lend

            return lend(question, session_of(config).servers)

        config.stash[_ANSWERING] = Answering(answer)
    workerinput[_ADDRESS] = config.stash[_ANSWERING].address


def close_session(config: pytest.Config) -> None:
    """Stop everything that the run has started."""
    if _ANSWERING in config.stash:
        config.stash[_ANSWERING].close()
    session = known_session(config)
    if session is not None:
        session.close()
