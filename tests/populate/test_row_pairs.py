"""Each migration that breaks on rows is found with the smallest of them; its repaired twin is not."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from history_project import Project

_FILE = Path(__file__).parent.parent / "histories" / "row_pairs.py"
_spec = importlib.util.spec_from_file_location("row_pairs", _FILE)
row_pairs = importlib.util.module_from_spec(_spec)
sys.modules["row_pairs"] = row_pairs
_spec.loader.exec_module(row_pairs)


def _body(statements: tuple[str, ...], names: dict[str, str]) -> str:
    filled = [_filled(text, names) for text in statements]
    return "\n".join(text[3:] if text.startswith("py:") else f"op.execute({text!r})" for text in filled)


def _filled(text: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    return text.replace("{{", "{").replace("}}", "}")


def _write(project: Project, label: str, base, steps) -> None:
    names = {"t": f"t{label}", "u": f"u{label}"}
    project.revision(f"base{label}", _body(base, names))
    project.revision(f"step{label}", _body(steps[0], names), _body(steps[1], names))


@pytest.fixture
def findings_of(project, migcheck):
    """The findings on the steps of all pairs, run at once."""

    def run(side: str) -> dict[int, list[dict]]:
        for number, pair in enumerate(row_pairs.PAIRS):
            _write(project, f"{number:02}", pair.base, getattr(pair, side))
        migcheck("--migcheck-checks=data", "--migcheck-report=json:report.json", "-q", "-o", "migcheck_time_budget=600")
        report = json.loads((project.path / "report.json").read_text())
        broken = [c for c in report["checks"] if c["outcome"] not in ("passed", "failed")]
        assert broken == []
        found: dict[int, list[dict]] = {number: [] for number in range(len(row_pairs.PAIRS))}
        for finding in report["findings"]:
            found[int(finding["revision"].removeprefix("step"))].append(finding)
        return found

    return run


def test_each_bad_one_is_found_with_the_smallest_rows(findings_of) -> None:
    found = findings_of("bad")
    said = {}
    for number, pair in enumerate(row_pairs.PAIRS):
        rows = [f["rows"] for f in found[number] if f["severity"] == "error" and f["rule"] == pair.rule]
        wanted = _filled(pair.rows, {"t": f"t{number:02}", "u": f"u{number:02}"})
        said[pair.name] = (wanted if wanted in rows else rows, wanted)
    assert {name: rows for name, (rows, _) in said.items()} == {name: rows for name, (_, rows) in said.items()}


def test_each_repaired_twin_is_silent(findings_of) -> None:
    found = findings_of("good")
    errors = {
        row_pairs.PAIRS[n].name: f["headline"] for n, all_ in found.items() for f in all_ if f["severity"] == "error"
    }
    assert errors == {}


def test_a_value_that_the_upgrade_lost_is_told_at_the_upgrade(project: Project, migcheck) -> None:
    project.sql("a1", "CREATE TABLE weights (id int PRIMARY KEY, kilos float8)")
    project.sql(
        "b2", "ALTER TABLE weights ALTER kilos TYPE int", "ALTER TABLE weights ALTER kilos TYPE float8"
    )
    project.sql(
        "c3",
        "ALTER TABLE weights ADD pounds float8; UPDATE weights SET pounds = kilos * 2.2",
        "ALTER TABLE weights DROP pounds; UPDATE weights SET kilos = 1",
    )
    result = migcheck("--migcheck-checks=data")
    result.stdout.fnmatch_lines(
        [
            "MC404 values-changed: downgrading b2 does not bring back the values of weights.kilos",
            "  lost    by the upgrade, migrations/versions/b2.py:11",
            "MC404 values-changed: downgrading c3 *",
        ]
    )
    assert result.stdout.str().count("by the upgrade, ") == 1
