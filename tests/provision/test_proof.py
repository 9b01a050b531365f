"""What cannot be proved to be the same the next time, and what can."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from pytest_migcheck.core.reading import Evidence
from pytest_migcheck.provision.proof import doubts_about_acts, doubts_about_code, doubts_about_sql

CLOCK_FUNCTION = (
    "CREATE FUNCTION monthly() RETURNS void LANGUAGE plpgsql AS "
    "$$ BEGIN EXECUTE format('CREATE TABLE m_%s ()', to_char(now(), 'YYYYMM')); END $$"
)


@pytest.mark.parametrize(
    "statements",
    [
        ["DO $$ BEGIN EXECUTE 'CREATE TABLE t_' || to_char(CURRENT_DATE, 'YYYYMM') || ' ()'; END $$"],
        ["CREATE TABLE p PARTITION OF t FOR VALUES FROM (now()) TO ('infinity')"],
        ["CALL make_partitions(current_date)"],
        ["create extension if not exists pg_partman schema partman"],
        ["SELECT now()"],
        ["COPY t FROM '/srv/rows.csv'"],
        ["INSERT INTO t SELECT pg_read_file('/srv/rows.csv')"],
        [CLOCK_FUNCTION, "SELECT monthly()"],
        [CLOCK_FUNCTION, "CREATE TRIGGER x AFTER INSERT ON t EXECUTE FUNCTION monthly()", "INSERT INTO t VALUES (1)"],
    ],
)
def test_sql_that_makes_another_schema_on_another_day(statements: list[str]) -> None:
    assert list(doubts_about_sql(statements))


@pytest.mark.parametrize(
    "statements",
    [
        ["CREATE TABLE t (made timestamptz DEFAULT now())", "ALTER TABLE t ALTER made SET DEFAULT CURRENT_TIMESTAMP"],
        ["UPDATE t SET made = now()", "INSERT INTO t SELECT now()"],
        ["DO $$ BEGIN CREATE TYPE e AS ENUM ('a'); EXCEPTION WHEN duplicate_object THEN NULL; END $$"],
        ["CREATE FUNCTION touch() RETURNS trigger AS 'BEGIN NEW.made = now(); RETURN NEW; END'", "SELECT touch()"],
        [CLOCK_FUNCTION, "CREATE TABLE t ()"],
    ],
)
def test_sql_that_makes_the_same_schema_on_any_day(statements: list[str]) -> None:
    assert list(doubts_about_sql(statements)) == []


def _doubts(tmp_path: Path, revision: str, env: str = "") -> list[str]:
    (tmp_path / "r.py").write_text(textwrap.dedent(revision))
    (tmp_path / "env.py").write_text(textwrap.dedent(env))
    return list(doubts_about_code([tmp_path / "r.py"], tmp_path / "env.py"))


@pytest.mark.parametrize(
    "code",
    [
        "import datetime as d\nd.datetime.now(d.UTC)",
        "from time import time\ntime()",
        "from pathlib import Path\nPath('x').stat().st_mtime",
        "from time import time as t\nt()",
        "import time\ntime.strftime('%Y')",
        "from lxml import etree",
        "import psycopg",
        "from psycopg2.extras import execute_values",
        "from app.models import Base\nBase.metadata.create_all(bind)",
        "for table in Base.metadata.sorted_tables: pass",
        "this is no Python",
    ],
)
def test_python_that_looks_elsewhere(tmp_path: Path, code: str) -> None:
    assert _doubts(tmp_path, code)


def test_a_doubt_names_its_line(tmp_path: Path) -> None:
    assert _doubts(tmp_path, "import time\n\ntime.time()") == ["r.py:3 reads the clock (time)"]


@pytest.mark.parametrize(
    "code",
    [
        "op.add_column('t', sa.Column('made', sa.DateTime, server_default=sa.func.now()))",
        "from sqlalchemy import func\nfunc.now()",
        "op.execute('UPDATE t SET made = now()')",
        "import uuid\nuuid.uuid4()",
        "moment.strftime('%Y')",
        "import time\ntime.strftime('%Y', moment)",
        "sa.exists()",
        "sa.Column('at', sa.Time())",
    ],
)
def test_python_that_only_declares(tmp_path: Path, code: str) -> None:
    assert _doubts(tmp_path, code) == []


def test_models_that_env_py_names_are_not_run(tmp_path: Path) -> None:
    assert _doubts(tmp_path, "", "import psycopg\nfrom app.models import Base\nBase.metadata.sorted_tables") == []
    assert _doubts(tmp_path, "", "import time\ntime.time()")


def test_connections_to_our_own_server_are_no_doubt() -> None:
    mine = Path("/app/env.py")
    places = ("/run/server/.s.PGSQL.5433", "('127.0.0.1', 5433)", "('127.0.0.1', 80)", "/run/other/.s.PGSQL.5433")
    acts = {f"socket.connect {place}": frozenset({str(mine)}) for place in places}
    reading = Evidence(acts={**acts, "subprocess.Popen git": frozenset({"/app/test_other.py"})})
    found = list(doubts_about_acts(reading, [mine], [("/run/server", 5433), ("127.0.0.1", 5433)]))
    assert [doubt.rpartition(": ")[2] for doubt in found] == [
        "socket.connect ('127.0.0.1', 80)",
        "socket.connect /run/other/.s.PGSQL.5433",
    ]
