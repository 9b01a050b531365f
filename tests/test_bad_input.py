"""Bad input: one clear error that names the thing and the way out, and nothing left behind."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from history_project import Project

TABLE = 'op.create_table("t", sa.Column("id", sa.Integer, primary_key=True))'
UNDO = 'op.drop_table("t")'


def usage_error(result: pytest.RunResult, *lines: str) -> None:
    """The run ended as a usage error with these lines, and without a traceback."""
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    text = result.stderr.str() + result.stdout.str()
    assert "Traceback" not in text
    assert "INTERNALERROR" not in text
    for line in lines:
        assert line in text


def test_no_configuration_anywhere(pytester: pytest.Pytester, migcheck) -> None:
    texts = ("no Alembic configuration found in", "alembic.ini", "--migcheck-config=", "migcheck_histories = TOOL:FOLDER")
    usage_error(migcheck(), *texts)


def test_sql_that_would_never_run_before_alembic(project: Project, migcheck) -> None:
    project.write("init.sql", "SELECT 1;")
    usage_error(migcheck("-o", "migcheck_init=init.sql"), "migcheck_init: 'init.sql'", "pytest_migcheck_prepare")


def test_a_script_location_that_does_not_exist(project: Project, migcheck) -> None:
    project.write("alembic.ini", "[alembic]\nscript_location = nowhere\n")
    usage_error(migcheck(), "script_location = 'nowhere'")


def test_a_syntax_error_in_a_revision(project: Project, migcheck) -> None:
    project.revision("a1", "x = = 1")
    usage_error(migcheck(), "a1.py:11: SyntaxError: invalid syntax", "x = = 1")


def test_a_revision_that_raises_when_it_is_loaded(project: Project, migcheck) -> None:
    project.revision("a1", "pass", extra="import nonexistent_module")
    usage_error(migcheck(), "a1.py:8: ModuleNotFoundError: No module named 'nonexistent_module'")


def test_a_cycle(project: Project, migcheck) -> None:
    project.revision("a1", "pass", parents="b2")
    project.revision("b2", "pass", parents="a1")
    usage_error(migcheck(), "form a cycle", "a1 revises b2", "b2 revises a1")


def test_a_missing_parent(project: Project, migcheck) -> None:
    project.revision("b2", "pass", parents="gone")
    usage_error(migcheck(), "Can't locate revision 'gone', the down_revision of b2", "b2.py:7")


def test_a_duplicate_revision_id(project: Project, migcheck) -> None:
    project.revision("a1", "pass", name="one.py")
    project.revision("a1", "pass", name="two.py", parents=None)
    usage_error(migcheck(), "revision id 'a1' stands in two files", "one.py", "two.py")


def test_env_py_that_wants_a_variable(project: Project, migcheck, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("APP_DATABASE_URL", raising=False)
    project.write("migrations/env.py", "import os\nurl = os.environ['APP_DATABASE_URL']\n")
    project.revision("a1", TABLE, UNDO)
    project.revision("b2", "pass")
    result = migcheck("--migcheck-checks=stairway")
    result.assert_outcomes(failed=1, skipped=1)
    result.stdout.fnmatch_lines(
        [
            "env.py raises, so no migration can run: *migrations/env.py",
            "*env.py*, line 2, in <module>",
            "KeyError: 'APP_DATABASE_URL'",
            "*set migcheck_env = APP_DATABASE_URL={url}",
            "2 revisions, 2 checks, * s: 2 checks not judged",
        ]
    )
    assert "src/pytest_migcheck" not in result.stdout.str()


def test_the_variable_can_be_given(project: Project, migcheck, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("APP_DATABASE_URL", raising=False)
    project.write("pytest.ini", "[pytest]\nmigcheck_env = APP_DATABASE_URL={url}\n")
    env = (project.path / "migrations/env.py").read_text()
    project.write("migrations/env.py", "import os\nos.environ['APP_DATABASE_URL']\n" + env)
    project.revision("a1", TABLE, UNDO)
    migcheck("--migcheck-checks=stairway").assert_outcomes(passed=1)


def test_another_dialect(project: Project, migcheck) -> None:
    project.write("alembic.ini", "[alembic]\nscript_location = %(here)s/migrations\nsqlalchemy.url = sqlite://\n")
    project.revision("a1", TABLE, UNDO)
    result = migcheck("--migcheck-checks=stairway")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["env.py connects with the dialect 'sqlite'; *PostgreSQL only"])


OWN_CONNECTIONS = """
import {module}
import sqlalchemy as sa
from alembic import context
engine = sa.create_engine("postgresql+psycopg://", creator=lambda: {creator})
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""


