"""The hooks that the history of the published package ``dagster`` needs."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import dagster_postgres.run_storage
import pytest
from dagster import DagsterInstance
from dagster._core.storage.event_log import SqlEventLogStorageMetadata
from dagster._core.storage.migration.utils import upgrading_instance
from dagster._core.storage.runs import RunStorageSqlMetadata
from dagster._core.storage.schedules import ScheduleStorageSqlMetadata
from dagster_postgres.utils import pg_alembic_config
from hypothesis import strategies as st
from sqlalchemy import MetaData, NullPool, create_engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from alembic.config import Config

# What dagster 0.6.6 had, which knew no revisions: runs, run_tags, event_log. What later versions put beside it on
# their start: event_logs (0.7), schedules and schedule_ticks (0.8), instance_info (1.0).
FIRST_TABLES = """
CREATE TABLE runs (
    id serial PRIMARY KEY,
    run_id varchar(255) UNIQUE,
    pipeline_name varchar,
    status varchar(63),
    run_body varchar,
    create_timestamp timestamp DEFAULT CURRENT_TIMESTAMP,
    update_timestamp timestamp DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE run_tags (
    id serial PRIMARY KEY,
    run_id varchar(255) REFERENCES runs (run_id),
    key varchar,
    value varchar
);
CREATE TABLE event_log (
    id bigserial PRIMARY KEY,
    run_id varchar(255) NOT NULL,
    event_body varchar NOT NULL
);
CREATE TABLE event_logs (
    id serial PRIMARY KEY,
    run_id varchar(255),
    event text NOT NULL,
    dagster_event_type text,
    timestamp timestamp
);
CREATE TABLE schedules (
    id serial PRIMARY KEY,
    schedule_origin_id varchar(255) UNIQUE,
    repository_origin_id varchar(255),
    status varchar(63),
    schedule_body varchar,
    create_timestamp timestamp DEFAULT CURRENT_TIMESTAMP,
    update_timestamp timestamp DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE schedule_ticks (
    id serial PRIMARY KEY,
    schedule_origin_id varchar(255),
    status varchar(63),
    timestamp timestamp,
    tick_body varchar,
    create_timestamp timestamp DEFAULT CURRENT_TIMESTAMP,
    update_timestamp timestamp DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX ix_schedule_ticks_schedule_origin_id ON schedule_ticks (schedule_origin_id);
CREATE TABLE instance_info (run_storage_id text);
"""

CONFIG = pg_alembic_config(dagster_postgres.run_storage.__file__)


def pytest_migcheck_alembic_config(root: Path) -> Config:
    """Take the configuration that dagster-postgres gives to all three of its storages."""
    return CONFIG


@contextmanager
def pytest_migcheck_environment(history: str) -> Iterator[None]:
    """Hand over a connection as the storages of dagster-postgres do: env.py opens none, and each statement commits."""
    engine = create_engine("postgresql+psycopg2://", isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        CONFIG.attributes["connection"] = connection
        try:
            yield
        finally:
            CONFIG.attributes.pop("connection", None)


def pytest_configure(config: pytest.Config) -> None:
    """Name an instance as being upgraded, for the whole run: two runs of env.py may be under way at once."""
    stack = ExitStack()
    stack.enter_context(upgrading_instance(stack.enter_context(DagsterInstance.ephemeral())))
    config.add_cleanup(stack.close)


def pytest_migcheck_prepare(history: str) -> str:
    """The first revisions change tables that no revision makes; a storage makes its missing ones before an upgrade."""
    return FIRST_TABLES


def pytest_migcheck_metadata(history: str) -> list[MetaData]:
    """The models of the three storages: env.py names one of them, and two classes that are no metadata."""
    return [RunStorageSqlMetadata, SqlEventLogStorageMetadata, ScheduleStorageSqlMetadata]


def pytest_migcheck_strategy(table: str, column: str) -> st.SearchStrategy[str] | None:
    """The body of an event is JSON, with the keys that the first revision reads; the column says text."""
    if (table, column) != ("event_log", "event_body"):
        return None
    named = st.fixed_dictionaries({}, optional={"event_type_value": st.none() | st.text(max_size=8)})
    body = st.fixed_dictionaries({"dagster_event": st.none() | named, "timestamp": st.floats(0, 4e9)})
    return body.map(json.dumps)
