"""However the owner ends, nothing of ours stays behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.postgres import cluster, rundir
from pytest_migcheck.postgres.database import ConnectionParams
from pytest_migcheck.postgres.ladder import start_server
from pytest_migcheck.postgres.leash import Leash

_OWNER = """
import sys, time
from pathlib import Path
from pytest_migcheck.postgres.ladder import start_server
from pytest_migcheck.postgres.leash import Leash
server = start_server()
pid = (Path(server.params.host) / "data" / "postmaster.pid").read_text().split()[0]
print(server.params.host, pid, flush=True)
time.sleep(60)
"""


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_owner_leaves_no_process_and_no_directory(number: signal.Signals) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", _OWNER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert owner.stdout is not None
    with owner.stdout:
        host, pid = owner.stdout.readline().split()
    owner.send_signal(number)
    owner.wait(10)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and not (_gone(int(pid)) and not Path(host).exists()):
        time.sleep(0.01)
    assert _gone(int(pid))
    assert not Path(host).exists()


@pytest.mark.parametrize("seconds", [0, 0.003, 0.01])
def test_an_interrupt_in_the_middle_of_a_start_ends_it_at_once(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    seen: list[Path] = []

    def interrupted(target: ConnectionParams, *_: object) -> None:
        seen.append(Path(target.host))
        time.sleep(seconds)
        raise KeyboardInterrupt

    monkeypatch.setattr(cluster, "await_connection", interrupted)
    before = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        start_server()
    assert time.monotonic() - before < 15, "a lost SIGQUIT would cost 30 seconds"
    assert not seen[0].exists()


def test_a_start_sweeps_directories_without_an_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rundir, "_bases", lambda: iter([tmp_path]))
    # A worker's folder has a longer path than a socket may.
    monkeypatch.setattr(rundir, "_LONGEST", 200)
    ended = tmp_path / f"{rundir.PREFIX}ended"
    ended.mkdir()
    (ended / "owner.lock").touch()
    (ended / "data").mkdir()
    strange = tmp_path / f"{rundir.PREFIX}strange"
    strange.mkdir()
    (strange / "file").touch()
    os.utime(strange, (0, 0))
    held = rundir.new_run_directory({})
    held.mkdir()
    lock = rundir.hold(held)
    rundir.sweep_stale({})
    assert not ended.exists()
    assert held.exists(), "its owner lives"
    assert strange.exists(), "nothing says that it is ours"
    rundir.discard(held, lock)
    assert not held.exists()


def test_what_is_left_of_a_directory_keeps_its_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = tmp_path / "run"
    directory.mkdir()
    lock = rundir.hold(directory)
    (directory / "programs").mkdir()
    seen = []
    rmtree = shutil.rmtree

    def noted(path: Path, **options: bool) -> None:
        rmtree(path, **options)
        seen.append((Path(path).name, (directory / "owner.lock").exists()))

    monkeypatch.setattr(shutil, "rmtree", noted)
    rundir.discard(directory, lock)
    assert seen == [("programs", True), ("run", False)]


def test_a_temporary_folder_with_a_long_path_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir(mode=0o755)
    monkeypatch.setenv("TMPDIR", str(long))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr(rundir, "_is_tmpfs", lambda directory: False)
    server = start_server()
    assert not server.params.host.startswith(str(long))
    server.stop()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks into /proc")
@pytest.mark.parametrize("seconds", [0, 0.005, 0.02, 0.1, None], ids=str)
def test_a_leash_that_is_killed_takes_nothing_with_it_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, seconds: float | None
) -> None:
    """At some moments of the start, and (None) when the server runs."""
    started: list[Leash] = []
    run = Leash.run

    def spied(self: Leash, command: list[str]) -> None:
        run(self, command)
        started.append(self)
        if seconds is not None:
            time.sleep(seconds)
            os.kill(self._process.pid, signal.SIGKILL)

    monkeypatch.setattr(Leash, "run", spied)
    server = None
    try:
        server = start_server()
    except MigcheckError:
        assert seconds is not None
    else:
        if seconds is None:
            os.kill(started[0]._process.pid, signal.SIGKILL)
        with server.connect() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        if server is not None:
            server.stop()
    for leash in started:
        assert not leash._directory.exists()
        assert rundir._server_pid(leash._directory) is None
