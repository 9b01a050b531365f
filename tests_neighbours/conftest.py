"""Copies of the projects, which the tests run in a process of their own and make mistakes in."""

from __future__ import annotations

from pathlib import Path

import pytest
from neighbour import PROJECTS, Neighbour

collect_ignore = ["projects"]


@pytest.fixture
def neighbour(request: pytest.FixtureRequest, tmp_path: Path) -> Neighbour:
    """A copy of the project that the test's module names; skipped where its library is not installed."""
    pytest.importorskip(request.module.LIBRARY, reason=f"{request.module.LIBRARY} is not installed: tox run -e neighbours")
    return Neighbour.copied(PROJECTS / request.module.PROJECT, tmp_path)
