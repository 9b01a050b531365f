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


def read(folder: Path, **files: str) -> list[tuple[str, int, str]]:
    """The statements of ``schema.sql`` with their places, next to other files (``db__a`` is ``db/a.sql``)."""
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".sql")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    found = DdlSource(value="schema.sql", root=folder).statements()
    return [(s.path, s.line, s.sql) for s in found]


def test_included_files_are_part_of_what_is_declared(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        schema="\\set ON_ERROR_STOP on\nSELECT 1;\n\\i db/a.sql\n\\include 'db/b.sql'\nSELECT 9;\n\\q\nSELECT 10;",
        db__a="\\ir b.sql\n\nSELECT 2;\n\\include_relative ../c.sql\n",
        db__b="\\echo b\nSELECT 3;\n",
        c="SELECT 4;\n\\copy t from 'rows.csv'\n\\d t\n",
    )
    assert found == [
        ("schema.sql", 2, "SELECT 1"),
        ("db/b.sql", 2, "SELECT 3"),
        ("db/a.sql", 3, "SELECT 2"),
        ("c.sql", 1, "SELECT 4"),
        ("db/b.sql", 2, "SELECT 3"),
        ("schema.sql", 5, "SELECT 9"),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SELECT 1;\n\\i none.sql\n", r"schema.sql:2: \\i: there is no file 'none.sql' (looked for {0}/none.sql)"),
        ("\\ir db/none.sql\n", r"schema.sql:1: \\ir: there is no file 'db/none.sql'"),
        ("\\i\n", r"schema.sql:1: \\i names no file"),
        ("\\i schema.sql\n", r"schema.sql:1: \\i: 'schema.sql' includes itself"),
        ("\\if :x\nSELECT 1;\n\\endif\n", r"schema.sql:1: \\if is a command of psql that"),
        ("SELECT 'SELECT 1'\n\\gexec\n", r"schema.sql:2: \\gexec is a command of psql that"),
        ("SELECT 'SELECT 1' \\gexec\n", r"schema.sql:1: \\gexec is a command of psql that"),
        ("\\copy t from stdin\n1\n\\.\n", r"schema.sql:1: \\copy is a command of psql that"),
        ("CREATE TABLE\n\\i x.sql\n(id int);\n", r"schema.sql:2: \\i stands in the middle of a statement"),
        ("\\c a\nCREATE TABLE t ();\n\\connect b\nCREATE TABLE u ();\n", "schema.sql:3: \\\\connect: it holds more than one"),
        ("", "'schema.sql' declares nothing: it holds no statement"),
        ("-- later\n/* and more */;\n", "'schema.sql' declares nothing: it holds no statement"),
    ],
)
def test_what_cannot_be_followed_is_refused(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(MigcheckError) as raised:
        read(tmp_path, schema=text)
    assert f"migcheck_declared: {words.replace(chr(92) * 2, chr(92)).replace('{0}', str(tmp_path))}" in str(raised.value)


def test_a_command_that_prints_no_statement_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MigcheckError, match="'echo -- nothing' declares nothing: it holds no statement"):
        DdlSource(value="echo -- nothing", root=tmp_path).statements()


def test_a_difference_from_an_included_file_is_told_there(project: Project, migcheck) -> None:
    project.sql("a1", "CREATE TABLE t (id int)", "DROP TABLE t")
    project.write("schema.sql", "\\i db/tables.sql\n")
    project.write("db/tables.sql", "CREATE TABLE t (id int);\nCREATE TABLE u (id int);\n")
    project.write("pytest.ini", "[pytest]\nmigcheck_declared = schema.sql\n")
    result = migcheck("--migcheck-checks=drift")
    result.stdout.fnmatch_lines(["MC301 drift: table public.u: only in the declared schema", "  db/tables.sql:2"])
    result.stdout.no_fnmatch_line("*public.t*")
    project.write("db/tables.sql", "CREATE TABLE t (id int);\n\nCREATE TABLE u (id nothing);\n")
    result = migcheck("--migcheck-checks=drift")
    result.stdout.fnmatch_lines(['MC301 drift: * type "nothing" does not exist (db/tables.sql:3)'])
