"""Histories that no one here wrote: the migrations of published packages, with a recorded expectation of each.

``expected/<project>.json`` says what is found and why that is right. A new version of a package is a change
of that file, reviewed by hand.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
PROJECTS = ("dagster", "mlflow", "phoenix")


@pytest.fixture(scope="module", params=PROJECTS)
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The expectation of one package, and the report of one run on it."""
    expected = json.loads((HERE / "expected" / f"{request.param}.json").read_text(encoding="utf-8"))
    try:
        installed = importlib.metadata.version(expected["package"])
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(f"{expected['package']} is not installed; run: tox run -e real")
    if installed != expected["version"]:
        pytest.skip(f"recorded for {expected['package']} {expected['version']}; installed is {installed}")
    folder = HERE / "projects" / request.param
    report = tmp_path_factory.mktemp(request.param) / "report.json"
    argv = [sys.executable, "-m", "pytest", "--migcheck", f"--migcheck-report=json:{report}", "-p", "no:cacheprovider"]
    theirs = ("PYTEST_", "DAGSTER_", "PHOENIX_", "MLFLOW_")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(theirs)}
    run = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 1, run.stdout + run.stderr
    assert "INTERNALERROR" not in run.stdout
    return {"expected": expected, "folder": folder, **json.loads(report.read_text(encoding="utf-8"))}


def test_every_revision_is_run(project: dict[str, Any]) -> None:
    expected = project["expected"]
    (history,) = project["histories"]
    walked = [c["revision"] for c in project["checks"] if c["check"] == "stairway"]
    assert history["revisions"] == len(walked) == len(set(walked)) == expected["revisions"]
    assert project["stopped"] is None


def test_irreversible_revisions_are_skipped_and_no_other(project: dict[str, Any]) -> None:
    skipped = [c["revision"] for c in project["checks"] if c["check"] == "stairway" and c["outcome"] == "skipped"]
    assert skipped == project["expected"]["irreversible"]


def test_the_history_as_a_whole_is_judged_as_recorded(project: dict[str, Any]) -> None:
    outcomes = {c["check"]: c["outcome"] for c in project["checks"] if c["revision"] is None}
    assert outcomes == project["expected"]["history"]


def test_the_stairway_finds_what_is_recorded(project: dict[str, Any]) -> None:
    recorded = {revision: entry["found"] for revision, entry in project["expected"]["stairway"].items()}
    assert _errors(project, "stairway", "id") == recorded


def test_the_rows_that_break_it_are_recorded(project: dict[str, Any]) -> None:
    recorded = {revision: entry["found"] for revision, entry in project["expected"]["data"].items()}
    assert _errors(project, "data", "rule") == recorded


def test_the_locks_are_judged_as_recorded(project: dict[str, Any]) -> None:
    assert _errors(project, "locks", "rule") == project["expected"]["locks"]


def test_the_drift_is_what_is_recorded(project: dict[str, Any]) -> None:
    found = {f["object"] for f in project["findings"] if f["check"] == "drift"}
    assert sorted(found) == project["expected"]["drift"]


def test_every_finding_points_into_the_history(project: dict[str, Any]) -> None:
    lost = [f for f in project["findings"] if f["revision"] and not _is_of_its_revision(f, project["folder"])]
    assert lost == []


def _is_of_its_revision(finding: dict[str, Any], folder: Path) -> bool:
    text = (folder / finding["path"]).read_text(encoding="utf-8")
    return re.search(rf"^revision\b.*=\s*['\"]{finding['revision']}['\"]", text, re.MULTILINE) is not None


def _errors(project: dict[str, Any], check: str, key: str) -> dict[str, list[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for finding in project["findings"]:
        if finding["check"] == check and finding["severity"] == "error":
            found[finding["revision"]].add(finding[key])
    return {revision: sorted(values) for revision, values in found.items()}
