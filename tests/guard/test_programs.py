"""Programs that open databases are refused by name where their target is foreign."""

from __future__ import annotations

import shutil

import pytest
from decoy import Decoy
from guarded import Guarded

from pytest_migcheck.guard.programs import opened_by, opened_in_shell

OURS = {"PGHOST": "/run/ours", "PGPORT": "5555"}
PLAIN = [("/run/ours", "5555")]


@pytest.mark.parametrize(
    ("command", "program", "targets"),
    [
        (["psql"], "psql", PLAIN),
        (["/usr/lib/postgresql/18/bin/psql", "-c", "SELECT 'host=x'"], "psql", PLAIN),
        (["psql", "-Atc", "SELECT 'postgresql://x/y'", "-d", "app"], "psql", PLAIN),
        (["psql", "postgresql://u:p@prod:6000/app"], "psql", [("prod", "6000")]),
        (["psql", "-d", "postgres://prod/app"], "psql", [("prod", "5555")]),
        (["psql", "-dpostgres://a:1,b:2/app"], "psql", [("a", "1"), ("b", "2")]),
        (["psql", "--dbname=host=prod port=7"], "psql", [("prod", "7")]),
        (["psql", "service=prod"], "psql", [("service prod", "")]),
        (["psql", "postgresql:///app?host=prod&port=8"], "psql", [("prod", "8")]),
        (["psql", "postgresql://[2001:db8::1]:9/app"], "psql", [("[2001:db8::1]", "9")]),
        (["psql.exe", "-h", "prod"], "psql", [("prod", "5555")]),
        (["pg_dump", "-hprod", "-p", "6000", "app"], "pg_dump", [("prod", "6000")]),
        (["pg_dump", "-c", "postgresql://prod/app"], "pg_dump", [("prod", "5555")]),
        (["pg_restore", "--host=prod", "--port=1", "-d", "x", "f"], "pg_restore", [("prod", "1")]),
        (["env", "PGHOST=prod", "createdb", "x"], "createdb", [("prod", "5555")]),
        (["env", "-i", "psql"], "psql", [("", "")]),
        (["timeout", "-k", "5", "10s", "nice", "dropdb", "-h", "prod", "x"], "dropdb", [("prod", "5555")]),
        (["bash", "-ec", "cd /tmp && PGHOST=prod psql -c x"], "psql", [("prod", "5555")]),
        (["sh", "-c", "export PGHOST=prod; psql | cat"], "psql", [("prod", "5555")]),
        (["sh", "-c", 'echo "$(psql -h prod)"'], "psql", [("prod", "5555")]),
        (["sh", "-c", "psql -h $PGHOST app"], "psql", PLAIN),
        (["alembic", "upgrade", "head"], "alembic", [("", "")]),
        (["python3.12", "-m", "alembic", "-x", "url=postgresql://prod:1/x", "upgrade", "head"], "alembic", [("prod", "1")]),
        (["uv", "run", "alembic", "current"], "alembic", [("", "")]),
        (["dbmate", "--url", "postgres://prod:1/x", "up"], "dbmate", [("prod", "1")]),
        (["flyway", "-url=jdbc:postgresql://prod:1/x", "migrate"], "flyway", [("prod", "1")]),
    ],
)  # fmt: skip
def test_the_targets_of_a_command_are_read(command, program, targets) -> None:
    (opened,) = opened_by(command, OURS)
    assert (opened.program, list(opened.targets)) == (program, targets)


@pytest.mark.parametrize(
    "command",
    [
        ["git", "log", "--author=psql"], ["alembic", "-c", "x.ini", "history"], ["psql", "--version"], ["alembic", "history"], ["pg_isready", "-h", "prod"],
        ["alembic", "upgrade", "head", "--sql"], ["sh", "-c", "echo psql -h prod"], ["python", "-c", "import alembic"], [],
    ],
)  # fmt: skip
def test_a_command_that_opens_no_database_is_left_alone(command) -> None:
    assert list(opened_by(command, OURS)) == []


