"""The user's PG* variables reach no connection of ours, and do not break the URLs that we hand out."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from history_project import Project
from pytest_migcheck.guard.variables import countering_settings, without_libpq_variables
from pytest_migcheck.postgres.database import Database
from pytest_migcheck.postgres.ladder import start_server
from pytest_migcheck.postgres.server import Server

SERVICES = "[strict]\nsslmode=require\nhostaddr=192.0.2.1\ngssencmode=require\n"

#: What users have set, each by itself; the last ones go together.
VARIABLES: dict[str, dict[str, str]] = {
    "PGAPPNAME": {"PGAPPNAME": "theirs"},
    "PGCHANNELBINDING": {"PGCHANNELBINDING": "require"},
    "PGCLIENTENCODING": {"PGCLIENTENCODING": "SQL_ASCII"},
    "PGCONNECT_TIMEOUT": {"PGCONNECT_TIMEOUT": "abc"},
    "PGDATABASE": {"PGDATABASE": "theirs"},
    "PGDATESTYLE": {"PGDATESTYLE": "German, DMY"},
    "PGGEQO": {"PGGEQO": "nonsense"},
    "PGGSSENCMODE": {"PGGSSENCMODE": "require"},
    "PGHOSTADDR": {"PGHOSTADDR": "192.0.2.1"},
    "PGOPTIONS": {"PGOPTIONS": "-c search_path=elsewhere -c default_transaction_read_only=on -c statement_timeout=1"},
    "PGPASSFILE": {"PGPASSFILE": "/nonexistent/pgpass"},
    "PGREQUIREAUTH": {"PGREQUIREAUTH": "none"},
    "PGREQUIREPEER": {"PGREQUIREPEER": "nobody-at-all"},
    "PGSERVICE-missing": {"PGSERVICE": "missing"},
    "PGSERVICE": {"PGSERVICE": "strict", "PGSERVICEFILE": "services.conf"},
    "PGSSLMODE-require": {"PGSSLMODE": "require"},
    "PGSSLMODE-verify-full": {"PGSSLMODE": "verify-full"},
    "PGSSLNEGOTIATION": {"PGSSLNEGOTIATION": "direct", "PGSSLMODE": "require"},
    "PGSSLROOTCERT": {"PGSSLROOTCERT": "/nonexistent/root.crt", "PGSSLMODE": "verify-ca"},
    "PGTARGETSESSIONATTRS": {"PGTARGETSESSIONATTRS": "standby"},
    "PGTZ": {"PGTZ": "Nowhere/Nothing"},
}
every_variable = pytest.mark.parametrize("variables", VARIABLES.values(), ids=VARIABLES)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield Path(os.environ["XDG_CACHE_HOME"])


@pytest.fixture
def theirs(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """The user's variables, set."""
    (tmp_path / "services.conf").write_text(SERVICES)
    for name, value in variables.items():
        monkeypatch.setenv(name, str(tmp_path / value) if name == "PGSERVICEFILE" else value)
    return variables


@every_variable
def test_a_server_starts_and_is_read_whatever_the_user_has_set(theirs: dict[str, str], cache: Path) -> None:
    server = start_server()
    try:
        with server.create_database("variables").connect() as connection:
            names = ("search_path", "datestyle", "timezone", "geqo", "client_encoding", "application_name", "statement_timeout")
            found = [connection.execute("SELECT current_setting(%s)", (name,)).fetchone()[0] for name in names]  # type: ignore[index]
        assert found == ['"$user", public', "ISO, MDY", "UTC", "on", "UTF8", "pytest-migcheck", "0"]
        assert {name: os.environ[name] for name in theirs}.keys() == theirs.keys(), "they are back"
    finally:
        server.stop()


TESTS = """
import pytest
import sqlalchemy as sa

def test_connection(migcheck_db):
    with migcheck_db.connect() as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)

def test_engine(migcheck_engine):
    with migcheck_engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM t")).scalar() == 0

def test_shared(migcheck_connection):
    assert migcheck_connection.execute(sa.text("SELECT count(*) FROM t")).scalar() == 0
"""


@every_variable
def test_the_fixtures_work_whatever_the_user_has_set(
    project: Project, run_pytest: Any, theirs: dict[str, str], cache: Path
) -> None:
    project.write("test_a.py", TESTS)
    project.revision("a1", 'op.create_table("t", sa.Column("id", sa.Integer, primary_key=True))', 'op.drop_table("t")')
    run_pytest("-p", "no:randomly").assert_outcomes(passed=3)


