"""What a started server can do, on each rung."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import psycopg
import pytest

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.postgres import cluster
from pytest_migcheck.postgres.ladder import start_server
from pytest_migcheck.postgres.server import Server


def test_it_says_what_it_is(server: Server) -> None:
    assert server.kind in ("embedded", "local")
    assert server.version_num // 10000 == int(server.version.split(".")[0])
    assert server.reason
    assert server.seconds > 0
    assert server.is_alive()
    assert "ready to accept connections" in server.log_tail()


def test_a_database_is_cloned_from_a_template_and_dropped(server: Server) -> None:
    template = server.create_database("template_of_test")
    with template.connect() as connection:
        connection.execute("CREATE TABLE t AS SELECT 7 AS x")
    clone = server.create_database("clone_of_test", template=template.name)
    with clone.connect() as connection:
        assert connection.execute("SELECT x FROM t").fetchall() == [(7,)]
    clone.drop()
    template.drop()
    assert not {"template_of_test", "clone_of_test"} & set(server.list_databases())


def test_the_handed_out_address_works_with_its_password_alone(server: Server) -> None:
    database = server.create_database("handed_out")
    with psycopg.connect(database.dsn) as connection:
        row = connection.execute("SELECT current_database(), inet_server_addr()::text").fetchone()
        assert row is not None and row[0] == "handed_out" and row[1].startswith("127.0.0.1")
    assert database.url == database.dsn.replace("postgresql://", "postgresql+psycopg://")
    assert database.async_url.startswith("postgresql+asyncpg://")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(database.dsn, password="wrong")
    database.drop()


def test_no_repr_shows_the_password(server: Server) -> None:
    assert server.params.password not in repr(server)
    assert server.params.password not in repr(server.tcp)


def test_the_run_directory_is_closed_to_other_users(server: Server) -> None:
    assert stat.S_IMODE(Path(server.params.host).stat().st_mode) == 0o700


def test_the_cluster_is_utf8_and_utc(server: Server) -> None:
    with server.connect() as connection:
        names = ("server_encoding", "timezone", "fsync", "max_locks_per_transaction")
        found = [connection.execute("SELECT current_setting(%s)", (name,)).fetchone() for name in names]
    assert found == [("UTF8",), ("UTC",), ("off",), ("128",)]


def test_extensions_are_listed(server: Server) -> None:
    assert "plpgsql" in server.available_extensions()


def test_a_connection_may_be_transactional(server: Server) -> None:
    with server.connect(autocommit=False) as connection:
        assert not connection.autocommit


def test_the_environment_leads_nowhere_else(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOSTADDR", "192.0.2.1")
    monkeypatch.setenv("PGOPTIONS", "-c search_path=elsewhere")
    monkeypatch.setenv("PGSSLMODE", "require")
    with server.connect() as connection:
        assert connection.execute("SHOW search_path").fetchone() == ('"$user", public',)


def test_a_start_ignores_the_users_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGDATA", "/nonexistent")
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("LC_ALL", "xx_XX.UTF-8")
    server = start_server()
    assert server.is_alive()
    server.stop()


def test_stopping_leaves_no_directory_and_may_be_repeated() -> None:
    server = start_server()
    directory = Path(server.params.host)
    assert directory.is_dir()
    server.stop()
    server.stop()
    assert not directory.exists()
    assert not server.is_alive()


def test_stopping_does_not_wait_for_forked_children_of_ours() -> None:
    server = start_server()
    child = os.fork()
    if child == 0:
        os.read(os.pipe()[0], 1)  # holds a copy of the leash until it is killed
        os._exit(0)
    try:
        server.stop()
        assert not Path(server.params.host).exists()
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)


def test_a_forked_child_cannot_stop_its_parents_server(any_server: Server) -> None:
    child = os.fork()
    if child == 0:
        any_server.stop()
        os._exit(0)
    os.waitpid(child, 0)
    assert any_server.is_alive()
    any_server.connect().close()


def test_a_server_that_was_killed_is_not_alive_and_says_so() -> None:
    server = start_server()
    pid = int((Path(server.params.host) / "data" / "postmaster.pid").read_text().split()[0])
    os.kill(pid, 9)
    with pytest.raises(MigcheckError, match="PostgreSQL died in the middle of the run"):
        for _ in range(100):
            server.connect().close()
    assert not server.is_alive()
    server.stop()
    assert not Path(server.params.host).exists()


def test_a_server_that_refuses_to_start_shows_its_log(monkeypatch: pytest.MonkeyPatch, any_server: Server) -> None:
    monkeypatch.setitem(cluster._OPTIONS, "max_connections", "many")
    with pytest.raises(MigcheckError, match=r"(?s)did not start.*invalid value for parameter \"max_connections\""):
        start_server(any_server.kind)


def test_a_port_that_was_taken_in_between_is_no_error(monkeypatch: pytest.MonkeyPatch, any_server: Server) -> None:
    free, ports = cluster.take_port, [any_server.tcp.port]
    monkeypatch.setattr(cluster, "take_port", lambda: ports.pop() if ports else free())
    server = start_server()
    assert server.tcp.port != any_server.tcp.port
    server.stop()


def test_nobody_is_trusted_on_the_socket_either(server: Server) -> None:
    place = {"host": server.params.host, "port": server.params.port, "user": "postgres", "dbname": "postgres"}
    with pytest.raises(psycopg.OperationalError, match=r"no password supplied|password authentication failed"):
        psycopg.connect(**place, password="", passfile="/dev/null")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(**place, password="wrong")
    with server.connect() as connection:
        rules = connection.execute("SELECT DISTINCT auth_method FROM pg_hba_file_rules").fetchall()
        addresses = connection.execute("SHOW listen_addresses").fetchone()
    assert sorted(rules) == [("password",), ("scram-sha-256",)]
    assert addresses == ("127.0.0.1",)


def test_passwords_differ_from_server_to_server_and_lie_in_closed_files(server: Server) -> None:
    other = start_server(server.kind)
    assert other.params.password != server.params.password
    directory = other.run_directory
    assert directory is not None
    assert stat.S_IMODE((directory / "pgpass").stat().st_mode) == 0o600
    assert stat.S_IMODE((directory / "data").stat().st_mode) == 0o700
    other.stop()
    assert not directory.exists()


def test_a_path_with_a_line_break_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MigcheckError, match="line break"):
        from pytest_migcheck.postgres.leash import Leash

        leash = Leash(tmp_path / "run", dict(os.environ), {})
        try:
            leash.run(["a\nb"])
        finally:
            leash.let_go()
    assert not (tmp_path / "run").exists()
