"""Only what is newer is judged: by a revision, or by the commit where the branch began."""

from __future__ import annotations

import json
import re

import pytest

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.history.git import git_base

TABLE = (
    'op.create_table("orders", sa.Column("id", sa.BigInteger, primary_key=True), sa.Column("email", sa.Text))\n'
    'op.create_index("ix_a", "orders", ["email"])'
)
MODELS = """
orders = sa.Table("orders", metadata, sa.Column("id", sa.BigInteger, primary_key=True), sa.Column("email", sa.Text))
sa.Index("ix_a", orders.c.email)
sa.Index("ix_b", orders.c.email)
sa.Index("ix_d", orders.c.email)
"""


@pytest.fixture
def branch(project, repository):
    """Two merged revisions, the second with faults of its own, and a new one on a branch."""
    project.env(models=MODELS)
    project.revision("a1", TABLE, 'op.drop_table("orders")')
    project.revision("b2", 'op.create_index("ix_b", "orders", ["email"])', "raise NotImplementedError", message="fix")
    repository.commit()
    repository("checkout", "-q", "-b", "feature")
    project.revision("d4", 'op.create_index("ix_d", "orders", ["email"])', 'op.drop_index("ix_d", "orders")')
    return project


def _report(project):
    return json.loads((project.path / ".migcheck/report.json").read_text())


def test_on_a_branch_only_what_is_new_is_judged_from_a_template_that_is_kept(branch, migcheck):
    story = []
    for _ in range(2):
        result = migcheck("--migcheck-since=git:main", "-v", "-rs", "--migcheck-report=json")
        result.assert_outcomes(passed=6, failed=1)
        found = "\n".join(result.outlines)
        story.append(re.search("; older revisions: a template, (.*)", found)[1])
        assert re.search(
            r"migcheck: alembic.ini → migrations \(3 revisions, head d4\), since git:main \(merge base \w{9}\): "
            "1 revision judged, 2 only run",
            found,
        )
        result.stdout.fnmatch_lines(
            [
                "migrations/env.py::heads PASSED*",
                "migrations/versions/d4.py::stairway PASSED*",
                "migrations/versions/d4.py::locks FAILED*",
                "migrations/env.py::upgrade PASSED*",
                "migrations/env.py::roundtrip PASSED*",  # not stopped by b2, which has no way back
                "migrations/env.py::drift PASSED*",
                "MC101 create-index-not-concurrent: building ix_d blocks writes to orders",
                "1 revision, 7 checks*: 1 error*",
            ]
        )
    assert story[0].startswith("migrated (") and story[1] == "from the cache"
    report = _report(branch)
    assert report["since"]["said"] == "git:main" and len(report["since"]["base"]) == 9
    assert report["histories"][0]["judged"] == ["d4"]

    # Another new revision leaves the template as it is; a file that was typed is judged, old or not.
    branch.revision("e5", "pass", message="nothing yet")
    result = migcheck("--migcheck-since=git:main", "-k", "e5 or heads", "-n2", "--migcheck-report=json")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["PostgreSQL *; older revisions: a template, from the cache"])
    assert [(f["id"], f["revision"]) for f in _report(branch)["findings"]] == [("MC018", "e5")]
    result = migcheck("migrations/versions/b2.py::locks", "--migcheck-since=git:main")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["MC101 create-index-not-concurrent: building ix_b blocks writes to orders"])


def test_what_is_newer_than_a_revision_is_judged(branch, migcheck):
    result = migcheck("--migcheck-since=b2", "--collect-only", "-q", "--migcheck-checks=heads,locks")
    result.stdout.fnmatch_lines(["migrations/env.py::heads", "migrations/versions/d4.py::locks", "2 tests collected*"])
    result = migcheck("--migcheck-since=d4", "--migcheck-checks=upgrade,roundtrip,drift,locks", "-rs")
    result.assert_outcomes(passed=2, skipped=1)
    result.stdout.fnmatch_lines(["*, since d4: 0 revisions judged, 3 only run", "*there is no revision to walk*"])
    wrong = migcheck("--migcheck-since=d5")
    assert "--migcheck-since: 'd5' is not a revision. Did you mean 'd4'?" in wrong.stderr.str()


