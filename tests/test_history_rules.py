"""Rules that read the files of a history; those that compare with git are in tests/suppress/test_since.py."""

from __future__ import annotations

import textwrap

import pytest

from pytest_migcheck.checks.history_rules import history_findings
from pytest_migcheck.checks.history_rules._rule import HistoryContext
from pytest_migcheck.core.graph import Graph, Revision


@pytest.fixture
def judge(tmp_path):
    """Judge one revision with this body, message and file name; gives id to headline."""

    def judge(body="op.x()", *, message="add orders.email", name="a1", template=None, select=(), **revision):
        path = tmp_path / f"{name}.py"
        path.write_text(f"def upgrade():\n{textwrap.indent(textwrap.dedent(body), '    ')}\n")
        node = Revision(id="a1", parents=revision.pop("parents", ()), path=str(path), message=message, **revision)
        context = HistoryContext(graph=Graph({"a1": node}, ("a1",)), env_path="env.py", file_template=template)
        return {f.id: f.headline for f in history_findings(context, lambda _id, name: name in select)}

    return judge


@pytest.mark.parametrize("message", ["", "update", "Fixes", "new migration", "schema changes", "WIP"])
def test_a_message_of_empty_words_says_nothing(judge, message):
    assert set(judge(message=message)) == {"MC016"}


@pytest.mark.parametrize("message", ["add index", "fix rounding of totals", "PROJ-12", "2.3.0", "update prices"])
def test_a_message_with_one_word_of_its_own_says_something(judge, message):
    assert judge(message=message) == {}


def test_a_merge_needs_no_message_and_no_upgrade(judge):
    assert judge("pass", message="", parents=("x", "y")) == {}


@pytest.mark.parametrize(
    ("template", "good", "bad"),
    [
        ("%(rev)s_%(slug)s", "a1_add_email", "add_email"),
        ("%(year)d_%(month).2d_%(day).2d-%(rev)s_%(slug)s", "2024_05_01-a1_x", "24_05_01-a1_x"),
        ("%(epoch)s_%(rev)s", "1714550000_a1", "1714550000_b2"),
    ],
)
def test_a_file_name_follows_the_template_that_is_set(judge, template, good, bad):
    assert judge(name=good, template=template) == {}
    assert set(judge(name=bad, template=template)) == {"MC017"}
    assert judge(name=bad) == {}


def test_the_template_is_the_one_of_alembic_ini(project, migcheck):
    ini = (project.path / "alembic.ini").read_text()
    project.write("alembic.ini", ini + "file_template = %%(rev)s-%%(slug)s\n")
    project.revision("a1", "op.execute('SELECT 1')", message="a word")
    project.revision("b2", "op.execute('SELECT 1')", message="a word", name="b2-a_word.py")
    result = migcheck("--migcheck-checks=heads", "--migcheck-fail-on=warning")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["MC017 *: the file name of a1 is not what file_template = %(rev)s-%(slug)s gives", "  MC017 * 1   a1:1"]
    )


@pytest.mark.parametrize("body", ["pass", '"""Nothing."""', "...", "return"])
def test_an_upgrade_that_does_nothing_is_told(judge, body):
    assert set(judge(body)) == {"MC018"}
    assert judge(body, branch_labels=("tenant",)) == {} and judge(body, depends_on=("b2",)) == {}


def test_unrelated_changes_are_told_where_that_is_selected(judge):
    two = 'op.add_column("orders", 1)\nop.create_index("ix", "clients", ["x"])'
    assert judge(two) == {}
    selected = {"select": ("unrelated-changes",)}
    assert set(judge(two, **selected)) == {"MC019"}
    assert judge(two + '\nop.create_foreign_key("fk", "orders", "clients", ["a"], ["b"])', **selected) == {}
    related = """
        op.create_table("orders", sa.Column("client", sa.ForeignKey("app.clients.id")))
        op.create_index("ix", table_name="clients", columns=["x"])
    """
    assert judge(related, **selected) == {}


def test_a_rule_on_a_history_is_explained(pytester):
    explained = pytester.runpytest_inprocess("-p", "no:asyncio", "--migcheck-explain=empty-upgrade")
    explained.stdout.fnmatch_lines(["MC018 empty-upgrade *", "triggered when *"])
