"""What a migration does to the server under the run's feet: one clear message, never a traceback of ours."""

from __future__ import annotations

import pytest

from history_project import Project

ALL = ("--migcheck-checks=heads,upgrade,roundtrip,stairway",)
REMOVES_DATA = """
import shutil
(place,) = op.get_bind().exec_driver_sql("SHOW data_directory").first()
shutil.rmtree(place)
"""


def history(project: Project, up: str, down: str = "pass") -> None:
    """Four revisions, the second of which does it."""
    project.sql("a1", "CREATE TABLE one (id int PRIMARY KEY)", "DROP TABLE one")
    project.revision("b2", up, down)
    project.sql("c3", "CREATE TABLE three (id int PRIMARY KEY)", "DROP TABLE three")
    project.sql("d4", "CREATE TABLE four (id int PRIMARY KEY)", "DROP TABLE four")


def ours(result: pytest.RunResult) -> list[str]:
    """Lines of tracebacks through our files."""
    return [line for line in result.outlines if ("pytest_migcheck/" in line and "Error" in line) or "INTERNALERROR" in line]


@pytest.mark.parametrize("options", [(), ("-k", "stairway")])
def test_a_data_directory_that_is_gone_is_told_once(project: Project, migcheck, options) -> None:
    history(project, REMOVES_DATA)
    result = migcheck(*ALL, *options)
    assert result.ret == 1
    assert result.stdout.str().count("data directory") < 4
    result.stdout.fnmatch_lines(["*the data directory of PostgreSQL is gone*"])
    assert len(result.outlines) < 60


# What is done, and whether it is the revision's fault that it cannot go on.
ELSEWHERE = """
import sqlalchemy as sa
engine = sa.create_engine(op.get_bind().engine.url.set(database="other"), isolation_level="AUTOCOMMIT")
(name,) = op.get_bind().exec_driver_sql("SELECT current_database()").first()
with engine.connect() as connection:
    connection.exec_driver_sql({statement})
engine.dispose()
"""
BREAKS = {
    "own database": "f'DROP DATABASE \"{name}\" WITH (FORCE)'",
    "no login": "'ALTER ROLE postgres NOLOGIN'",
    "password": "'''ALTER USER postgres PASSWORD 'another' '''",
    "password in pieces": "'''DO $$ BEGIN EXECUTE 'ALTER RO' || 'LE postgres PASSWORD NULL'; END $$'''",
    "valid until": "'''ALTER ROLE postgres VALID UNTIL '2001-01-01' '''",
}
HARMLESS = {
    "own sessions": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()",
    "notification": "NOTIFY migcheck_touched, 'garbage ü 99999999999999999999 x'",
    "no notification": "SELECT pg_notify('migcheck_touched', '')",
    "encoding": "SET client_encoding = SQL_ASCII",
    "encoding of 1992": "SET client_encoding = LATIN1",
}


@pytest.mark.parametrize("options", [(), ("-k", "stairway"), ("-n2",)], ids=["all", "stairway", "workers"])
@pytest.mark.parametrize("case", HARMLESS)
def test_what_does_no_harm_is_no_finding(project: Project, migcheck, case: str, options) -> None:
    history(project, f"op.execute({HARMLESS[case]!r})\nop.execute('SELECT 1 FROM one')", "op.execute('SELECT 1 FROM one')")
    result = migcheck("--migcheck-checks=heads,upgrade,roundtrip,stairway,locks", *options)
    assert result.ret == 0
    assert ours(result) == []


@pytest.mark.parametrize("every", [True, False], ids=["all", "stairway"])
@pytest.mark.parametrize("case", BREAKS)
def test_a_statement_that_keeps_the_run_out_is_named(project: Project, migcheck, case: str, every: bool) -> None:
    history(project, f"op.execute({BREAKS[case]})" if case != "own database" else ELSEWHERE.format(statement=BREAKS[case]))
    result = migcheck(*ALL, *(() if every else ("-k", "stairway")))
    assert result.parseoutcomes()["skipped"] == 2 + (every and case == "own database")
    assert ours(result) == []
    said = {"own database": "DROP DATABASE", "password in pieces": "DO $$ BEGIN"}.get(case, "ALTER ")
    result.stdout.fnmatch_lines(["*/versions/b2.py:*", f"*sql *{said}*"])
