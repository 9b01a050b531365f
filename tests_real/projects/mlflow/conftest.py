"""The hooks that the history of the published package ``mlflow`` needs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import mlflow.store

# env.py takes its metadata from the bare declarative base; mlflow.store.db.utils imports every model.
import mlflow.store.db.utils
from alembic.config import Config
from mlflow.store.tracking.dbmodels.initial_models import Base as InitialBase

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection


def pytest_migcheck_alembic_config(root: Path) -> Config:
    """Point at the installed package: its alembic.ini holds a path below mlflow's own checkout."""
    migrations = Path(mlflow.store.__file__).parent / "db_migrations"
    config = Config(str(migrations / "alembic.ini"))
    config.set_main_option("script_location", str(migrations))
    config.set_main_option("sqlalchemy.url", "postgresql+psycopg://")
    return config


def pytest_migcheck_prepare(history: str) -> Callable[[Connection], None]:
    """The first revision changes tables that a frozen copy of the first models creates."""
    return InitialBase.metadata.create_all
