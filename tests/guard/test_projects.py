"""Whole projects that name a decoy: whatever their code does, the decoy hears nothing, with and without the kernel."""

from __future__ import annotations

import textwrap

import pytest
from decoy import Decoy
from ways import MODULES

from history_project import Project
from pytest_migcheck.guard.kernel import SWITCH, available

CREATE, DROP = 'op.create_table("t", sa.Column("id", sa.BigInteger, primary_key=True))', 'op.drop_table("t")'
ENV_TAIL = """
from alembic import context
import sqlalchemy
with sqlalchemy.create_engine("postgresql+psycopg://u:p@127.0.0.1:{port}/prod").connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
NAMES = """
HOST, PORT, QUERY, answer = "127.0.0.1", {port}, "SELECT current_database()", print
URL = f"postgresql://u:p@127.0.0.1:{{PORT}}/prod"
DSN = f"host=127.0.0.1 port={{PORT}} user=u password=p dbname=prod"
"""
SWALLOWED = "try:\n{body}\nexcept BaseException as error:\n    print(type(error), error)\n"
IN_A_THREAD = """
import threading
def work():
{body}
thread = threading.Thread(target=work)
thread.start()
thread.join(60)
"""
WAYS = [
    pytest.param(module, body, id=f"{module}: {name}")
    for module, ways in MODULES.items()
    for name, body in ways.items()
    # In a thread with no event loop of its own, or in upgrade(), asyncio.run() works; a class at module level does not.
]
#: Python code of upgrade(), whose connections no driver makes; MC900 says where, or the kernel refuses in silence.
REFUSED = {
    "a socket": "import socket\nsocket.create_connection((HOST, PORT), 5)",
    "a swallowed socket": "import socket\ntry:\n    socket.create_connection((HOST, PORT), 5)\nexcept Exception:\n    pass",
    "http": "import urllib.request\nurllib.request.urlopen(f'http://127.0.0.1:{PORT}', timeout=5)",
    "asyncio": "import asyncio\nasyncio.run(asyncio.wait_for(asyncio.open_connection(HOST, PORT), 5))",
    "psql with a URL": "import subprocess\nsubprocess.run(['psql', URL, '-c', 'SELECT 1'])",
    "psql with options": "import subprocess\nsubprocess.run(['psql', '-h', HOST, '-p', str(PORT), '-c', 'SELECT 1'])",
    "psql in a shell": "import os\nos.system(f'psql {URL} -c \"SELECT 1\"')",
    "pg_dump": "import subprocess\nsubprocess.run(['pg_dump', '--dbname', URL])",
    "alembic": "import subprocess, sys\nsubprocess.run([sys.executable, '-m', 'alembic', '-x', URL, 'upgrade', 'head'])",
}
#: What only the kernel can refuse.
BY_THE_KERNEL = {
    "a Python program": "import subprocess, sys\n"
    "subprocess.run([sys.executable, '-c', f'import socket; socket.create_connection((\"127.0.0.1\", {PORT}), 5)'])",
    "a shell": "import subprocess\nsubprocess.run(['bash', '-c', f'echo x >/dev/tcp/127.0.0.1/{PORT}'])",
    "multiprocessing": "import multiprocessing, urllib.request\n"
    "child = multiprocessing.get_context('spawn').Process(target=urllib.request.urlopen, args=(f'http://127.0.0.1:{PORT}',))\n"
    "child.start()\nchild.join(60)",
    "libc": "import ctypes, struct\nlibc = ctypes.CDLL(None)\ns = libc.socket(2, 1, 0)\n"
    "address = struct.pack('<H', 2) + struct.pack('>H', PORT) + bytes([127, 0, 0, 1]) + bytes(8)\nlibc.connect(s, address, 16)",
    "COPY TO PROGRAM": "op.execute(f\"COPY (SELECT 1) TO PROGRAM 'bash -c \\\"echo x >/dev/tcp/127.0.0.1/{PORT}\\\" || true'\")",
}


def indented(code: str, by: str = "    ") -> str:
    return textwrap.indent(textwrap.dedent(code).strip("\n"), by)


@pytest.fixture(autouse=True)
def kernel() -> None:
    assert available() is None, "this kernel has no Landlock: wall 1 cannot be tested here"


@pytest.fixture(params=["with the kernel", "by the drivers alone"])
def walls(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param != "with the kernel":
        monkeypatch.setenv(SWITCH, "1")
    return request.param


@pytest.fixture
def judged(project: Project, migcheck, decoy: Decoy):
    """Run the checks on a project whose upgrade() and env.py have this code; the decoy has heard nothing."""

    def run(upgrade: str = "", env: str = "", *more: str):
        names = NAMES.format(port=decoy.port)
        project.write("migrations/env.py", names + textwrap.dedent(env) + ENV_TAIL.format(port=decoy.port))
        project.revision("a1", f"{names}\n{textwrap.dedent(upgrade)}\n{CREATE}", DROP)
        result = migcheck("--migcheck-checks=stairway,upgrade", *more)
        text = result.stdout.str() + result.stderr.str()
        assert decoy.log == [], text
        assert "INTERNALERROR" not in text
        return result

    return run


@pytest.mark.parametrize(("module", "body"), WAYS)
def test_every_way_of_a_driver_in_upgrade(module: str, body: str, judged, walls: str) -> None:
    pytest.importorskip(module)
    judged(SWALLOWED.format(body=indented(body)))


@pytest.mark.parametrize(("module", "body"), WAYS)
def test_every_way_of_a_driver_in_a_thread_of_env_py(
    module: str, body: str, judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip(module)
    monkeypatch.setenv(SWITCH, "1")
    judged("", IN_A_THREAD.format(body=indented(SWALLOWED.format(body=indented(body)))))


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_what_goes_around_the_drivers_is_refused_with_its_line(body: str, judged, walls: str) -> None:
    result = judged(body)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*MC900 foreign-database: *", "*migrations/versions/a1.py:*"])


@pytest.mark.parametrize("body", BY_THE_KERNEL.values(), ids=BY_THE_KERNEL)
def test_the_kernel_refuses_what_python_does_not_see(body: str, judged) -> None:
    judged(SWALLOWED.format(body=indented(body)))


def test_without_the_kernel_a_program_does_reach_it(project: Project, migcheck, decoy: Decoy, monkeypatch) -> None:
    monkeypatch.setenv(SWITCH, "1")
    project.revision("a1", NAMES.format(port=decoy.port) + BY_THE_KERNEL["a Python program"])
    migcheck("--migcheck-checks=upgrade")
    assert decoy.log, "the tests above could not fail"


def test_a_connection_at_the_module_level_of_a_revision(project: Project, migcheck, decoy: Decoy, walls: str) -> None:
    code = f'import psycopg\npsycopg.connect("postgresql://u:p@127.0.0.1:{decoy.port}/prod")'
    project.revision("a1", CREATE, DROP, extra=code)
    result = migcheck()
    assert result.ret != 0
    assert "MC900" in result.stdout.str() + result.stderr.str()
    assert decoy.log == []


def test_a_connection_at_the_module_level_of_the_models_leads_to_ours(
    project: Project, migcheck, decoy: Decoy, walls: str
) -> None:
    url = f"postgresql://u:p@127.0.0.1:{decoy.port}/prod"
    project.env(models=f"import psycopg\nheld = psycopg.connect({url!r}, autocommit=True)\nheld.execute('SELECT 1')\nheld.close()")
    project.revision("a1", CREATE, DROP)
    project.write("test_it.py", """
        def test_it(migcheck_db):
            with migcheck_db.connect() as connection:
                connection.execute("SELECT id FROM t")
    """)  # fmt: skip
    migcheck("--migcheck-checks=stairway,upgrade,roundtrip").assert_outcomes(passed=4)
    assert decoy.log == []


HANDED = {
    "a hook": """
        import sqlalchemy as sa
        from alembic.config import Config
        def pytest_migcheck_alembic_config(root):
            config = Config("alembic.ini")
            engine = sa.create_engine("postgresql+psycopg://u:p@127.0.0.1:{port}/prod", isolation_level="AUTOCOMMIT")
            config.attributes["connection"] = engine.connect()
            return config
    """,
    "its module level": """
        import sqlalchemy as sa
        def pytest_migcheck_environment(history):
            return None
        engine = sa.create_engine("postgresql+psycopg://u:p@127.0.0.1:{port}/prod", isolation_level="AUTOCOMMIT")
        try:
            connection = engine.connect()
        except Exception:
            connection = None
    """,
}


@pytest.mark.parametrize("conftest", HANDED.values(), ids=HANDED)
def test_a_connection_that_conftest_makes_gets_no_migration(
    conftest: str, project: Project, migcheck, decoy: Decoy, walls: str
) -> None:
    """Its own connection is its own doing, in pytest's process; the history process makes none."""
    project.write("conftest.py", textwrap.dedent(conftest).format(port=decoy.port))
    project.write(
        "migrations/env.py",
        """
        from alembic import context
        connection = context.config.attributes.get("connection")
        if connection is None:
            from conftest import connection
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
        """,
    )
    project.revision("a1", CREATE, DROP)
    result = migcheck()
    assert result.ret != 0
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()
    assert len(decoy.log) <= 1, "conftest itself connects in pytest's process"


