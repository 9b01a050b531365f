#!/usr/bin/env python3
"""Time a migrated database for each test, beside the plain SQL, pytest-postgresql and Alembic, in one run.

    python benchmarks/fixtures.py [--tables 40 400] [--tests 30] [--starts 5] [--json PATH]

Per test, interleaved in one pytest run, set-up, one query over a new connection, and clean-up:

- empty: a test that does nothing, which is pytest's own time;
- floor: ``CREATE DATABASE ... TEMPLATE ... STRATEGY FILE_COPY``, connect, ``DROP DATABASE``, down an open connection;
- migcheck_db, migcheck_connection, migcheck_session: the fixtures (the last two have no new connection);
- pytest-postgresql: its ``postgresql`` fixture, loaded with the same schema, on a server with the same settings;
- alembic: ``CREATE DATABASE``, ``alembic upgrade head``, connect, ``DROP DATABASE``.

Starts, each in a new process, imports not counted: the first database from nothing (initdb, every migration), and
with everything kept from an earlier run; the server alone; and a query on the first database.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from pytest_migcheck.postgres.ladder import start_server

REVISION = """\
import sqlalchemy as sa
from alembic import op

revision = "{id}"
down_revision = {parent!r}


def upgrade():
    op.create_table(
        "t{n}",
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("parent", sa.BigInteger{reference}),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("email", sa.String(320)),
        sa.Column("amount", sa.Numeric(12, 2), sa.CheckConstraint("amount > 0")),
        sa.Column("active", sa.Boolean, server_default=sa.true()),
        sa.Column("made", sa.DateTime(timezone=True), server_default=sa.func.now()),
        sa.Column("note", sa.Text),
    )
    op.create_index("ix_t{n}_name", "t{n}", ["name"])
    op.create_index("ix_t{n}_email", "t{n}", ["email"], unique=True)


def downgrade():
    op.drop_table("t{n}")
"""
ENV = """\
from alembic import context
from sqlalchemy import create_engine, pool

engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=None)
    with context.begin_transaction():
        context.run_migrations()
"""
INI = "[alembic]\nscript_location = %(here)s/migrations\nsqlalchemy.url = postgresql+psycopg://user@localhost/none\n"
CONFTEST = """\
import json, os, secrets, time
from collections import defaultdict
import psycopg, pytest
from alembic import command
from alembic.config import Config
from pytest_postgresql import factories

target = json.loads(os.environ["BENCH_SERVER"])

def load(**words):
    known = {k: v for k, v in words.items() if k in ("host", "port", "user", "password", "dbname")}
    with psycopg.connect(**known) as c:
        c.execute(open(os.environ["BENCH_SQL"]).read())

bench_noproc = factories.postgresql_noproc(
    host=target["host"], port=target["port"], user=target["user"], password=target["password"], load=[load])
bench_postgresql = factories.postgresql("bench_noproc")

@pytest.fixture(scope="session")
def admin(migcheck_server):
    with psycopg.connect(migcheck_server.dsn, autocommit=True) as connection:
        yield connection

@pytest.fixture(scope="session")
def template(admin, migcheck_db_factory):
    with migcheck_db_factory() as database:
        admin.execute(f"CREATE DATABASE bench_template TEMPLATE {database.name}")
    yield "bench_template"

@pytest.fixture
def floor(admin, template, migcheck_server):
    name = "bench_" + secrets.token_hex(4)
    admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    with psycopg.connect(migcheck_server.dsn, dbname=name) as connection:
        yield connection
    admin.execute(f"DROP DATABASE {name}")

