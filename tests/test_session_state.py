"""An upgrade and a downgrade are two deployments: what one sets in its session, the other does not find."""

from __future__ import annotations

import pytest

from history_project import Project

#: upgrade and downgrade that work when each has a session of its own.
SOUND = {
    "read only": ("CREATE TABLE t (); SET default_transaction_read_only = on", "DROP TABLE t"),
    "search_path": (
        "CREATE SCHEMA app; SET search_path TO app, public; CREATE TABLE inapp (); SET search_path TO public",
        "DROP TABLE app.inapp; DROP SCHEMA app",
    ),
    "a temporary table": ("CREATE TEMP TABLE work (); CREATE TABLE t ()", "CREATE TEMP TABLE work (); DROP TABLE t"),
    "an advisory lock": ("SELECT pg_advisory_lock(7); CREATE TABLE t ()", "DROP TABLE t"),
    "a timeout": ("SET lock_timeout = '5s'; CREATE TABLE t ()", "DROP TABLE t"),
    "a transaction's isolation": ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; CREATE TABLE t ()", "DROP TABLE t"),
    "a seed": ("SELECT setseed(0.5); SET seed = 0.5; CREATE TABLE t ()", "DROP TABLE t"),
    "a role": ("CREATE TABLE t (); SET ROLE pg_monitor", "DROP TABLE t"),
    "a setting of its own": ("SET app.tenant = 'x'; CREATE TABLE t ()",
        "DO $$ BEGIN ASSERT coalesce(current_setting('app.tenant', true), '') = ''; END $$; DROP TABLE t",
    ),
}


@pytest.mark.parametrize(("up", "down"), SOUND.values(), ids=SOUND)
def test_what_an_upgrade_leaves_in_its_session_is_gone_before_the_downgrade(
    project: Project, migcheck, up: str, down: str
) -> None:
    if "ROLE" in up:
        up = f"{up.partition(';')[0]}; DO $$ BEGIN EXECUTE 'SET SESSION AUTHORIZATION DEFAULT'; END $$"
    project.sql("a1", "CREATE TABLE first ()", "DROP TABLE first")
    project.sql("b2", up, down)
    migcheck("--migcheck-checks=stairway").assert_outcomes(passed=2)


def test_a_downgrade_that_needs_the_session_of_its_upgrade_fails(project: Project, migcheck) -> None:
    up = "CREATE SCHEMA app; CREATE TABLE alembic_twin (); SET search_path TO public, app; CREATE TABLE app.inapp ()"
    project.sql("a1", up, "DROP TABLE inapp; DROP TABLE alembic_twin; DROP SCHEMA app")
    result = migcheck("--migcheck-checks=stairway")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(['MC003 downgrade-fails: downgrading a1 fails: table "inapp" does not exist'])


def test_what_env_py_sets_itself_stays(project: Project, migcheck) -> None:
    project.write(
        "migrations/env.py",
        """
        import sqlalchemy as sa
        from alembic import context
        with sa.create_engine("postgresql+psycopg://u@localhost/x").connect() as connection:
            connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS app")
            connection.exec_driver_sql("SET search_path TO app, public")
            connection.exec_driver_sql("SET app.tenant = 'a'")
            connection.commit()
            context.configure(connection=connection, version_table_schema="public")
            with context.begin_transaction():
                context.run_migrations()
        """,
    )
    check = "DO $$ BEGIN ASSERT current_setting('app.tenant') = 'a' AND current_schema() = 'app'; END $$"
    project.sql("a1", f"{check}; SET app.tenant = 'b'; SET search_path TO public; CREATE TABLE app.t ()", f"{check}; DROP TABLE t")
    project.sql("b2", f"{check}; CREATE TABLE u ()", f"{check}; DROP TABLE u")
    migcheck("--migcheck-checks=stairway").assert_outcomes(passed=2)