def test_a_dialect_of_its_own(project: Project, migcheck, decoy: Decoy, walls: str) -> None:
    project.write(
        "migrations/env.py",
        f"""
        import psycopg, sqlalchemy as sa
        from alembic import context
        from sqlalchemy.dialects import registry
        from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
        class Own(PGDialect_psycopg):
            supports_statement_cache = True
            def connect(self, *args, **words):
                return psycopg.connect("postgresql://u:p@127.0.0.1:{decoy.port}/prod")
        registry.impls["postgresql.own"] = lambda: Own
        with sa.create_engine("postgresql+own://u:p@127.0.0.1:{decoy.port}/prod").connect() as connection:
            context.configure(connection=connection)
            with context.begin_transaction():
                context.run_migrations()
        """,
    )
    project.revision("a1", CREATE, DROP)
    migcheck("--migcheck-checks=stairway,upgrade").assert_outcomes(passed=2)
    assert decoy.log == []


def test_an_allowed_host_is_reached(judged, project: Project, migcheck, decoy: Decoy) -> None:
    project.write("pytest.ini", f"[pytest]\nmigcheck_allow_hosts = 127.0.0.1:{decoy.port}\n")
    project.revision("a1", f"import socket\nsocket.create_connection(('127.0.0.1', {decoy.port}), 5).close()\n{CREATE}", DROP)
    migcheck("--migcheck-checks=upgrade").assert_outcomes(passed=1)
    assert decoy.log == [f"127.0.0.1:{decoy.port}"]


@pytest.mark.parametrize("value", ["vault", "vault:", "vault:http", ":80", "vault:70000"])
def test_a_host_that_is_not_valid_is_a_usage_error(value: str, project: Project, migcheck) -> None:
    project.write("pytest.ini", f"[pytest]\nmigcheck_allow_hosts = {value}\n")
    project.revision("a1", CREATE, DROP)
    result = migcheck()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*migcheck_allow_hosts*: '{value}' is not valid. Valid: HOST:PORT, for example *"])