def test_history_that_was_merged_is_not_rewritten(branch, repository, migcheck):
    branch.revision("c3", "pass", message="")
    repository("checkout", "-q", "main")
    repository.commit()
    repository("checkout", "-q", "-b", "other")
    # d4 and c3 are merged by now. a1 has another upgrade, b2 only comments and a downgrade; c3 is gone, f6 came in between.
    branch.revision("a1", TABLE.replace("Text", "String"), 'op.drop_table("orders")', parents=None)
    branch.revision(
        "b2", '# a note\nop.create_index(\n    "ix_b", "orders", ["email"])', 'op.drop_index("ix_b", "orders")',
        parents="a1", message="fix",
    )  # fmt: skip
    (branch.path / "migrations/versions/c3.py").unlink()
    branch.revision("f6", "pass", message="update", parents="b2")
    branch.revision(
        "d4", 'op.create_index("ix_d", "orders", ["email"])', 'op.drop_index("ix_d", "orders")', parents="f6"
    )
    result = migcheck("--migcheck-since=git:main", "--migcheck-checks=heads,locks", "--migcheck-report=json")
    found = [(f["id"], f["object"], f["line"]) for f in _report(branch)["findings"] if f["check"] == "heads"]
    assert found == [
        ("MC011", "a1", 10),
        ("MC012", "c3", 1),
        ("MC014", "f6", 7),
        ("MC016", "b2", 1),
        ("MC016", "f6", 1),
        ("MC018", "f6", 10),
    ]
    judged = {f["revision"] for f in _report(branch)["checks"] if f["check"] == "locks"}
    assert judged == {"a1", "b2", "d4", "f6"}
    base = repository("rev-parse", "--short=9", "main").strip()
    result.stdout.fnmatch_lines(
        [
            "MC011 merged-revision-edited: a1 was edited after it reached main",
            f"  fix     git checkout {base} -- migrations/versions/a1.py   and put the change into a new revision",
            "  ignore  # migcheck: ignore[[]MC011[]] <reason>",
            "  more    pytest --migcheck-explain MC011",
            "MC012 merged-revision-deleted: c3 was deleted after it reached main",
            f"  fix     git checkout {base} -- migrations/versions/c3.py",
            "MC014 revision-inserted-in-history: f6 is new, and d4, which main has, now requires it",
        ]
    )
    repository("checkout", "-q", "--", ".")
    (branch.path / "migrations/versions/f6.py").unlink()
    branch.revision("d4", 'op.create_index("ix_d", "orders", ["email"])', 'op.drop_index("ix_d", "orders")', parents="a1")
    branch.revision("c3", "pass", message="", parents=("d4", "b2"))
    result = migcheck("--migcheck-since=git:main", "--migcheck-checks=heads")
    result.stdout.fnmatch_lines(["MC013 *: c3 requires b2, d4, and required d4 when it reached main"])


def test_git_that_cannot_answer_says_what_to_do(branch, repository, tmp_path_factory):
    with pytest.raises(MigcheckError, match=r"Did you mean git:main\? Known: feature, main\nwhat to do: git fetch"):
        git_base(branch.path, "mian", "--x")
    elsewhere = tmp_path_factory.mktemp("none")
    with pytest.raises(MigcheckError, match=r"--x: git:main: no git repository can be read at .*\ngit says: fatal"):
        git_base(elsewhere, "main", "--x")
    repository.commit()
    for depth, ref in (("1", "main"), ("1", "origin/main")):
        clone = tmp_path_factory.mktemp("shallow") / "clone"
        repository("clone", "-q", f"--depth={depth}", "-b", "feature", f"file://{branch.path}", str(clone))
        with pytest.raises(MigcheckError, match=r"this clone is shallow.*\nwhat to do: fetch .*fetch-depth: 0") as error:
            git_base(clone, ref, "--x")
        assert f"git:{ref}" in str(error.value)
    repository("-C", str(clone), "fetch", "-q", "--depth=1", "origin", "main:main")
    with pytest.raises(MigcheckError, match=r"this is a shallow clone, so git cannot see where the branch left main"):
        git_base(clone, "main", "--x")
    repository("checkout", "-q", "--orphan", "lonely")
    repository.commit()
    with pytest.raises(MigcheckError, match="have no common commit"):
        git_base(branch.path, "main", "--x")


def test_an_older_revision_that_fails_is_run_and_the_summary_says_why(project, migcheck):
    project.revision("a1", TABLE, 'op.drop_table("orders")')
    project.revision("c3", 'op.execute("SELECT 1/0")')
    project.revision("b2", 'op.add_column("orders", sa.Column("x", sa.Text))', 'op.drop_column("orders", "x")', parents="a1")
    result = migcheck("--migcheck-since=c3", "--migcheck-checks=stairway")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*; older revisions: run, without a template: upgrade of c3 fails: DivisionByZero: *"])
