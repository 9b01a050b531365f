"""A migration that ends the transaction that Alembic runs it in."""

from __future__ import annotations

import pytest

from history_project import Project
from pytest_migcheck.sql.transaction_control import ends_transaction

MAKE = 'op.execute("CREATE TABLE {0} (id integer)")'
DROP = 'op.execute("DROP TABLE {0}")'


def _history(project: Project, upgrade: str, downgrade: str = DROP.format("kept")) -> None:
    """A revision between two innocent ones."""
    project.revision("a1", MAKE.format("before"), DROP.format("before"))
    project.revision("b2", f"{upgrade}\n{MAKE.format('kept')}", downgrade)
    project.revision("c3", MAKE.format("after"), DROP.format("after"))


CALLS = {
    "commit": "op.get_bind().commit()",
    "rollback": "op.get_bind().rollback()",
    "session": "from sqlalchemy.orm import Session\ns = Session(op.get_bind())\ns.execute(sa.text('SELECT 1'))\ns.rollback()",
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_call_that_ends_the_transaction_fails_its_own_revision_only(project: Project, migcheck, call: str) -> None:
    _history(project, f"op.execute('SELECT 1')\n{call}")
    result = migcheck("-v", "--migcheck-checks=stairway,upgrade")
    result.stdout.fnmatch_lines(
        [
            "*versions/a1.py::stairway PASSED*",
            "*versions/b2.py::stairway FAILED*",
            "*versions/c3.py::stairway PASSED*",
            "*env.py::upgrade FAILED*",
            "MC139 transaction-control-in-migration: upgrading b2 ends Alembic's transaction itself, "
            "and what comes after is not committed",
            "  migrations/versions/b2.py:1*",
            f"*| *{call.splitlines()[-1]}",
            "  fix     let Alembic end the transaction*",
            "          with op.get_context().autocommit_block():",
            "MC002 upgrade-fails: *in one shot fails at b2: *",
            "*b2.py:1*",
            "  fix     let Alembic end the transaction*",
        ]
    )


def test_a_downgrade_that_commits_fails_its_own_revision_only(project: Project, migcheck) -> None:
    _history(project, "pass", f"op.get_bind().commit()\n{DROP.format('kept')}")
    result = migcheck("-v", "--migcheck-checks=stairway,roundtrip")
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(
        ["*b2.py::stairway FAILED*", "MC139 *: downgrading b2 ends Alembic's transaction itself, and *not committed"]
    )


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2", "asyncpg"])
def test_commit_in_sql_is_told_by_locks_at_its_own_revision(project: Project, migcheck, driver: str) -> None:
    if driver == "asyncpg":
        project.write("migrations/env.py", ASYNC_ENV)
    else:
        ini = (project.path / "alembic.ini").read_text().replace("driver://", f"postgresql+{driver}://")
        project.write("alembic.ini", ini)
    _history(project, 'op.execute("COMMIT")')
    result = migcheck("-v", "--migcheck-report=json:r.json")
    result.stdout.fnmatch_lines(
        [
            "*versions/a1.py::stairway PASSED *",
            "*versions/b2.py::stairway PASSED *",
            "*versions/b2.py::locks FAILED *",
            "*versions/c3.py::stairway PASSED *",
            "  MC139 transaction-control-in-migration *b2:11",
        ]
    )
    result.assert_outcomes(passed=11, failed=1, skipped=1)


def test_a_failure_after_a_commit_says_what_stays(project: Project, migcheck) -> None:
    _history(project, f'{MAKE.format("half")}\nop.execute("COMMIT")\nop.execute("SELECT 1/0")')
    result = migcheck("-v", "-rs", "--migcheck-checks=stairway")
    result.assert_outcomes(passed=1, failed=1, skipped=1)
    result.stdout.fnmatch_lines(
        [
            "MC002 upgrade-fails: upgrading b2 fails: division by zero",
            "  before  COMMIT at migrations/versions/b2.py:12 had ended Alembic's transaction: *stays",
        ]
    )


def test_what_a_failed_revision_committed_does_not_reach_a_later_branch(project: Project, migcheck) -> None:
    project.revision("a1", MAKE.format("base"), DROP.format("base"))
    project.revision("b2", f'{MAKE.format("t")}\nop.execute("COMMIT")\nop.execute("SELECT 1/0")')
    project.revision("c2", MAKE.format("t"), DROP.format("t"), parents="a1")
    migcheck("migrations/versions/c2.py::stairway").assert_outcomes(passed=1)


def test_alembics_own_way_and_a_connection_of_ones_own_are_silent(project: Project, migcheck) -> None:
    _history(
        project,
        "with op.get_context().autocommit_block():\n    op.execute('SELECT 1')\n"
        "with op.get_bind().begin_nested():\n    op.execute('SELECT 2')\n"
        "from sqlalchemy.orm import Session\nwith Session(op.get_bind()) as s:\n    s.execute(sa.text('SELECT 3'))\n"
        "    s.commit()\n"
        "with op.get_bind().engine.connect() as other:\n    other.execute(sa.text('SELECT 4'))\n    other.commit()",
    )
    result = migcheck("-v", "--migcheck-checks=stairway,upgrade")
    result.assert_outcomes(passed=4)
    result.stdout.no_fnmatch_line("*MC139*")
    result.stdout.no_fnmatch_line("*warning*")


def test_a_commit_in_the_first_of_two_databases_is_told(project: Project, migcheck) -> None:
    project.write("migrations/env.py", TWO_DATABASES)
    _history(project, "if op.get_bind().engine.url.database == 'one':\n    op.get_bind().commit()")
    result = migcheck("-v", "--migcheck-checks=stairway")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*b2.py::stairway FAILED*", "MC139 *: upgrading b2 *not committed"])


@pytest.mark.parametrize(
    "sql", ["COMMIT", "commit work;", "END", "ROLLBACK", "ABORT TRANSACTION", "SELECT 1; COMMIT; SELECT 2", "-- a\nCOMMIT"]
)
def test_statements_that_end_a_transaction(sql: str) -> None:
    assert ends_transaction(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "",
        "ROLLBACK TO SAVEPOINT a",
        "ROLLBACK WORK TO a",
        "COMMIT PREPARED 'x'",
        "BEGIN",
        "SAVEPOINT a",
        "SELECT 'COMMIT'",
        "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$",
        "CREATE PROCEDURE p() LANGUAGE sql BEGIN ATOMIC SELECT 1; END",
    ],
)
def test_statements_that_do_not(sql: str) -> None:
    assert not ends_transaction(sql)


TWO_DATABASES = """
import sqlalchemy as sa
from alembic import context
for name in ("one", "two"):
    with sa.create_engine(f"postgresql+psycopg://u:p@192.0.2.1/{name}").connect() as connection:
        context.configure(connection=connection, target_metadata=None)
        with context.begin_transaction():
            context.run_migrations()
"""

ASYNC_ENV = """
import asyncio
from alembic import context
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine("postgresql+asyncpg://me:secret@192.0.2.1/prod")

def run(connection):
    context.configure(connection=connection, target_metadata=None)
    with context.begin_transaction():
        context.run_migrations()

async def main():
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()

asyncio.run(main())
"""
