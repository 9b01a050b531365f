"""What SQLAlchemy's models say and a catalog does not: a table that is a view, a name that nobody chose."""

from __future__ import annotations

import json

import pytest

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


PARTS = "CREATE TABLE t (id int, a int, b boolean, CONSTRAINT k PRIMARY KEY (id), CONSTRAINT u_x UNIQUE (a), CONSTRAINT c_x CHECK (a > 0),"
PARTS += "CONSTRAINT f_x FOREIGN KEY (a) REFERENCES t); CREATE INDEX i_x ON t (a)"
LIKE_THE_SERVER = (
    'sa.PrimaryKeyConstraint("id", name="t_pkey"), sa.UniqueConstraint("a", name="t_a_key"), '
    'sa.CheckConstraint("a > 0", name="t_a_check"), sa.ForeignKeyConstraint(["a"], ["t.id"], name="t_a_fkey"), '
    'sa.Index("t_a_idx", "a")'
)
UNNAMED = (
    'sa.PrimaryKeyConstraint("id"), sa.UniqueConstraint("a"), sa.CheckConstraint("a > 0"), '
    'sa.ForeignKeyConstraint(["a"], ["t.id"]), sa.Index("i_x", "a")'
)
CONVENTION = """metadata.naming_convention = {
    "pk": "%(table_name)s_pkey", "uq": "%(table_name)s_%(column_0_name)s_key", "ck": "%(table_name)s_%(constraint_name)s",
    "fk": "%(table_name)s_%(column_0_name)s_fkey", "ix": "%(column_0_label)s_idx"}
"""


@pytest.mark.parametrize(
    ("before", "parts", "renamed"),
    [
        ("", LIKE_THE_SERVER, {"k": "t_pkey", "u_x": "t_a_key", "c_x": "t_a_check", "f_x": "t_a_fkey", "i_x": "t_a_idx"}),
        ("", UNNAMED, {}),
        (
            CONVENTION,
            # The CHECK of a Boolean, which this server needs not, has no name that the convention could take.
            UNNAMED.replace('"i_x"', "None").replace('"a > 0"', '"a > 0", name=sa.schema.conv("t_a_check")')
            + ', sa.Column("b", sa.Boolean(create_constraint=True))',
            {"k": "t_pkey", "u_x": "t_a_key", "c_x": "t_a_check", "f_x": "t_a_fkey", "i_x": "t_a_idx"},
        ),
    ],
    ids=["as the server would", "unnamed", "by a convention"],
)
def test_only_a_name_that_the_models_give_is_missed(
    project: Project, migcheck, before: str, parts: str, renamed: dict[str, str]
) -> None:
    table = 'sa.Table("t", metadata, sa.Column("id", sa.Integer, autoincrement=False), sa.Column("a", sa.Integer), '
    table += 'sa.Column("b", sa.Boolean), ' if "Boolean" not in parts else ""
    project.env(models=f"{before}{table}{parts})")
    project.sql("a1", PARTS, "DROP TABLE t")
    migcheck("--migcheck-checks=drift", "--migcheck-report=json:r.json").assert_outcomes(passed=1)
    found = json.loads((project.path / "r.json").read_text())["findings"]
    assert {f["severity"] for f in found} <= {"warning"}
    told = {f["headline"].rpartition(" name ")[2] for f in found}
    assert told == {f"{old} → {new}" for old, new in renamed.items()}


def test_a_check_that_proves_not_null_goes_after_that_is_set(project: Project, migcheck) -> None:
    project.env(models=MODEL.replace('"a", sa.Integer', '"a", sa.Integer, nullable=False'))
    other = "CONSTRAINT n CHECK (a IS NOT NULL), CONSTRAINT other CHECK (id IS NOT NULL)"
    project.sql("a1", f"CREATE TABLE t (id serial PRIMARY KEY, a int, {other})", "DROP TABLE t")
    migcheck("--migcheck-checks=drift").stdout.fnmatch_lines(
        [
            '  fix     op.drop_constraint("other", "t")   # or declare it in the models',
            '  fix     op.alter_column("t", "a", nullable=False)',
            '  fix     op.drop_constraint("n", "t")   # after column a is NOT NULL: without it every row *',
        ]
    )
