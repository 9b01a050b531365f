"""What SQLAlchemy's models say and a catalog does not: a table that is a view, a name that nobody chose."""

from __future__ import annotations

import json

from history_project import Project

TABLE = "CREATE TABLE t (id serial PRIMARY KEY, a int)"
MODEL = 'sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("a", sa.Integer))\n'
MAPPED = """
sa.Table(
    "v", metadata, sa.Column("id", sa.Integer, sa.ForeignKey("t.id"), primary_key=True),
    sa.Column("e", sa.Enum("a", "b", name="ee")), sa.Column("at", sa.ForeignKey("v.id")),
    comment="a view", info={"is_view": True},
)
"""
VIEWS = ", include_object=lambda o, name, type_, reflected, compared: not (type_ == 'table' and o.info.get('is_view'))"


def test_a_mapped_view_is_one_warning_at_its_model(project: Project, migcheck) -> None:
    project.env(models=MODEL + MAPPED)
    project.sql("a1", f"{TABLE}; CREATE VIEW v AS SELECT id, 'a' AS e, id AS at FROM t", "DROP VIEW v; DROP TABLE t")
    result = migcheck("--migcheck-checks=drift", "--migcheck-fail-on=warning", "--migcheck-report=json:r.json")
    (found,) = json.loads((project.path / "r.json").read_text())["findings"]
    assert (found["severity"], found["object"], found["line"]) == ("warning", "public.v", 5)
    result.stdout.fnmatch_lines(
        [
            "MC301 drift: view public.v: view → table",
            "  models.py:5",
            "  models  models.py:5  table",
            "  migrated head a1  SELECT id, 'a'::text AS e, id AS at FROM public.t;",
            "  fix     leave public.v out with include_object in env.py: it is mapped as a table and is a view",
        ]
    )


def test_a_mapped_view_that_env_py_hides_is_not_listed(project: Project, migcheck) -> None:
    project.env(models=MODEL + MAPPED, configure=VIEWS)
    view = "CREATE MATERIALIZED VIEW v AS SELECT id, 'a' AS e, id AS at FROM t; CREATE INDEX i ON v (id)"
    project.sql("a1", f"{TABLE}; {view}", "DROP MATERIALIZED VIEW v; DROP TABLE t")
    migcheck("--migcheck-checks=drift", "--migcheck-report=json:r.json").assert_outcomes(passed=1)
    assert json.loads((project.path / "r.json").read_text())["findings"] == []