def test_an_engine_that_makes_its_own_connections_is_redirected(project: Project, migcheck) -> None:
    env = OWN_CONNECTIONS.format(module="psycopg", creator='psycopg.connect("host=192.0.2.1 dbname=prod")')
    project.write("migrations/env.py", env)
    project.revision("a1", TABLE, UNDO)
    migcheck("--migcheck-checks=stairway,upgrade").assert_outcomes(passed=2)


def test_an_engine_whose_connections_no_driver_makes_is_refused(project: Project, migcheck) -> None:
    env = OWN_CONNECTIONS.format(module="sqlite3", creator='sqlite3.connect(":memory:")')
    project.write("migrations/env.py", env)
    project.revision("a1", TABLE, UNDO)
    result = migcheck("--migcheck-checks=stairway")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["MC900 foreign-database: *creator=*"])


@pytest.mark.parametrize("wanted", ["docker:image:nowhere", "embeded", "local:/nowhere", "postgresql://u:topsecret@127.0.0.1:1/x"])
def test_no_such_server(project: Project, migcheck, wanted: str) -> None:
    project.revision("a1", TABLE, UNDO)
    result = migcheck(f"--migcheck-postgres={wanted}")
    assert result.ret != pytest.ExitCode.OK
    text = result.stdout.str() + result.stderr.str()
    assert any(name in text for name in ("--migcheck-postgres", "local:/nowhere", "docker"))
    assert "topsecret" not in text
    assert "INTERNALERROR" not in text


def test_an_unknown_kind_of_item(project: Project, migcheck) -> None:
    project.revision("a1", TABLE, UNDO)
    usage_error(migcheck("--migcheck-checks=stairwy"), "'stairwy'", "Did you mean 'stairway'?")


def test_an_unknown_rule(project: Project, migcheck) -> None:
    project.revision("a1", TABLE, UNDO)
    usage_error(migcheck("--migcheck-ignore=MC1011"), "'MC1011' is not a rule")


def test_a_history_that_does_not_start_from_empty(project: Project, migcheck) -> None:
    project.revision("a1", 'op.add_column("legacy", sa.Column("x", sa.Text))', 'op.drop_column("legacy", "x")')
    result = migcheck("--migcheck-checks=stairway")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*this history does not start from an empty database*pytest_migcheck_prepare*"])
    project.write(
        "conftest.py", "def pytest_migcheck_prepare(history):\n    return 'CREATE TABLE legacy (id integer)'\n"
    )
    migcheck("--migcheck-checks=stairway,upgrade,roundtrip").assert_outcomes(passed=3)


def test_an_extension_that_the_server_lacks(project: Project, migcheck) -> None:
    project.revision("a1", "op.execute('CREATE EXTENSION postgis')")
    result = migcheck("--migcheck-checks=stairway")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*extension*postgis*", "*lacks the extension postgis; *--migcheck-postgres=docker:postgis/postgis, *by URL*"])


def test_a_migration_that_waits_for_its_own_session(project: Project, migcheck) -> None:
    project.revision("a1", TABLE, UNDO)
    project.revision(
        "b2",
        """
        other = sa.create_engine(op.get_context().config.get_main_option("sqlalchemy.url")).connect()
        other.execute(sa.text("SELECT * FROM t"))
        op.add_column("t", sa.Column("x", sa.Text))
        """,
        'op.drop_column("t", "x")',
    )
    result = migcheck("--migcheck-checks=stairway")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*waits for ever for another session*",
            "*waits*ALTER TABLE t ADD COLUMN x TEXT*",
            "*holds*pid *, idle in a transaction*",
        ]
    )


def test_another_session_that_waits_for_the_migration(project: Project, migcheck) -> None:
    project.revision("a1", TABLE, UNDO)
    project.revision(
        "b2",
        """
        op.add_column("t", sa.Column("x", sa.Text))
        other = sa.create_engine(op.get_context().config.get_main_option("sqlalchemy.url")).connect()
        other.execute(sa.text("SELECT * FROM t"))
        """,
        'op.drop_column("t", "x")',
    )
    result = migcheck("--migcheck-checks=stairway,locks")
    result.assert_outcomes(passed=2, failed=1, skipped=1)
    result.stdout.fnmatch_lines(["*waits*SELECT * FROM t*", "*holds*pid *, idle in a transaction*"])
    # What the tracer asked that session last is nothing that its migration ran.
    result.stdout.no_fnmatch_line("*idle in a transaction*last ran*")


def test_a_step_that_takes_too_long(project: Project, migcheck) -> None:
    project.write("pytest.ini", "[pytest]\nmigcheck_step_timeout = 1\n")
    project.revision("a1", "op.execute('SELECT pg_sleep(60)')")
    result = migcheck("--migcheck-checks=stairway")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*did not end within migcheck_step_timeout = 1 seconds*"])


