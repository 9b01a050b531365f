"""``migcheck_drift`` moves kinds of drift up and down."""

from __future__ import annotations

import re

import pytest

from history_project import Project
from pytest_migcheck.core.drift_severities import adjusted
from pytest_migcheck.core.finding import AttributeChange, Change, Difference, Severity
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.settings import drift_severities


def test_lines_are_read_in_the_singular_and_in_the_plural() -> None:
    lines = ["views: error", "policies:warning", "", "column.statistics: ignore", "materialized view : info"]
    assert drift_severities("x", lines) == {
        ("view", ""): "error",
        ("policy", ""): "warning",
        ("column", "statistics"): "ignore",
        ("materialized view", ""): "info",
    }


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("veiw: error", "x: 'veiw' is not valid. Did you mean 'view'?"),
        ("view: eror", "x: 'eror' is not valid. Did you mean 'error'? Valid: error, warning, info, ignore"),
        ("column.defualt: info", "x, attribute of column: 'defualt' is not valid. Did you mean 'default'?"),
        ("table.storage: error", "x, attribute of table: 'storage' is not valid. "),
        ("views.columns: info", "x, attribute of view: 'columns' is not valid. Valid: definition, options, form"),
        ("cast.definition: info", "x: 'definition' is not valid: cast has no attributes. Valid: cast: SEVERITY"),
        ("view", "x: 'view' is not KIND: SEVERITY; for example view: error"),
    ],
)
def test_a_wrong_line_is_explained(line: str, words: str) -> None:
    with pytest.raises(MigcheckError, match=re.escape(words)):
        drift_severities("x", [line])


def test_one_attribute_is_ignored_and_the_others_are_told() -> None:
    changes = [AttributeChange(name=name, expected="a", found="b") for name in ("default", "statistics")]
    both, one = (
        Difference(kind="column", object="public.t.a", change=Change.CHANGED, attributes=tuple(attributes))
        for attributes in (changes, changes[1:])
    )
    told = list(adjusted([both, one], {("column", "statistics"): "ignore", ("column", ""): "warning"}))
    assert [(d.severity, [a.name for a in d.attributes]) for d in told] == [(Severity.WARNING, ["default"])]


def test_another_name_is_an_attribute() -> None:
    change = AttributeChange(name="name", expected="a", found="b")
    renamed = Difference(kind="index", object="public.t.b", change=Change.RENAMED, attributes=(change,))
    assert list(adjusted([renamed], {("index", "name"): "ignore"})) == []
    assert [d.severity for d in adjusted([renamed], {("index", ""): "ignore", ("index", "name"): "info"})] == [Severity.INFO]


def test_kinds_move_up_and_down(project: Project, migcheck) -> None:
    project.env(models='sa.Table("t", metadata, sa.Column("id", sa.Integer), sa.Column("x", sa.Text, comment="c"))')
    project.sql("a1", "CREATE TABLE t (id int, x varchar); CREATE VIEW v AS SELECT 1 AS a", "DROP TABLE t; DROP VIEW v")
    project.write("pytest.ini", "[pytest]\nmigcheck_drift =\n    views: error\n    comments: ignore\n    column.type: info\n")
    result = migcheck("--migcheck-checks=drift")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["MC301 drift: view public.v: only in the migrations", "  listed  column public.t.x: type varchar → text"]
    )
    result.stdout.no_fnmatch_line("*comment*")
    project.write("pytest.ini", "[pytest]\nmigcheck_drift = colum: error\n")
    migcheck("--migcheck-checks=drift").stderr.fnmatch_lines(["*migcheck_drift: 'colum' is not valid. Did you mean 'column'?*"])


def test_a_naming_convention_does_not_change_the_names_in_fixes(project: Project, migcheck) -> None:
    project.env(
        models="""
        metadata.naming_convention = {"ck": "ck_%(table_name)s_%(constraint_name)s"}
        pos = sa.CheckConstraint("x > 1", name="pos")
        sa.Table("t", metadata, sa.Column("x", sa.Integer, sa.ForeignKey("u.id", name="fk")), pos)
        sa.Table("u", metadata, sa.Column("id", sa.Integer, sa.CheckConstraint("id > 2", name="u"), primary_key=True))
        """
    )
    project.sql("a1", "CREATE TABLE t (x int CONSTRAINT ck_t_pos CHECK (x > 0))", "DROP TABLE t")
    result = migcheck("--migcheck-checks=drift")
    fixes = re.findall(r"^  fix     (.*(?:\n {10}.*)*)", result.stdout.str(), re.MULTILINE)
    assert len(fixes) == 3
    project.revision("a2", "\n".join(re.sub(r"(?m)^ {10}", "", fix) for fix in fixes))
    migcheck("--migcheck-checks=drift").assert_outcomes(passed=1)