BREAKING = ("PGCHANNELBINDING", "PGCONNECT_TIMEOUT", "PGGSSENCMODE", "PGHOSTADDR", "PGREQUIREAUTH", "PGREQUIREPEER", "PGSERVICE",
    "PGSSLMODE-require", "PGSSLMODE-verify-full", "PGTARGETSESSIONATTRS")  # fmt: skip


@pytest.mark.parametrize("variables", [VARIABLES[name] for name in BREAKING], ids=BREAKING)
@pytest.mark.parametrize("driver", ["psycopg", "psycopg2", "asyncpg"])
def test_a_url_of_ours_works_in_the_users_own_code(theirs: dict[str, str], driver: str, server: Server) -> None:
    import asyncio

    import sqlalchemy as sa
    from sqlalchemy.ext.asyncio import create_async_engine

    url = Database(server, "postgres").url_for(driver)

    async def ask() -> object:
        engine = create_async_engine(url)
        async with engine.connect() as connection:
            found = (await connection.execute(sa.text("SELECT 1"))).scalar()
        await engine.dispose()
        return found

    if driver == "asyncpg":
        assert asyncio.run(ask()) == 1
        return
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT 1")).scalar() == 1


@pytest.mark.parametrize("variables", [VARIABLES["PGSSLMODE-require"]])
def test_the_dsn_works_in_the_users_own_code(theirs: dict[str, str], server: Server) -> None:
    psycopg.connect(Database(server, "postgres").dsn).close()


def test_without_variables_a_url_names_the_target_alone(server: Server) -> None:
    database = Database(server, "postgres")
    for url in (database.url, database.dsn, database.async_url, database.url_for("psycopg2"), database.url_for("pg8000")):
        assert "?" not in url


def test_a_setting_that_an_old_libpq_does_not_know_is_left_out() -> None:
    assert countering_settings({"PGREQUIREAUTH": "none"}, "127.0.0.1", 150000) == {}
    assert countering_settings({"PGREQUIREAUTH": "none"}, "127.0.0.1", 160000) == {"require_auth": "scram-sha-256,md5,password"}


def test_a_host_by_name_has_no_address_to_be_named() -> None:
    assert countering_settings({"PGHOSTADDR": "192.0.2.1"}, "db.internal", 180000) == {}


def url_of(server: Server, password: str, more: str = "") -> str:
    return f"postgresql://{server.tcp.user}{password}@127.0.0.1:{server.tcp.port}/postgres{more}"


@every_variable
def test_a_server_by_url_is_reached_as_the_url_says(theirs: dict[str, str], server: Server) -> None:
    given = start_server(url_of(server, f":{server.tcp.password}"))
    with given.create_database("migcheck_x").connect() as connection:
        assert connection.execute("SHOW timezone").fetchone() == ("UTC",)
    given.stop()


def test_a_password_that_a_url_lacks_comes_from_where_libpq_looks(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PGPASSWORD", server.tcp.password)
    start_server(url_of(server, "")).stop()
    monkeypatch.setenv("PGPASSWORD", "wrong")
    start_server(url_of(server, f":{server.tcp.password}")).stop()
    monkeypatch.delenv("PGPASSWORD")
    passfile = tmp_path / "pgpass"
    passfile.touch(mode=0o600)
    passfile.write_text(f"*:*:*:*:{server.tcp.password}\n")
    monkeypatch.setenv("PGPASSFILE", str(passfile))
    start_server(url_of(server, "")).stop()


def test_threads_put_back_what_they_took(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGTZ", "Europe/Berlin")
    seen = []

    def work() -> None:
        for _ in range(200):
            with without_libpq_variables(), without_libpq_variables():
                seen.append(os.environ.get("PGTZ"))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(seen) == {None}
    assert os.environ["PGTZ"] == "Europe/Berlin"


def test_a_process_that_is_forked_meanwhile_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGTZ", "Europe/Berlin")
    inside, done = threading.Event(), threading.Event()

    def hold() -> None:
        with without_libpq_variables():
            inside.set()
            done.wait(0.2)

    thread = threading.Thread(target=hold)
    thread.start()
    assert inside.wait(60)
    child = os.fork()
    if child == 0:
        with without_libpq_variables():
            pass
        os._exit(0 if os.environ.get("PGTZ") == "Europe/Berlin" else 1)
    done.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
