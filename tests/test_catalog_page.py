"""docs/reference/catalog.md is what the tests' changes say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_page_of_the_catalog_is_current() -> None:
    run = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "catalog_page.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
