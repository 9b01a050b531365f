"""What surrounds the user's code in its process: variables, programs, what starts before it, proxies in its modules."""

from __future__ import annotations

import socket
import textwrap

import pytest
from decoy import Decoy

from history_project import Project
from pytest_migcheck.guard.kernel import SWITCH, available

CREATE = "op.create_table('t', sa.Column('id', sa.Integer, primary_key=True))"
FAST_OPEN = {
    "sendto": "socket.socket().sendto(b'hello', socket.MSG_FASTOPEN, ('127.0.0.1', {port}))",
    "sendmsg": "socket.socket().sendmsg([b'hello'], [], socket.MSG_FASTOPEN, ('127.0.0.1', {port}))",
}


@pytest.mark.skipif(not hasattr(socket, "MSG_FASTOPEN"), reason="no TCP Fast Open here")
@pytest.mark.parametrize("body", FAST_OPEN.values(), ids=FAST_OPEN)
@pytest.mark.parametrize("switch", ["0", "1"], ids=["with the kernel", "by the drivers alone"])
def test_a_connection_that_begins_with_its_first_message(
    project: Project, migcheck, decoy: Decoy, monkeypatch: pytest.MonkeyPatch, switch: str, body: str
) -> None:
    monkeypatch.setenv(SWITCH, switch)
    project.revision("a1", f"import socket\n{body.format(port=decoy.port)}", "pass")
    result = migcheck("--migcheck-checks=upgrade")
    assert decoy.log == []
    result.stdout.fnmatch_lines(["*MC900 foreign-database: *"])


def test_what_starts_before_our_first_line_is_restricted(project: Project, migcheck, decoy: Decoy, monkeypatch) -> None:
    assert available() is None, "this kernel has no Landlock: wall 1 cannot be tested here"
    project.write(
        "early/sitecustomize.py",
        f"""
        import os, socket, sys
        if "pytest_migcheck.history.process" in " ".join(sys.orig_argv):
            open("was-there", "w").close()
            try:
                socket.create_connection(("127.0.0.1", {decoy.port}))
            except OSError:
                pass
        """,
    )
    monkeypatch.setenv("PYTHONPATH", str(project.path / "early"), prepend=":")
    project.revision("a1", CREATE, "op.drop_table('t')")
    # A process of its own, and not a fork of one that runs already.
    import subprocess
    import sys

    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--migcheck", "--migcheck-checks=upgrade"]
    done = subprocess.run(command, check=False, cwd=project.path, capture_output=True, text=True, timeout=120)
    assert "1 passed" in done.stdout, done.stdout
    assert (project.path / "was-there").exists()
    assert decoy.log == []


def test_variables_that_only_begin_like_those_of_libpq_stay(project: Project, migcheck, monkeypatch) -> None:
    monkeypatch.setenv("PG_HOST", "db.internal")
    monkeypatch.setenv("PGSCHEMA_NAME", "app")
    monkeypatch.setenv("PGUSER", "me")
    project.write("settings.py", "import os\nHOST, SCHEMA, USER = (os.environ[n] for n in ('PG_HOST', 'PGSCHEMA_NAME', 'PGUSER'))\n")
    project.revision("a1", f"assert settings.HOST == 'db.internal'\n{CREATE}", "op.drop_table('t')", extra="import settings")
    migcheck("--migcheck-checks=stairway,upgrade").assert_outcomes(passed=2)


@pytest.mark.parametrize("command", [["env", "-u", "FOO", "echo", "hi"], ["env", "-i", "echo", "hi"]])
def test_a_program_behind_env_runs(project: Project, migcheck, command: list[str]) -> None:
    project.revision("a1", f"import subprocess\nsubprocess.run({command!r}, check=True)\n{CREATE}", "op.drop_table('t')")
    migcheck("--migcheck-checks=upgrade").assert_outcomes(passed=1)


def test_psql_behind_env_with_a_foreign_target_is_refused(project: Project, migcheck, decoy: Decoy, monkeypatch) -> None:
    monkeypatch.setenv(SWITCH, "1")
    words = ["env", "-u", "PGHOST", "psql", "-h", "127.0.0.1", "-p", str(decoy.port), "-c", "SELECT 1"]
    project.revision("a1", f"import subprocess\nsubprocess.run({words!r}, env={{'PATH': '/usr/bin:/bin', 'PGHOST': 'x'}})", "pass")
    result = migcheck("--migcheck-checks=upgrade")
    assert decoy.log == []
    result.stdout.fnmatch_lines(["*MC900 foreign-database: *psql*"])


def test_a_library_within_the_server_leads_to_the_server_itself(project: Project, migcheck) -> None:
    project.revision(
        "a1",
        """
        op.execute("CREATE TABLE t (x text)")
        op.execute("COPY t FROM PROGRAM 'echo $PGPORT'")
        op.execute("DO $$ BEGIN ASSERT (SELECT x FROM t) = current_setting('port'); END $$")
        """,
        "op.drop_table('t')",
    )
    migcheck("--migcheck-checks=upgrade", "--migcheck-postgres=embedded").assert_outcomes(passed=1)


def test_links_are_copied_as_ever(project: Project, migcheck) -> None:
    body = """
        import os, shutil
        os.symlink("a", "link")
        shutil.copystat("link", "link", follow_symlinks=False)
        os.remove("link")
    """
    project.revision("a1", f"{textwrap.dedent(body)}\n{CREATE}", "op.drop_table('t')")
    migcheck("--migcheck-checks=upgrade").assert_outcomes(passed=1)


def test_a_proxy_that_answers_in_its_own_time_only_ends_no_check(project: Project, migcheck) -> None:
    project.env(
        models="""
        class Proxy:
            @property
            def __class__(self):
                raise RuntimeError("Working outside of application context.")
            def __getattr__(self, name):
                raise RuntimeError("Working outside of application context.")
        request = Proxy()
        t = sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True))
        """
    )
    project.revision("a1", CREATE, "op.drop_table('t')")
    project.write("conftest.py", "from models import metadata\n")
    migcheck("--migcheck-checks=drift").assert_outcomes(passed=1)


def test_an_abstract_concrete_base_ends_no_check(project: Project, migcheck) -> None:
    project.write(
        "models.py",
        """
        import sqlalchemy as sa
        from sqlalchemy.ext.declarative import AbstractConcreteBase
        from sqlalchemy.orm import DeclarativeBase

        class Base(DeclarativeBase):
            pass

        class Animal(AbstractConcreteBase, Base):
            strict_attrs = True

        class T(Animal):
            __tablename__ = "t"
            id = sa.Column(sa.Integer, primary_key=True)
            __mapper_args__ = {"concrete": True}

        metadata = Base.metadata
        """,
    )
    env = project.path / "migrations" / "env.py"
    env.write_text(env.read_text().replace("target_metadata = None", "from models import metadata as target_metadata"))
    project.revision("a1", CREATE, "op.drop_table('t')")
    migcheck("--migcheck-checks=drift").assert_outcomes(passed=1)
