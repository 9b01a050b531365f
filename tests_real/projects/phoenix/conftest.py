"""The hooks that the history of the published package ``arize-phoenix`` needs."""

from __future__ import annotations

from contextlib import contextmanager
from os import environ
from pathlib import Path
from typing import TYPE_CHECKING

import phoenix.db
from alembic.config import Config

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_migcheck_alembic_config(root: Path) -> Config:
    """Point at the installed package; env.py makes its URL from an environment variable."""
    package = Path(phoenix.db.__file__).parent
    config = Config(str(package / "alembic.ini"))
    config.set_main_option("script_location", str(package / "migrations"))
    return config


@contextmanager
def pytest_migcheck_environment(history: str) -> Iterator[None]:
    """Phoenix falls back to SQLite without a URL; nobody connects to the one that stands here."""
    name = "PHOENIX_SQL_DATABASE_URL"
    before = environ.get(name)
    environ[name] = "postgresql://nobody:nothing@phoenix.invalid:5432/phoenix"
    try:
        yield
    finally:
        if before is None:
            environ.pop(name)
        else:
            environ[name] = before
