"""What belongs to the cluster: a verdict does not depend on what else was selected, and residue is found."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from history_project import Project
from pytest_migcheck.postgres.server import Server

FIXTURES = """
def test_rows(migcheck_db):
    with migcheck_db.connect() as connection:
        connection.execute("SELECT 1 FROM one")

def test_steps(migcheck_stepper):
    migcheck_stepper.before("b2").upgrade().downgrade().upgrade()

def test_steps_again(migcheck_stepper):
    migcheck_stepper.before("b2").upgrade().downgrade()
"""
COMMITTED = "with op.get_context().autocommit_block():\n    op.execute({!r})"
IN_TRANSACTION = "op.execute({!r})"
# What makes it, what drops it exactly, whether it must run outside of a transaction, and its kind in the catalog.
KINDS = {
    "role": ("CREATE ROLE mine LOGIN", "DROP ROLE mine", False, "role"),
    "database": ("CREATE DATABASE mine", "DROP DATABASE mine", True, "database"),
    "physical slot": (
        "SELECT pg_create_physical_replication_slot('mine')", "SELECT pg_drop_replication_slot('mine')", False,
        "replication slot",
    ),
    "logical slot": (
        "SELECT pg_create_logical_replication_slot('mine', 'pgoutput')", "SELECT pg_drop_replication_slot('mine')",
        True, "replication slot",
    ),
    "origin": (
        "SELECT pg_replication_origin_create('mine')", "SELECT pg_replication_origin_drop('mine')", False,
        "replication origin",
    ),
    "parameter": (
        "GRANT SET ON PARAMETER work_mem TO PUBLIC", "REVOKE ALL ON PARAMETER work_mem FROM PUBLIC", False,
        "parameter grants",
    ),
    "system": ("ALTER SYSTEM SET work_mem = '5MB'", "ALTER SYSTEM RESET work_mem", True, "system setting"),
    "all roles": (
        "ALTER ROLE ALL SET work_mem = '5MB'", "ALTER ROLE ALL RESET work_mem", False, "setting",
    ),
    "tablespace": (
        "SET allow_in_place_tablespaces = on;CREATE TABLESPACE mine LOCATION ''", "DROP TABLESPACE mine", True,
        "tablespace",
    ),
    "subscription": (
        "CREATE SUBSCRIPTION mine CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE)",
        "DROP SUBSCRIPTION mine", False, "subscription",
    ),
}  # fmt: skip
PIECES = "op.execute('CRE' + 'ATE RO' + 'LE mine')", "op.execute('DR' + 'OP RO' + 'LE mine')"


def body(statements: str, committed: bool) -> str:
    return "\n".join((COMMITTED if committed else IN_TRANSACTION).format(one) for one in statements.split(";"))


def history(project: Project, up: str, down: str) -> None:
    """Four revisions, the second of which does it."""
    project.sql("a1", "CREATE TABLE one (id int PRIMARY KEY)", "DROP TABLE one")
    project.revision("b2", up, down)
    project.sql("c3", "CREATE TABLE three (id int PRIMARY KEY)", "DROP TABLE three")
    project.sql("d4", "CREATE TABLE four (id int PRIMARY KEY)", "DROP TABLE four")


def write(project: Project, kind: str, server: Server, *, exact: bool = True) -> None:
    up, down, committed, _ = KINDS[kind]
    if kind in ("parameter", "tablespace") and server.version_num < 150000:
        pytest.skip("since PostgreSQL 15")
    history(project, body(up, committed), body(down, committed) if exact else "pass")


ALL = ("--migcheck-checks=heads,upgrade,roundtrip,stairway",)


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_downgrade_drops_exactly_passes_whatever_is_selected(
    project: Project, migcheck, server: Server, kind: str
) -> None:
    write(project, kind, server)
    migcheck(*ALL, "-k", "upgrade").assert_outcomes(passed=1, deselected=6)
    migcheck(*ALL).assert_outcomes(passed=7)


@pytest.mark.parametrize("kind", KINDS)
def test_so_it_does_on_two_workers_and_with_tests_of_the_users_own(
    project: Project, migcheck, server: Server, kind: str
) -> None:
    write(project, kind, server)
    project.write("test_it.py", FIXTURES)
    project.write("pytest.ini", "[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    migcheck(*ALL, "-n2").assert_outcomes(passed=10)
    migcheck(*ALL, "--migcheck-fresh").assert_outcomes(passed=10)


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_downgrade_leaves_is_named(project: Project, migcheck, server: Server, kind: str) -> None:
    write(project, kind, server, exact=False)
    result = migcheck(*ALL, "-k", "stairway and b2")
    result.assert_outcomes(failed=1, deselected=6)
    result.stdout.fnmatch_lines([f"*{KINDS[kind][3]} *", f"*{KINDS[kind][1]}*"])


def test_a_statement_that_is_put_together_from_pieces_is_seen_in_what_the_server_has(
    project: Project, migcheck
) -> None:
    history(project, *PIECES)
    project.write("test_it.py", FIXTURES)
    project.write("pytest.ini", "[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    migcheck(*ALL).assert_outcomes(passed=10)
    migcheck(*ALL, "-n2").assert_outcomes(passed=10)


@pytest.fixture
def folder(server: Server) -> Iterator[Path]:
    """A folder of the server's user, with a file and a tablespace of another version in it."""
    assert server.run_directory is not None
    owner = server.run_directory.stat()
    place = Path(tempfile.mkdtemp(prefix="tablespace-"))
    (place / "PG_9.6_201608131").mkdir()
    for path in (place, place / "PG_9.6_201608131"):
        os.chown(path, owner.st_uid, owner.st_gid)
        path.chmod(0o700)
    yield place
    shutil.rmtree(place)


@pytest.mark.parametrize("exact", [True, False])
def test_a_folder_of_a_tablespace_is_free_again_for_tests_and_for_the_next_run(
    project: Project, migcheck, folder: Path, exact: bool
) -> None:
    up = f"CREATE TABLESPACE mine LOCATION '{folder}'"
    history(project, body(up, committed=True), body("DROP TABLESPACE mine", committed=True) if exact else "pass")
    project.write("test_it.py", FIXTURES if exact else FIXTURES.replace(".downgrade()", ""))
    project.write("pytest.ini", "[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    for _ in range(2):
        result = migcheck(*ALL)
        result.assert_outcomes(passed=10) if exact else result.assert_outcomes(passed=8, failed=2)
        assert [path.name for path in folder.iterdir()] == ["PG_9.6_201608131"]