def test_a_server_that_dies_in_the_middle(project: Project, migcheck) -> None:
    project.revision("a1", TABLE, UNDO)
    # Whoever sleeps notices at once; a busy session may go on for a while without its postmaster.
    project.revision(
        "b2",
        """
        op.execute("COPY (SELECT 1) TO PROGRAM 'kill -9 $(head -1 \\"$PWD/postmaster.pid\\")'")
        op.execute("SELECT pg_sleep(60)")
        """,
    )
    project.revision("c3", "pass")
    result = migcheck("--migcheck-checks=stairway")
    result.assert_outcomes(passed=1, failed=1, skipped=1)
    assert "INTERNALERROR" not in result.stdout.str()
    result.stdout.fnmatch_lines(["*PostgreSQL died in the middle of the run*"])


def run_directories(token: str) -> set[Path]:
    """The run directories of servers whose processes carry a token in their environment."""
    found: set[Path] = set()
    for process in Path("/proc").glob("[0-9]*"):
        # A process may end while it is looked at.
        with contextlib.suppress(OSError):
            if token.encode() in (process / "environ").read_bytes():
                words = (process / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ").split()
                found |= {Path(word) for word in words if word.startswith("/")}
    parents = {parent for path in found for parent in (path, *path.parents)}
    return {path for path in parents if path.name.startswith("migcheck-server-")}


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_the_run_ends_nothing_is_left(project: Project, by: signal.Signals) -> None:
    project.revision("a1", "import pathlib, time; pathlib.Path('running').touch(); time.sleep(30)")
    ended_by(by, project)


def test_nothing_is_left_of_a_run_that_is_interrupted_over_rows(project: Project) -> None:
    project.sql("a1", "CREATE TABLE t (id int PRIMARY KEY, n int)", "DROP TABLE t")
    upgrade = """
        import pathlib, time
        if op.get_bind().exec_driver_sql("SELECT count(*) FROM t").scalar():
            pathlib.Path('running').touch()
            time.sleep(30)
        op.execute("UPDATE t SET n = 0 WHERE n IS NULL")
    """
    project.revision("b2", upgrade, "pass")
    ended_by(signal.SIGINT, project)


def ended_by(by: signal.Signals, project: Project) -> None:
    """Run the checks, send the signal as soon as there is a file ``running``, and see what is left."""
    token = f"ending-{secrets.token_hex(8)}"
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "--migcheck", "-p", "no:cacheprovider"],
        cwd=project.path,
        env={**os.environ, "MIGCHECK_FAULT_TOKEN": token},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not (project.path / "running").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    made = run_directories(token)
    assert made
    started = time.monotonic()
    os.kill(process.pid, by)
    output = process.communicate(timeout=60)[0]
    assert time.monotonic() - started < 15
    assert "INTERNALERROR" not in output
    deadline = time.monotonic() + 15
    while any(path.exists() for path in made) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(path.exists() for path in made)


def test_a_history_that_pytest_does_not_look_into_is_an_error(project: Project, migcheck) -> None:
    project.write("pytest.ini", "[pytest]\nnorecursedirs = migrations\n")
    project.revision("a1", TABLE, UNDO)
    usage_error(migcheck(), "pytest does not look into", "norecursedirs")


def test_a_migration_that_exits_fails_at_its_revision(project: Project, migcheck) -> None:
    project.revision("a1", TABLE, UNDO)
    project.revision("b2", "import sys\nsys.exit('boom')")
    result = migcheck("--migcheck-checks=stairway,upgrade,roundtrip")
    result.assert_outcomes(passed=1, failed=2, skipped=1)
    result.stdout.fnmatch_lines(["MC002 upgrade-fails: *in one shot fails at b2: boom"])
    assert "src/pytest_migcheck" not in result.stdout.str()


def test_the_one_shot_upgrade_knows_the_revision_and_the_limit(project: Project, migcheck) -> None:
    project.write("pytest.ini", "[pytest]\nmigcheck_step_timeout = 2\n")
    project.revision("a1", TABLE, UNDO)
    project.revision("b2", "op.execute('SET search_path TO pg_catalog')")
    result = migcheck("--migcheck-checks=upgrade")
    result.stdout.fnmatch_lines(["MC002 upgrade-fails: *in one shot fails at b2: *alembic_version*", "*search_path*"])
    project.revision("b2", "op.execute('SELECT pg_sleep(60)')", parents="a1")
    result = migcheck("--migcheck-checks=upgrade")
    result.stdout.fnmatch_lines(["MC002 upgrade-fails: *in one shot fails at b2: the step did not end within *"])


def test_an_env_py_that_never_ends(project: Project, migcheck) -> None:
    project.write("pytest.ini", "[pytest]\nmigcheck_step_timeout = 1\n")
    project.write("migrations/env.py", "import time\nfor _ in range(60):\n    time.sleep(1)\n")
    project.revision("a1", TABLE, UNDO)
    result = migcheck("--migcheck-checks=stairway")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*did not end within migcheck_step_timeout = 1 seconds*"])
