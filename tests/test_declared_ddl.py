"""A file or a command declares DDL: what is followed of it, what is refused, and that it ends."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from history_project import Project
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.history.ddl import DdlSource

LEAVES_ITS_PID = "echo $$ > pid; exec sleep 500"


def is_there(path: Path) -> bool:
    """Whether the process whose number is in a file is still there, and not only waiting to be buried."""
    try:
        stat = Path(f"/proc/{int(path.read_text())}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def wait_for(path: Path) -> None:
    until = time.monotonic() + 20
    while not (path.is_file() and path.read_text().strip()) and time.monotonic() < until:
        time.sleep(0.02)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
@pytest.mark.parametrize(
    "command",
    [f"(sh -c '{LEAVES_ITS_PID}' | cat; echo x) & wait", f"trap '' TERM; sh -c '{LEAVES_ITS_PID}'; sleep 500"],
    ids=["pipe in the background", "deaf"],
)
def test_a_command_that_takes_too_long_leaves_nothing_behind(command: str, tmp_path: Path) -> None:
    with pytest.raises(MigcheckError, match=r"(?s)did not end within migcheck_step_timeout = 1 second.*what to do: "):
        DdlSource(value=f"echo asks >&2; {command}", root=tmp_path, timeout=1.0).read()
    assert not is_there(tmp_path / "pid")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_a_command_goes_with_whoever_stops_the_run(tmp_path: Path) -> None:
    def stop() -> None:
        wait_for(tmp_path / "pid")
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=stop, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        DdlSource(value=LEAVES_ITS_PID, root=tmp_path).read()
    assert not is_there(tmp_path / "pid")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_what_a_command_started_ends_with_it(tmp_path: Path) -> None:
    begin = f"sh -c '{LEAVES_ITS_PID}' >/dev/null 2>&1 & until [ -s pid ]; do sleep 0.05; done"
    assert DdlSource(value=f"{begin}; echo 'SELECT 1'", root=tmp_path).read().strip() == "SELECT 1"
    assert not is_there(tmp_path / "pid")


def test_ddl_that_takes_too_long_ends_with_its_line(project: Project, migcheck) -> None:
    project.sql("a1", "CREATE TABLE t (id int)", "DROP TABLE t")
    project.write("schema.sql", "CREATE TABLE t (id int);\n\nSELECT pg_sleep(1000);\n")
    project.write("pytest.ini", "[pytest]\nmigcheck_declared = schema.sql\nmigcheck_step_timeout = 2\n")
    result = migcheck("--migcheck-checks=upgrade,drift")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "schema.sql:3: the declared schema did not end within migcheck_step_timeout = 2 seconds",
            "schema.sql:3: SELECT pg_sleep(1000)",
            "what to do: raise migcheck_step_timeout if it may take that long",
        ]
    )