def test_a_variable_of_the_environment_is_a_target() -> None:
    (service,) = opened_in_shell("psql", {"PGSERVICE": "prod", **OURS})
    assert ("service prod", "") in service.targets
    (url,) = opened_in_shell("psql", {"DATABASE_URL": "postgresql://prod:1/x", **OURS})
    assert ("prod", "1") in url.targets


@pytest.mark.parametrize(
    "body",
    [
        'import subprocess\nsubprocess.run(["psql", URL])  # here',
        'import subprocess\nsubprocess.run(f"psql -h {HOST} -p {PORT}", shell=True)  # here',
        'import subprocess\nsubprocess.run(["me", URL], executable="psql")  # here',
        'import os, subprocess\nsubprocess.run(["psql"], env={**os.environ, "PGHOST": HOST, "PGPORT": str(PORT)})  # here',
        'import os, subprocess\nos.environ.update(PGHOST=HOST, PGPORT=str(PORT))\nsubprocess.run(["psql"])  # here',
        'from gevent import monkey\nmonkey.patch_all()\nimport subprocess\nsubprocess.run(["psql", URL])  # here',
        'import os\nos.system(f"PGHOST={HOST} PGPORT={PORT} psql")  # here',
        'import os\nos.popen(f"psql {URL}")  # here',
        'import os\nos.posix_spawnp("psql", ["psql", URL], os.environ)  # here',
        'import os\nos.spawnvp(os.P_WAIT, "psql", ["psql", URL])  # here',
        'import os\nos.execvp("psql", ["psql", URL])  # here',
        'import pty\npty.spawn(["psql", URL])  # here',
        'import asyncio\nasync def m():\n    await asyncio.create_subprocess_exec("psql", URL)  # here\nasyncio.run(m())',
        'import subprocess, sys\nsubprocess.run([sys.executable, "-m", "alembic", "-x", URL, "upgrade", "head"])  # here',
    ],
)
def test_a_program_with_a_foreign_target_is_refused(body: str, guarded: Guarded, decoy: Decoy) -> None:
    if "gevent" in body:
        pytest.importorskip("gevent")
    outcome = guarded.run(body)
    assert decoy.log == []
    (refusal,) = outcome.refusals
    program = "alembic" if "alembic" in body else "psql"
    where = [str(guarded.directory / "users.py"), guarded.line_of("# here")]
    assert refusal == [f"the program {program}", "127.0.0.1", str(decoy.port), *where]
    assert f"MC900 foreign-database: the program {program}, to 127.0.0.1:{decoy.port}, was refused" in outcome.error


def test_a_program_without_a_target_passes(guarded: Guarded) -> None:
    # No psql is needed: what is looked for is that the guard lets it be started.
    body = """
        import os, subprocess, psycopg
        psycopg.connect(URL)
        os.mkdir("bin")
        with open("bin/psql", "w") as file:
            file.write("#!/bin/sh\\necho $PGHOST\\n")
        os.chmod("bin/psql", 0o755)
        answer(subprocess.run(["bin/psql"], capture_output=True, text=True).stdout.strip() == os.environ["PGHOST"])
        os.fork() or os._exit(0)
    """
    outcome = guarded.run(body)
    assert (outcome.error, outcome.refusals, outcome.answers) == ("", [], [True])


@pytest.mark.skipif(shutil.which("psql") is None, reason="no psql")
def test_psql_without_the_guard_reaches_the_decoy(guarded: Guarded, decoy: Decoy) -> None:
    guarded.run('import subprocess\nsubprocess.run(["psql", URL])', guarded=False)
    assert decoy.log != []


@pytest.mark.skipif(shutil.which("psql") is None, reason="no psql")
def test_psql_without_a_target_asks_our_database(guarded: Guarded, decoy: Decoy) -> None:
    body = """
        import psycopg, subprocess
        psycopg.connect(URL)
        answer(subprocess.run(["psql", "-Atc", QUERY], capture_output=True, text=True).stdout.strip())
    """
    outcome = guarded.run(body)
    assert (outcome.error, outcome.refusals, outcome.answers, decoy.log) == ("", [], ["guarded"], [])