@pytest.fixture
def upgraded(admin, migcheck_server):
    name = "bench_" + secrets.token_hex(4)
    admin.execute(f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY FILE_COPY")
    config = Config("alembic.ini")
    url = migcheck_server.url.rpartition("/")[0] + "/" + name
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    command.upgrade(config, "head")
    with psycopg.connect(migcheck_server.dsn, dbname=name) as connection:
        yield connection
    admin.execute(f"DROP DATABASE {name}")

times = defaultdict(lambda: defaultdict(float))

def pytest_runtest_logreport(report):
    times[report.nodeid.partition("::")[2]][report.when] += report.duration

def pytest_sessionfinish():
    with open(os.environ["BENCH_OUT"], "w") as file:
        json.dump(times, file)
"""
TESTS = """\
import pytest

QUERY = "SELECT count(*) FROM t0"
ROUNDS = range({tests})

def test_ready(floor, migcheck_connection, bench_postgresql):
    pass

@pytest.mark.parametrize("n", ROUNDS)
class TestRounds:
    def test_empty(self, n):
        pass

    def test_floor(self, n, floor):
        floor.execute(QUERY).fetchone()

    def test_migcheck_db(self, n, migcheck_db):
        with migcheck_db.connect() as connection:
            connection.execute(QUERY).fetchone()

    def test_migcheck_connection(self, n, migcheck_connection):
        migcheck_connection.exec_driver_sql(QUERY).scalar()

    def test_migcheck_session(self, n, migcheck_session):
        migcheck_session.connection().exec_driver_sql(QUERY).scalar()

    def test_pytest_postgresql(self, n, bench_postgresql):
        bench_postgresql.execute(QUERY).fetchone()

@pytest.mark.parametrize("n", range({upgrades}))
def test_alembic(n, upgraded):
    upgraded.execute(QUERY).fetchone()
"""
START = """\
import json, sys, time
from pathlib import Path
from pytest_migcheck.core.reading import start_reading
start_reading()
import pytest_migcheck.history.alembic.engine, pytest_migcheck.session, psycopg
from pytest_migcheck.postgres.ladder import start_server
from pytest_migcheck.session import Session
from pytest_migcheck.settings import Settings

class Hooks:
    # Nobody implements one.
    def __getattr__(self, name): return lambda *arguments: ()

begin = time.perf_counter()
server = start_server("embedded")
alone = time.perf_counter() - begin
server.stop()
begin = time.perf_counter()
session = Session(Settings(root=Path.cwd(), postgres="embedded"), Hooks())
databases = session.databases()
database = databases.clone()
with database.connect() as connection:
    connection.execute("SELECT count(*) FROM t0").fetchone()
first = time.perf_counter() - begin
story = databases.stories()
session.close()
print(json.dumps({"server": alone, "first": first, "story": story}))
"""
ROWS = ("empty", "floor", "migcheck_db", "migcheck_connection", "migcheck_session", "pytest_postgresql", "alembic")


def generate(folder: Path, tables: int) -> None:
    """A project whose history makes this many tables, one in each revision."""
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    (folder / "alembic.ini").write_text(INI)
    (folder / "migrations" / "env.py").write_text(ENV)
    for n in range(tables):
        reference = f', sa.ForeignKey("t{n - 1}.id")' if n else ""
        text = REVISION.format(id=f"r{n:04d}", parent=f"r{n - 1:04d}" if n else None, n=n, reference=reference)
        (versions / f"r{n:04d}.py").write_text(text)


def schema_sql(folder: Path) -> str:
    """The same schema as SQL, as ``alembic upgrade head --sql`` writes it."""
    (folder / "offline").mkdir()
    env = "from alembic import context\ncontext.configure(dialect_name='postgresql')\n"
    env += "with context.begin_transaction():\n    context.run_migrations()\n"
    original = (folder / "migrations" / "env.py").read_text()
    (folder / "migrations" / "env.py").write_text(env)
    try:
        command = [sys.executable, "-m", "alembic", "upgrade", "head", "--sql"]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    finally:
        (folder / "migrations" / "env.py").write_text(original)


def starts(folder: Path, times: int) -> dict[str, list[float]]:
    """Milliseconds to the first database: from nothing, then with what the run before has kept."""
    found: dict[str, list[float]] = defaultdict(list)
    for _ in range(times):
        with tempfile.TemporaryDirectory() as cache:
            for kind in ("nothing", "kept"):
                env = {**os.environ, "XDG_CACHE_HOME": cache}
                words = [sys.executable, "-c", START]
                done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, check=True)
                result = json.loads(done.stdout)
                if kind == "kept" and not result["story"][0].endswith("from the cache"):
                    raise SystemExit(f"the template was not kept: {result['story']}")
                found[kind].append(result["first"] * 1000)
                found["server, with the seed" if kind == "kept" else "server, from nothing"].append(
                    result["server"] * 1000
                )
    return found


def per_test(folder: Path, tests: int, upgrades: int) -> dict[str, list[float]]:
    """Milliseconds of set-up, call and clean-up of each test, by what it uses."""
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_bench.py").write_text(TESTS.format(tests=tests, upgrades=upgrades))
    (folder / "schema.sql").write_text(schema_sql(folder))
    server = start_server("embedded")
    try:
        target = server.tcp
        plain = {"host": target.host, "port": target.port, "user": target.user, "password": target.password}
        env = {
            **os.environ,
            "BENCH_SERVER": json.dumps(plain),
            "BENCH_SQL": str(folder / "schema.sql"),
            "BENCH_OUT": str(folder / "out.json"),
        }
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--migcheck-postgres=embedded"]
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(done.stdout + done.stderr)
    finally:
        server.stop()
    found: dict[str, list[float]] = defaultdict(list)
    for name, phases in json.loads((folder / "out.json").read_text()).items():
        kind = name.rpartition("::")[2].partition("[")[0].removeprefix("test_")
        if kind in ROWS:
            found[kind].append(sum(phases.values()) * 1000)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=int, nargs="+", default=[40, 400])
    parser.add_argument("--tests", type=int, default=30)
    parser.add_argument("--upgrades", type=int, default=3)
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    results = {}
    print(f"Python {platform.python_version()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}; ms, median (min)")
    for tables in options.tables:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "project"
            generate(folder, tables)
            first = starts(folder, options.starts)
            tests = per_test(folder, options.tests, options.upgrades)
        results[tables] = {"starts": first, "tests": tests}
        print(f"\n{tables} tables\n  to the first database, with a query on it")
        for kind, values in first.items():
            print(f"    {kind:<24}{statistics.median(values):10.1f} ({min(values):.1f})")
        floor = statistics.median(tests["floor"])
        print("  per test" + " " * 44 + "of the floor")
        for kind in ROWS:
            median = statistics.median(tests[kind])
            print(f"    {kind:<24}{median:10.2f} ({min(tests[kind]):.2f}){median / floor:16.2f}")
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
