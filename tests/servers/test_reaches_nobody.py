"""A server of ours opens no TCP connection, whatever runs in it."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import psycopg
import pytest

from pytest_migcheck.guard.kernel import SWITCH, available
from pytest_migcheck.postgres.ladder import start_server
from pytest_migcheck.postgres.server import Server


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def calls(server: Server, listener: socket.socket) -> None:
    """A program of the server's connects to the listener."""
    port = listener.getsockname()[1]
    with server.connect() as connection:
        connection.execute(f"COPY (SELECT 1) TO PROGRAM $$bash -c 'cat > /dev/tcp/127.0.0.1/{port}'$$".encode())


def reached(listener: socket.socket) -> bool:
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True


@pytest.mark.skipif(available() is not None, reason=f"{available()}")
def test_a_program_that_the_server_starts_reaches_no_listener(server: Server, listener: socket.socket) -> None:
    with pytest.raises(psycopg.errors.ExternalRoutineException) as caught:
        calls(server, listener)
    assert "Permission denied" in server.log_tail(), caught.value
    assert not reached(listener)


@pytest.mark.skipif(available() is not None, reason=f"{available()}")
def test_dblink_reaches_no_server_either(server: Server, any_server: Server) -> None:
    if "dblink" not in server.available_extensions():
        pytest.skip("this PostgreSQL comes without dblink")
    target = any_server.tcp
    words = f"host={target.host} port={target.port} user={target.user} password={target.password} dbname=postgres"
    database = server.create_database("dblink_of_test")
    with database.connect() as connection:
        connection.execute("CREATE EXTENSION dblink")
        with pytest.raises(psycopg.OperationalError, match="Permission denied"):
            connection.execute("SELECT dblink_connect(%s)", (words,))
    database.drop()


def test_the_kernels_help_can_be_switched_off(monkeypatch: pytest.MonkeyPatch, listener: socket.socket) -> None:
    monkeypatch.setenv(SWITCH, "1")
    server = start_server()
    try:
        calls(server, listener)
        assert reached(listener)
    finally:
        server.stop()
