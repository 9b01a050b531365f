"""Tuning that a downgrade leaves behind is caught as every other residue is, and told in PostgreSQL's words."""

from __future__ import annotations

import json

from history_project import Project

BASE = """
CREATE TABLE t (id integer PRIMARY KEY, a text, b integer);
CREATE INDEX ix ON t (b);
CREATE INDEX ex ON t (lower(a));
CREATE STATISTICS st ON a, b FROM t;
CREATE MATERIALIZED VIEW mv AS SELECT 1 AS one;
CREATE UNIQUE INDEX mv_one ON mv (one);
"""
UNDO_BASE = "DROP MATERIALIZED VIEW mv; DROP TABLE t"

# upgrade, a downgrade that undoes it, what is told of the one that does not
TUNING = (
    ("ALTER TABLE t CLUSTER ON ix", "ALTER TABLE t SET WITHOUT CLUSTER", "index public.t.ix: clustered"),
    ("CLUSTER t USING t_pkey", "ALTER TABLE t SET WITHOUT CLUSTER", "index public.t.t_pkey: clustered"),
    (
        "ALTER MATERIALIZED VIEW mv CLUSTER ON mv_one",
        "ALTER MATERIALIZED VIEW mv SET WITHOUT CLUSTER",
        "index public.mv.mv_one: clustered",
    ),
    ("ALTER TABLE t ALTER a SET STATISTICS 500", "ALTER TABLE t ALTER a SET STATISTICS -1", "column public.t.a: statistics"),
    ("ALTER TABLE t ALTER a SET STORAGE EXTERNAL", "ALTER TABLE t ALTER a SET STORAGE EXTENDED", "column public.t.a: storage"),
    (
        "ALTER TABLE t ALTER a SET COMPRESSION pglz",
        "ALTER TABLE t ALTER a SET COMPRESSION default",
        "column public.t.a: compression",
    ),
    ("ALTER TABLE t ALTER a SET (n_distinct = 5)", "ALTER TABLE t ALTER a RESET (n_distinct)", "column public.t.a: options"),
    (
        "ALTER TABLE t SET (toast.autovacuum_enabled = false)",
        "ALTER TABLE t RESET (toast.autovacuum_enabled)",
        "table public.t: toast options",
    ),
    (
        "ALTER TABLE t SET (toast_tuple_target = 4000)",
        "ALTER TABLE t RESET (toast_tuple_target)",
        "table public.t: options",
    ),
    ("ALTER INDEX ix SET (fillfactor = 50)", "ALTER INDEX ix RESET (fillfactor)", "index public.t.ix: definition, options"),
    (
        "ALTER INDEX ex ALTER COLUMN 1 SET STATISTICS 200",
        "ALTER INDEX ex ALTER COLUMN 1 SET STATISTICS -1",
        "index public.t.ex: statistics",
    ),
    ("ALTER STATISTICS st SET STATISTICS 50", "ALTER STATISTICS st SET STATISTICS -1", "statistics public.st: target"),
    ("ALTER TABLE t SET TABLESPACE other", "ALTER TABLE t SET TABLESPACE pg_default", "table public.t: tablespace"),
    ("ALTER INDEX ix SET TABLESPACE other", "ALTER INDEX ix SET TABLESPACE pg_default", "index public.t.ix: tablespace"),
    (
        "ALTER MATERIALIZED VIEW mv SET TABLESPACE other",
        "ALTER MATERIALIZED VIEW mv SET TABLESPACE pg_default",
        "materialized view public.mv: tablespace",
    ),
)

# A tablespace belongs to the cluster; one of this kind needs no directory of its own.
PREPARE = """
def _tablespace(connection):
    with connection.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as own:
        own.exec_driver_sql("SET allow_in_place_tablespaces = on")
        if not own.exec_driver_sql("SELECT 1 FROM pg_tablespace WHERE spcname = 'other'").first():
            own.exec_driver_sql("CREATE TABLESPACE other LOCATION ''")

def pytest_migcheck_prepare(history):
    return _tablespace
"""


def _history(project: Project, *, leaky: bool) -> None:
    project.write("conftest.py", PREPARE)
    project.sql("start", BASE, UNDO_BASE)
    for number, (upgrade, downgrade, _) in enumerate(TUNING):
        project.sql(f"r{number:02d}", upgrade, "" if leaky else downgrade)
        project.sql(f"u{number:02d}", downgrade, upgrade)


def test_tuning_that_a_downgrade_leaves_is_caught_at_its_revision(project: Project, migcheck) -> None:
    _history(project, leaky=True)
    migcheck("--migcheck-checks=stairway", "--migcheck-report=json:r.json")
    report = json.loads((project.path / "r.json").read_text())
    told = [f["headline"] for f in report["findings"]]
    assert told == [
        f"downgrading r{number:02d} does not restore {what}" for number, (_, _, what) in enumerate(TUNING)
    ]


def test_tuning_that_is_undone_is_silent(project: Project, migcheck) -> None:
    _history(project, leaky=False)
    migcheck("--migcheck-checks=stairway,roundtrip").assert_outcomes(passed=2 * len(TUNING) + 2)
