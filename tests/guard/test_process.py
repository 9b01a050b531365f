"""What the user's code can do to its process: each is a finding of its item, or harmless, and the others are judged."""

from __future__ import annotations

import pytest

from history_project import Project

CREATE, DROP = 'op.create_table("t", sa.Column("id", sa.BigInteger, primary_key=True))', 'op.drop_table("t")'
NEXT, BACK = 'op.create_table("u", sa.Column("id", sa.BigInteger, primary_key=True))', 'op.drop_table("u")'
#: upgrade() of the second revision, and the text of its finding.
ENDINGS = {
    "exit": ("import os\nos._exit(0)", "upgrade() ended the process (exit code 0)"),
    "exit with a status": ("import os\nos._exit(3)", "upgrade() ended the process (exit code 3)"),
    "abort": ("import os\nos.abort()", "upgrade() ended the process (signal SIGABRT)"),
    "a segmentation fault": ("import ctypes\nctypes.string_at(0)", "upgrade() ended the process (signal SIGSEGV)"),
    "SIGTERM": ("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\nsignal.pause()", "(signal SIGTERM)"),
    "closed descriptors": ("import os\nos.closerange(3, 1024)", "MC002 upgrade-fails: upgrading b2 fails: "),
    "SIGKILL": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "(signal SIGKILL)"),
}
HARMLESS = {
    "a signal handler": "import signal\nsignal.signal(signal.SIGALRM, lambda *_: None)",
    "the directory": "import os\nos.chdir('/')",
    "closed output": "import sys\nsys.stdout.close()",
    "modules that are gone": "import sys\nfor name in [n for n in sys.modules if n.startswith('alembic')]:\n    del sys.modules[name]",
    "the recursion limit": "import sys\nsys.setrecursionlimit(150)",
    "a fork that returns": "import os\nif os.fork():\n    os.wait()\nelse:\n    return",
}


def two_revisions(project: Project, upgrade: str, downgrade: str = "") -> None:
    project.revision("a1", CREATE, DROP)
    project.revision("b2", f"{upgrade}\n{NEXT}", f"{downgrade}\n{BACK}")
    project.revision("c3", "op.execute('CREATE VIEW v AS SELECT 1 AS x')", "op.execute('DROP VIEW v')", parents="a1", extra="branch_labels = ('side',)")


@pytest.mark.parametrize(("code", "finding"), ENDINGS.values(), ids=ENDINGS)
def test_an_upgrade_that_ends_the_process(project: Project, migcheck, code: str, finding: str) -> None:
    two_revisions(project, code)
    result = migcheck("--migcheck-checks=stairway")
    result.assert_outcomes(passed=2, failed=1)
    text = result.stdout.str()
    assert finding in text
    # What SQLAlchemy logs of a connection that is gone is captured output.
    assert "pytest_migcheck/" not in text.partition("Captured std")[0] and "INTERNALERROR" not in text


def test_a_downgrade_that_ends_the_process(project: Project, migcheck) -> None:
    two_revisions(project, "pass", "import os\nos._exit(0)")
    result = migcheck("--migcheck-checks=stairway,roundtrip,upgrade")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*downgrade() ended the process (exit code 0)*", "*versions/b2.py:*"])


@pytest.mark.parametrize("place", ["revision", "env"])
def test_module_level_code_that_ends_the_process(project: Project, migcheck, place: str) -> None:
    if place == "env":
        project.write("migrations/env.py", "import os\nos._exit(0)\n")
    project.revision("a1", CREATE, DROP, extra="import os\nos._exit(0)" if place == "revision" else "")
    result = migcheck()
    assert result.ret not in (0, None)
    text = result.stdout.str() + result.stderr.str()
    assert "ended the process (exit code 0)" in text
    assert ("env.py:2" if place == "env" else "a1.py:") in text
    assert "INTERNALERROR" not in text


@pytest.mark.parametrize("code", HARMLESS.values(), ids=HARMLESS)
def test_what_changes_the_process_is_harmless(project: Project, migcheck, code: str) -> None:
    two_revisions(project, code)
    migcheck("--migcheck-checks=stairway").assert_outcomes(passed=3)


@pytest.mark.parametrize(
    "loop", ["while True:\n    pass", "while True:\n    try:\n        import time\n        time.sleep(1)\n    except BaseException:\n        pass"]
)
def test_a_loop_without_end_is_ended_with_its_line(project: Project, migcheck, loop: str) -> None:
    project.write("pytest.ini", "[pytest]\nmigcheck_step_timeout = 2\n")
    two_revisions(project, loop)
    result = migcheck("--migcheck-checks=stairway")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*did not end within migcheck_step_timeout = 2 seconds*", "*versions/b2.py:* in upgrade*"])


def test_an_exception_whose_text_raises(project: Project, migcheck) -> None:
    code = "class Odd(Exception):\n    def __str__(self):\n        raise RuntimeError('no text')\nraise Odd"
    two_revisions(project, code)
    result = migcheck("--migcheck-checks=stairway")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*error   Odd: (its text cannot be read: RuntimeError)"])


def test_a_signal_handler_in_env_py(project: Project, migcheck) -> None:
    path = project.path / "migrations/env.py"
    path.write_text(f"import signal\nsignal.signal(signal.SIGTERM, signal.SIG_DFL)\n{path.read_text()}")
    project.revision("a1", CREATE, DROP)
    migcheck("--migcheck-checks=stairway,upgrade").assert_outcomes(passed=2)


def test_variables_are_set_before_the_first_import(project: Project, migcheck) -> None:
    project.write("pytest.ini", "[pytest]\nmigcheck_env = DATABASE_URL={url}\n    KIND=text\n")
    project.write("settings.py", "import os\nURL, KIND = os.environ['DATABASE_URL'], os.environ['KIND']\n")
    project.revision("a1", f"import settings\nassert settings.KIND == 'text'\n{CREATE}", DROP, extra="from settings import URL")
    project.write(
        "migrations/env.py",
        """
        import sqlalchemy as sa
        from alembic import context
        from settings import URL
        with sa.create_engine(URL).connect() as connection:
            context.configure(connection=connection)
            with context.begin_transaction():
                context.run_migrations()
        """,
    )
    migcheck("--migcheck-checks=stairway,upgrade").assert_outcomes(passed=2)
