"""One run of the history that has a finding of each kind, with every report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import every_kind
import pytest

from history_project import Project


@dataclass
class WholeRun:
    """Where it was, and what it printed."""

    root: Path
    printed: str


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory) -> WholeRun:
    root = tmp_path_factory.mktemp("whole").resolve()
    every_kind.write(Project(root))
    (root / "pytest.ini").write_text("[pytest]\nconsole_output_style = classic\nmigcheck_time_budget = 600\n", encoding="utf-8")
    argv = [sys.executable, "-m", "pytest", "--migcheck", "-p", "no:cacheprovider", "-p", "no:randomly", "-v", "--hypothesis-seed=1"]
    argv += [f"--migcheck-report={kind}" for kind in ("json", "sarif", "html", "github")]
    argv += ["--junitxml=junit.xml", "-o", "junit_family=xunit2"]
    environment = os.environ | {"COLUMNS": "100"}
    run = subprocess.run(argv, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 1, run.stdout + run.stderr
    server = json.loads((root / ".migcheck" / "report.json").read_text(encoding="utf-8"))["server"]
    if not server["version"].startswith("18"):
        pytest.skip(f"the outputs are kept for PostgreSQL 18; this is {server['version']}")
    return WholeRun(root, run.stdout)
