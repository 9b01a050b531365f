"""Which items there are, under which names, in which order; nothing here needs a server."""

from __future__ import annotations

import os

import pytest

ORDER = [
    "migrations/env.py::heads",
    "migrations/versions/z.py::stairway",
    "migrations/versions/z.py::locks",
    "migrations/versions/z.py::data",
    "migrations/versions/a.py::stairway",
    "migrations/versions/a.py::locks",
    "migrations/versions/a.py::data",
    "migrations/env.py::upgrade",
    "migrations/env.py::roundtrip",
    "migrations/env.py::drift",
]


@pytest.fixture
def two(project):
    """Two revisions whose file names sort against the graph."""
    project.sql("r1", "SELECT 1", name="z.py")
    project.sql("r2", "SELECT 2", name="a.py")
    project.write("tests/test_own.py", "def test_own(): pass\n")
    return project


def collected(migcheck, *args):
    result = migcheck("--collect-only", "-q", *args)
    return [line for line in result.outlines if "::" in line]


def test_items_are_in_the_order_of_the_graph(two, migcheck):
    assert collected(migcheck) == [*ORDER, "tests/test_own.py::test_own"]


def test_a_typed_path_outside_of_the_history_does_not_take_them_away(two, migcheck):
    assert sorted(collected(migcheck, "tests")) == sorted([*ORDER, "tests/test_own.py::test_own"])


@pytest.mark.parametrize("node", ["migrations/versions/a.py::locks", "migrations/env.py::drift"])
def test_a_typed_node_id_is_all_that_is_collected(two, migcheck, node):
    assert collected(migcheck, node) == [node]


def test_in_addopts_a_typed_path_is_all_that_is_collected(two, pytester):
    two.write("pytest.ini", "[pytest]\naddopts = --migcheck\n")
    own = pytester.runpytest_inprocess("-p", "no:asyncio", "--collect-only", "-q", "tests")
    own.stdout.no_fnmatch_line("migrations/*")
    everything = pytester.runpytest_inprocess("-p", "no:asyncio", "--collect-only", "-q")
    everything.stdout.fnmatch_lines(ORDER)


@pytest.mark.parametrize("expression", ["migcheck", "migcheck(check='locks')"])
def test_markers_select_kinds(two, migcheck, expression):
    kept = collected(migcheck, "-m", expression)
    assert kept == (ORDER if expression == "migcheck" else [node for node in ORDER if node.endswith("locks")])


def test_a_revision_id_is_a_keyword(two, migcheck):
    assert collected(migcheck, "-k", "r2") == ORDER[4:7]


def test_checks_can_be_chosen(two, migcheck):
    assert collected(migcheck, "--migcheck-checks=heads,locks", "migrations") == [ORDER[0], ORDER[2], ORDER[5]]


@pytest.mark.parametrize("checks", ["heads", "locks", "heads,locks"])
def test_migration_files_are_never_test_modules_or_packages(two, migcheck, checks):
    for folder in ("migrations", "migrations/versions"):
        two.write(f"{folder}/__init__.py", "raise SystemExit('imported')\n")
    two.write("pytest.ini", "[pytest]\npython_files = *.py\n")
    two.write("tests/test_own.py", "def test_own(): pass\n")
    nodes = collected(migcheck, f"--migcheck-checks={checks}")
    assert all(node.rpartition("::")[2] in (*checks.split(","), "test_own") for node in nodes)
    result = migcheck("--migcheck-checks=heads")
    result.assert_outcomes(passed=2)


def test_node_ids_outside_of_rootdir_can_be_run(project, migcheck, pytester):
    project.sql("r1", "SELECT 1")
    inner = pytester.mkdir("inner")
    (inner / "pytest.ini").write_text("[pytest]\nmigcheck_config = ../alembic.ini\n")
    os.chdir(inner)
    nodes = collected(migcheck)
    assert len(set(nodes)) == len(nodes) == 7
    assert collected(migcheck, "-c", "pytest.ini", nodes[1]) == [nodes[1]] == ["../migrations/versions/r1.py::stairway"]


def test_a_step_that_takes_long_says_what_it_does(project, migcheck):
    project.revision("a1", 'op.execute("SELECT pg_sleep(2.6)")')
    result = migcheck("--migcheck-checks=upgrade")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["migcheck: migrations/env.py::upgrade 2 s: SELECT pg_sleep(2.6)"])
    migcheck("--migcheck-checks=upgrade", "-q").stdout.no_fnmatch_line("migcheck: *2 s: SELECT*")
