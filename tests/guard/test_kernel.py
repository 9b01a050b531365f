"""Landlock: what a restricted thread and its children can reach, and that nothing else is restricted."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_migcheck.guard import kernel
from pytest_migcheck.guard.kernel import SWITCH, available, in_restricted_thread, restrict_tcp

#: Set where the kernel is known to have Landlock: then these tests may not be skipped.
NEEDED = os.environ.get("MIGCHECK_NEEDS_LANDLOCK") == "1"
needs_landlock = pytest.mark.skipif(available() is not None and not NEEDED, reason=f"{available()}")
_CONNECT = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5)"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def port_of(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def reaches(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except PermissionError:
        return False
    return True


def program_reaches(port: int) -> bool:
    run = subprocess.run([sys.executable, "-c", _CONNECT, str(port)], capture_output=True, text=True, check=False)
    assert run.returncode == 0 or "PermissionError" in run.stderr, run.stderr
    return run.returncode == 0


@pytest.mark.skipif(not NEEDED, reason="MIGCHECK_NEEDS_LANDLOCK is not set")
def test_the_kernel_restricts_where_that_is_asked_for() -> None:
    assert available() is None


@needs_landlock
def test_a_restricted_thread_connects_to_nothing(listener: socket.socket) -> None:
    assert reaches(port_of(listener))
    assert not in_restricted_thread(lambda: reaches(port_of(listener)))


@needs_landlock
def test_a_program_that_it_starts_connects_to_nothing(listener: socket.socket) -> None:
    assert program_reaches(port_of(listener))
    assert not in_restricted_thread(lambda: program_reaches(port_of(listener)))


@needs_landlock
def test_a_thread_that_it_starts_connects_to_nothing(listener: socket.socket) -> None:
    def start_another() -> bool:
        found = []
        thread = threading.Thread(target=lambda: found.append(reaches(port_of(listener))))
        thread.start()
        thread.join()
        return found[0]

    assert not in_restricted_thread(start_another)


@needs_landlock
def test_other_threads_and_what_they_start_are_left_alone(listener: socket.socket) -> None:
    restricted, done = threading.Event(), threading.Event()

    def stay() -> bool:
        restricted.set()
        done.wait(60)
        return reaches(port_of(listener))

    found = []
    thread = threading.Thread(target=lambda: found.append(in_restricted_thread(stay)))
    thread.start()
    assert restricted.wait(60)
    assert reaches(port_of(listener))
    assert program_reaches(port_of(listener))
    done.set()
    thread.join()
    assert found == [False]


@needs_landlock
def test_a_port_that_is_allowed_can_be_reached_and_no_other(listener: socket.socket) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        allowed = (port_of(listener), port_of(listener))
        assert in_restricted_thread(lambda: (reaches(port_of(listener)), reaches(port_of(other))), allowed) == (True, False)


@needs_landlock
def test_sockets_of_the_file_system_and_listening_go_on(tmp_path: Path, listener: socket.socket) -> None:
    def work() -> bytes:
        with socket.create_server(("127.0.0.1", 0)):
            pass
        with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
            server.bind(str(tmp_path / "s"))
            server.listen()
            client.connect(str(tmp_path / "s"))
            client.sendall(b"hello")
            with server.accept()[0] as accepted:
                return accepted.recv(5)

    assert in_restricted_thread(work) == b"hello"


@needs_landlock
def test_a_thread_may_restrict_itself_further_but_gets_nothing_back(listener: socket.socket) -> None:
    def work() -> bool:
        restrict_tcp([port_of(listener)])
        return reaches(port_of(listener))

    assert not in_restricted_thread(work)


def test_results_and_exceptions_come_out_of_the_thread() -> None:
    assert in_restricted_thread(lambda: "result") == "result"
    with pytest.raises(KeyError, match="inside"):
        in_restricted_thread(lambda: {}["inside"])


@needs_landlock
def test_a_call_that_the_kernel_refuses_is_named() -> None:
    with pytest.raises(OSError, match="landlock_add_rule: Invalid argument"):
        in_restricted_thread(lambda: None, [70000])


def test_it_can_be_switched_off(monkeypatch: pytest.MonkeyPatch, listener: socket.socket) -> None:
    monkeypatch.setenv(SWITCH, "1")
    assert available() == f"{SWITCH}=1"
    assert in_restricted_thread(lambda: reaches(port_of(listener)))


def test_another_system_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SWITCH, raising=False)
    monkeypatch.setattr(sys, "platform", "darwin")
    kernel._missing.cache_clear()
    try:
        assert available() == "not Linux"
    finally:
        kernel._missing.cache_clear()
