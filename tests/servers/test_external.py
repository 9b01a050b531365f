"""A server by URL: our own databases on it, nothing else."""

from __future__ import annotations

import time

import pytest

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.postgres.external import _parse
from pytest_migcheck.postgres.ladder import start_server
from pytest_migcheck.postgres.server import Server


def _url(server: Server, user: str = "", password: str = "", scheme: str = "postgresql") -> str:
    target = server.tcp
    return f"{scheme}://{user or target.user}:{password or target.password}@127.0.0.1:{target.port}/postgres"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+asyncpg", "postgresql+psycopg2"])
def test_every_form_of_url_is_accepted(any_server: Server, scheme: str) -> None:
    server = start_server(_url(any_server, scheme=scheme))
    assert server.kind == "url"
    assert server.version == any_server.version
    assert server.tcp.password not in server.reason
    server.stop()


def test_our_databases_carry_the_runs_token_and_go_at_the_end(any_server: Server) -> None:
    foreign = any_server.create_database("migcheck_notes")
    first, second = start_server(_url(any_server)), start_server(_url(any_server))
    one, two = first.create_database("migcheck_main"), second.create_database("migcheck_main")
    assert one.name != two.name
    with one.connect() as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS x")
    copy = first.create_database("migcheck_copy", template=one.name)
    with copy.connect() as connection:
        assert connection.execute("SELECT x FROM t").fetchone() == (1,)
    first.stop()
    assert two.name in any_server.list_databases()
    second.stop()
    second.stop()
    assert [name for name in any_server.list_databases() if name.startswith("migcheck_")] == ["migcheck_notes"]
    foreign.drop()


def test_a_database_of_others_is_never_dropped(any_server: Server) -> None:
    foreign = any_server.create_database("production")
    server = start_server(_url(any_server))
    with pytest.raises(MigcheckError, match="did not create the database 'production'"):
        server.drop_database("production")
    server.stop()
    assert "production" in any_server.list_databases()
    foreign.drop()


def test_databases_of_killed_runs_are_swept_after_a_day_unless_in_use(any_server: Server) -> None:
    old, new = f"{int(time.time()) - 90000:08x}", f"{int(time.time()) - 80000:08x}"
    names = [f"migcheck_{old}aaaa_main", f"migcheck_{old}bbbb_used", f"migcheck_{new}cccc_main"]
    databases = [any_server.create_database(name) for name in names]
    with databases[1].connect():
        start_server(_url(any_server)).stop()
        left = [name for name in any_server.list_databases() if name.startswith("migcheck_")]
    assert left == names[1:]
    for database in databases[1:]:
        database.drop()


def test_a_role_that_may_not_create_databases_is_told_how(any_server: Server) -> None:
    with any_server.connect() as connection:
        connection.execute("CREATE ROLE plain LOGIN PASSWORD 'hunter2'")
    with pytest.raises(MigcheckError, match=r'ALTER ROLE "plain" CREATEDB') as caught:
        start_server(_url(any_server, "plain", "hunter2"))
    assert "hunter2" not in str(caught.value)
    with any_server.connect() as connection:
        connection.execute("ALTER ROLE plain CREATEDB")
    server = start_server(_url(any_server, "plain", "hunter2"))
    server.create_database("migcheck_x")
    server.stop()
    with any_server.connect() as connection:
        connection.execute("DROP ROLE plain")


def test_a_wrong_password_is_not_shown(any_server: Server) -> None:
    with pytest.raises(MigcheckError, match="does not answer") as caught:
        start_server(_url(any_server, password="hunter2"))
    assert "hunter2" not in str(caught.value)


def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(MigcheckError, match=r"127\.0\.0\.1:1 does not answer"):
        start_server("postgresql://me:hunter2@127.0.0.1:1/x")


@pytest.mark.parametrize(
    "url", ["postgresql://me:hun/ter2@db/x", "postgresql://me:hun#ter2@db/x", "postgresql://", "postgresql:///x"]
)
def test_a_url_that_cannot_be_read_shows_no_password(url: str) -> None:
    with pytest.raises(MigcheckError) as caught:
        start_server(url)
    assert "hun" not in str(caught.value)


def test_settings_of_the_url_are_kept(any_server: Server) -> None:
    server = start_server(_url(any_server) + "?sslmode=disable")
    database = server.create_database("migcheck_settings")
    assert database.url.endswith("?sslmode=disable")
    assert "sslmode" not in database.async_url, "asyncpg does not know the word"
    server.stop()
    with pytest.raises(MigcheckError, match=r"does not answer|cannot be used"):
        start_server(_url(any_server) + "?sslmode=require")
    with pytest.raises(MigcheckError, match="colour"):
        start_server(_url(any_server) + "?colour=red")


def test_a_socket_folder_may_be_given() -> None:
    target = _parse("postgresql+psycopg://me@/app?host=/run/postgresql")
    assert (target.host, target.port, target.user, target.dbname) == ("/run/postgresql", 5432, "me", "app")
