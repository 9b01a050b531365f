"""The baseline: written and pruned by command, and blind to lines and messages."""

from __future__ import annotations

import json

import pytest

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.suppress.baseline import read_baseline

TABLE = 'op.create_table("orders", sa.Column("id", sa.BigInteger, primary_key=True), sa.Column("email", sa.Text))'


def _index(*names: str) -> str:
    return "\n".join(f'op.create_index("{name}", "orders", ["email"])' for name in names)


def _drop(*names: str) -> str:
    return "\n".join(f'op.drop_index("{name}", "orders")' for name in names)


def _entries(path):
    return [
        (e["revision"], e["check"], e["rule"], e["object"], e["count"]) for e in json.loads(path.read_text())["findings"]
    ]


def test_a_baseline_is_written_followed_and_pruned(project, migcheck):
    project.write(
        "pytest.ini",
        "[pytest]\nmigcheck_baseline = known.json\nmigcheck_checks = locks stairway drift\nmigcheck_ignore = MC102\n"
        "addopts = --migcheck-report=json",
    )
    project.env(models=f"sa.Table{TABLE.removeprefix('op.create_table').replace('orders', 'clients')}".replace(
        '"clients"', '"clients", metadata'))  # fmt: skip
    project.revision("a1", TABLE, 'op.drop_table("orders")')
    project.revision("b2", _index("ix_1", "ix_2"), _drop("ix_1", "ix_2"))
    project.revision("c3", _index("ix_3"), "pass")
    known = project.path / "known.json"

    missing = migcheck()
    assert "migcheck_baseline: 'known.json' does not exist" in missing.stderr.str()

    written = migcheck("--migcheck-write-baseline")
    written.assert_outcomes(passed=7)
    written.stdout.fnmatch_lines(["*: nothing to report, 7 in baseline*", "baseline: 7 in known.json (7 new, 0 gone)"])
    entries = _entries(known)
    assert ("b2", "locks", "MC101", "public.orders", 2) in entries
    assert ("c3", "stairway", "MC001", "public.orders.ix_3", 1) in entries
    assert (None, "drift", "MC301", "public.clients", 1) in entries
    assert known.read_text().count("\n") == len(entries) + 5

    # Other lines, another message: the same findings. One more of the same kind is a new one.
    project.revision("b2", "\n\n" + _index("ix_1", "ix_2", "ix_4"), _drop("ix_1", "ix_2", "ix_4"), parents="a1")
    project.revision("c3", _index("ix_3"), _drop("ix_3"), parents="b2")
    result = migcheck("-v")
    result.assert_outcomes(passed=6, failed=1)
    result.stdout.fnmatch_lines(
        [
            "MC101 create-index-not-concurrent: building ix_4 blocks writes to orders",
            "  ignored  MC101 create-index-not-concurrent  b2:12   baseline: in known.json",
            "baseline: 2 of known.json are not found any more: pytest --migcheck --migcheck-write-baseline removes them",
            "  MC001 public.orders.ix_3   c3",
        ]
    )
    report = json.loads((project.path / ".migcheck/report.json").read_text())
    assert [e["object"] for e in report["baseline"].pop("stale")] == ["public.orders.ix_3", "c3"]
    assert report["baseline"] == {"path": "known.json", "entries": 7, "found": 5, "written": False}

    # Only what ran is written and pruned.
    migcheck("--migcheck-write-baseline", "-k", "c3 and stairway").assert_outcomes(passed=1, deselected=6)
    assert _entries(known) == [e for e in entries if e[:2] != ("c3", "stairway")]


def test_a_file_that_is_none_is_an_error_that_says_why(tmp_path):
    path = tmp_path / "known.json"
    for text, message in (
        ('{"schema": 1, "findings": [\n<<<<<<< HEAD\n', "line 2: Expecting value (a merge that is not resolved?)"),
        ('{"schema": 1}', "KeyError: 'findings'"),
        ('{"schema": 7, "findings": []}', "schema 7; this version reads 1"),
    ):
        path.write_text(text)
        with pytest.raises(MigcheckError, match="migcheck_baseline: ") as error:
            read_baseline(path, writing=False)
        assert message in str(error.value)


def test_writing_needs_a_file(project, migcheck):
    project.sql("a1", "SELECT 1")
    result = migcheck("--migcheck-write-baseline")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "--migcheck-write-baseline: no file is named" in result.stderr.str()
