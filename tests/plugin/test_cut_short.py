"""The JSON report of a run that is cut short, or spread over workers, has an entry for every check."""

from __future__ import annotations

import json

import pytest

from history_project import Project

TABLE = 'op.create_table("t", sa.Column("id", sa.Integer))'


def entries(project: Project) -> tuple[dict[str, tuple[str, str | None]], str | None]:
    report = json.loads((project.path / "r.json").read_text())
    return {c["node"]: (c["outcome"], c["reason"]) for c in report["checks"]}, report["stopped"]


@pytest.fixture
def three(project: Project) -> Project:
    project.revision("a1", TABLE, 'op.drop_table("t")')
    project.revision("b2", 'op.add_column("t", sa.Column("x", sa.Text))', "pass")
    project.revision("c3", "pass")
    return project


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_what_did_not_run_after_the_first_failure_is_listed(three: Project, migcheck, workers: tuple[str, ...]) -> None:
    migcheck("-x", "--migcheck-checks=stairway,drift", "--migcheck-report=json:r.json", *workers)
    found, stopped = entries(three)
    assert set(found) == {f"migrations/versions/{r}.py::stairway" for r in ("a1", "b2", "c3")} | {"migrations/env.py::drift"}
    assert found["migrations/versions/b2.py::stairway"] == ("failed", None)
    assert stopped is not None and stopped.startswith("stopping after 1 failures")
    if not workers:
        assert found["migrations/versions/c3.py::stairway"] == ("skipped", f"not run: {stopped}")
        assert found["migrations/env.py::drift"] == ("skipped", f"not run: {stopped}")


def test_what_was_deselected_is_not_listed(three: Project, pytester: pytest.Pytester) -> None:
    run = ("--migcheck", "--migcheck-checks=stairway", "--migcheck-report=json:r.json")
    pytester.runpytest_subprocess(*run)
    pytester.runpytest_subprocess(*run, "--lf")
    assert set(entries(three)[0]) == {"migrations/versions/b2.py::stairway"}


def test_workers_report_every_check(three: Project, migcheck) -> None:
    migcheck("-n", "2", "--migcheck-report=json:r.json", "-k", "not locks")
    found, stopped = entries(three)
    assert stopped is None
    assert [node for node, (outcome, reason) in found.items() if reason == "not run"] == []
    assert len(found) == 3 + 3 + 4


def test_what_a_crashed_worker_took_along_is_listed(three: Project, migcheck) -> None:
    three.revision("b2", "import os\nos._exit(1)", parents="a1")
    migcheck("-n", "1", "--max-worker-restart=0", "--migcheck-checks=stairway", "--migcheck-report=json:r.json")
    found, _ = entries(three)
    assert found["migrations/versions/a1.py::stairway"] == ("passed", None)
    assert found["migrations/versions/b2.py::stairway"][0] != "passed"
    assert found["migrations/versions/c3.py::stairway"][0] == "skipped"
