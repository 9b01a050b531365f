"""Verify database migrations against a real PostgreSQL, and give each test a migrated database, from pytest.

The names are for annotations: ``def test_users(migcheck_db: Database) -> None``.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec, PathFinder
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Database", "MigcheckServer", "StepFailed", "Stepper", "__version__"]

if TYPE_CHECKING:
    from pytest_migcheck.postgres.database import Database
    from pytest_migcheck.provision.facade import MigcheckServer
    from pytest_migcheck.provision.stepping import StepFailed, Stepper

_PLACES = {
    "Database": "pytest_migcheck.postgres.database",
    "MigcheckServer": "pytest_migcheck.provision.facade",
    "StepFailed": "pytest_migcheck.provision.stepping",
    "Stepper": "pytest_migcheck.provision.stepping",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: an idle plugin loads no library."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_PLACES[name]), name)


class _AsCompiled:
    """Finds this package's modules as Python does.

    pytest rewrites the assertions of every plugin, and keeps the outcome apart from what pip compiled: in a fresh
    environment, or one that may not be written, that is the most of a short run. There are none to be rewritten here.
    """

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        # The plugin's own module is left to pytest, which warns of one that it should have rewritten.
        ours = name.startswith(f"{__name__}.") and name != f"{__name__}.plugin"
        return PathFinder.find_spec(name, path, target) if ours else None


if "_pytest.assertion.rewrite" in sys.modules:
    sys.meta_path.insert(0, _AsCompiled)
