"""Each connection of ours shows where it is before anything is sent: another server gets not one statement."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from history_project import Project
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.postgres.connecting import answers, await_connection, open_connection
from pytest_migcheck.postgres.ladder import start_server
from pytest_migcheck.postgres.lending import borrow, lend
from pytest_migcheck.postgres.proof import ForeignServerError, proves
from pytest_migcheck.postgres.server import Server

WRAPPED = """
import psycopg

original = psycopg.Connection.connect.__func__

def connect(cls, conninfo="", **kwargs):
    kwargs.update({target!r})
    return original(cls, conninfo, **kwargs)

psycopg.Connection.connect = classmethod(connect)
"""


@pytest.fixture(scope="module")
def decoy() -> Iterator[Server]:
    """A server that is another one than the run's."""
    started = start_server()
    yield started
    started.stop()


def credentials(server: Server) -> dict[str, Any]:
    return {"host": server.tcp.host, "port": server.tcp.port, "user": server.tcp.user, "password": server.tcp.password}


@pytest.fixture
def leads_away(decoy: Server, monkeypatch: pytest.MonkeyPatch):
    """From here on psycopg connects to the decoy, whatever it is asked for; what is given counts more."""
    original = psycopg.Connection.connect.__func__  # type: ignore[attr-defined]

    def start(**more: object) -> None:
        def connect(cls: Any, conninfo: str = "", **kwargs: Any) -> Any:
            return original(cls, conninfo, **{**kwargs, **credentials(decoy), "dbname": "postgres", **more})

        monkeypatch.setattr(psycopg.Connection, "connect", classmethod(connect))

    yield start
    monkeypatch.undo()


def everything_of(server: Server) -> list[object]:
    """What a statement of ours would change, and what the server has counted as run."""
    with psycopg.Connection.connect(**credentials(server), dbname="postgres", autocommit=True) as connection:
        queries = (
            "SELECT rolname, rolpassword FROM pg_catalog.pg_authid ORDER BY 1",
            "SELECT datname FROM pg_catalog.pg_database ORDER BY 1",
            "SELECT setdatabase, setrole, setconfig FROM pg_catalog.pg_db_role_setting ORDER BY 1, 2",
        )
        return [connection.execute(query).fetchall() for query in queries]


def test_no_password_is_set_on_another_server(decoy: Server, leads_away: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything_of(decoy)
    leads_away()
    with pytest.raises(ForeignServerError, match=r"^MC900 foreign-database: ") as caught:
        start_server()
    monkeypatch.undo()
    assert f"127.0.0.1:{decoy.tcp.port}, which is another server; nothing was run there" in str(caught.value)
    assert f"in {__file__}:" in str(caught.value), "the replacement is named"
    assert everything_of(decoy) == before


def test_another_server_that_lets_us_not_in_is_asked_once(decoy: Server, leads_away: Any) -> None:
    leads_away(password="wrong")
    with pytest.raises(ForeignServerError, match=f"reached 127.0.0.1:{decoy.tcp.port}"):
        start_server()
    failures = [line for line in decoy.log().splitlines() if "password authentication failed" in line]
    assert len(failures) == 1


def test_a_connection_later_in_the_run_is_refused(any_server: Server, decoy: Server, leads_away: Any) -> None:
    database = any_server.create_database("proof_of_test")
    leads_away()
    for open_one in (database.connect, any_server.connect, any_server.maintenance_connection, any_server.list_databases):
        with pytest.raises(ForeignServerError, match="MC900"):
            open_one()
    with pytest.raises(ForeignServerError):
        any_server.connect(autocommit=False)
    with pytest.raises(ForeignServerError):
        answers(any_server.params, any_server.proof)


def test_a_proven_connection_is_as_it_was_asked_for(any_server: Server) -> None:
    with any_server.connect(autocommit=False) as connection:
        assert connection.info.transaction_status is psycopg.pq.TransactionStatus.IDLE
        assert not connection.autocommit


def test_a_borrowed_server_comes_with_its_proof(any_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    class Lender:
        def get(self, realm: str, stored: object = None) -> Server:
            return any_server

        peek = get

    monkeypatch.setattr("pytest_migcheck.postgres.lending.ask", lambda address, request: lend(request, Lender()))
    borrowed = borrow({}, "checks", None, start=True)
    assert borrowed is not None
    assert borrowed.proof == any_server.proof != ""
    borrowed.connect().close()
    borrowed.proof = "another"
    with pytest.raises(ForeignServerError):
        borrowed.connect()


def test_any_driver_can_ask_for_the_proof(any_server: Server) -> None:
    with psycopg.connect(**credentials(any_server), dbname="postgres") as connection:
        rows = lambda query: connection.execute(query).fetchall()
        assert proves(rows, any_server.proof)
        assert not proves(rows, "another")
        assert not proves(rows, "")


def test_databases_on_a_server_by_url_are_proven_by_their_names(
    any_server: Server, decoy: Server, leads_away: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = any_server.tcp
    url = f"postgresql://{target.user}:{target.password}@127.0.0.1:{target.port}/postgres"
    server = start_server(url)
    database = server.create_database("migcheck_main")
    copy = server.create_database("migcheck_copy", template=database.name)
    assert server.proof_of("postgres") is None
    for one in (database, copy):
        with one.connect() as connection:
            rows = lambda query: connection.execute(query).fetchall()
            assert proves(rows, server.proof_of(one.name) or "")
    leads_away()
    for open_one in (server.connect, database.connect):
        with pytest.raises(ForeignServerError, match=f"reached 127.0.0.1:{decoy.tcp.port}"):
            open_one()
    with pytest.raises(ForeignServerError):
        start_server(url)
    monkeypatch.undo()
    server.stop()
    assert database.name not in any_server.list_databases()


def test_waiting_for_a_server_ends_at_once_where_another_answers(decoy: Server) -> None:
    with pytest.raises(ForeignServerError):
        await_connection(decoy.tcp, "another", lambda: None, str)
    with pytest.raises(ForeignServerError):
        open_connection(decoy.tcp, "another")
    assert issubclass(ForeignServerError, MigcheckError)


TEST = """
def test_a(migcheck_db):
    with migcheck_db.connect() as connection:
        connection.execute("CREATE TABLE left_behind ()")
"""


@pytest.mark.parametrize("arguments", [("--migcheck",), ()], ids=["checks", "fixtures"])
def test_a_conftest_that_replaces_connect_changes_nothing_there(
    project: Project, run_pytest: Any, decoy: Server, arguments: tuple[str, ...]
) -> None:
    project.write("conftest.py", WRAPPED.format(target={**credentials(decoy), "dbname": "postgres"}))
    project.write("test_a.py", TEST)
    project.revision("a1", 'op.create_table("t", sa.Column("id", sa.Integer, primary_key=True))', 'op.drop_table("t")')
    before = everything_of(decoy)
    result = run_pytest(*arguments)
    assert result.ret == 1
    assert "MC900 foreign-database: a connection of pytest-migcheck to " in result.stdout.str()
    assert f"{project.path / 'conftest.py'}:5" in result.stdout.str()
    assert "INTERNALERROR" not in result.stdout.str()
    assert everything_of(decoy) == before
