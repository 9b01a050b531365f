"""How users annotate the fixtures; mypy checks this file, nothing runs it."""

from __future__ import annotations

from contextlib import AbstractContextManager

from pytest_migcheck import Database, MigcheckServer, StepFailed, Stepper


def test_database(migcheck_db: Database) -> None:
    url: str = migcheck_db.url
    other: str = migcheck_db.url_for("psycopg2")
    with migcheck_db.connect() as connection:
        connection.execute("SELECT 1").fetchone()
    assert url != other


def test_server(migcheck_server: MigcheckServer) -> None:
    empty: Database = migcheck_server.create_database("empty")
    assert empty.dsn.startswith(migcheck_server.dsn[:10])


def test_steps(migcheck_stepper: Stepper) -> None:
    try:
        before = migcheck_stepper.before("3f2a1c").catalog()
        migcheck_stepper.upgrade().downgrade()
    except StepFailed as failed:
        assert failed.sqlstate
    else:
        assert migcheck_stepper.catalog() == before


def takes_a_factory(database: AbstractContextManager[Database]) -> str:
    with database as found:
        return found.async_url
