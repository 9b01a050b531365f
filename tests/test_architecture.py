"""The contracts of import-linter hold, and every package has its layer."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "pytest_migcheck"
MAX_LINES = 300


def test_imports_point_down_only_and_libraries_stay_in_their_package() -> None:
    pytest.importorskip("importlinter")
    script = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"
    run = subprocess.run(
        [sys.executable, "-c", script, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_a_module_says_what_it_owns_and_stays_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith('"""')
    assert text.partition('"""')[2].partition('"""')[0].splitlines()[0].rstrip().endswith((".", ":", ",", ";"))
    assert len(text.splitlines()) <= MAX_LINES


def test_no_module_is_a_drawer_for_anything() -> None:
    drawers = {"utils", "util", "helpers", "common", "manager", "misc"}
    assert [path for path in PACKAGE.rglob("*.py") if path.stem.strip("_") in drawers] == []
