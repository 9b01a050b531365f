"""The command lines of the tools, and a server for both sides."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

collect_ignore = ["projects", "node_modules"]
HERE = Path(__file__).parent
EXAMPLES = HERE.parent / "examples"
NODE = Path(os.environ.get("MIGCHECK_NODE_MODULES", HERE / "node_modules"))


@pytest.fixture(scope="session")
def server():
    from pytest_migcheck.postgres.ladder import start_server

    started = start_server("auto")
    # dbmate's driver takes no key that was made in a single iteration.
    with started.connect() as connection:
        connection.execute("SET scram_iterations = 4096")
        connection.execute(f"ALTER ROLE {started.params.user} PASSWORD '{started.params.password}'")
    yield started
    started.stop()


@pytest.fixture
def find_program(request: pytest.FixtureRequest):
    """The path of a tool's program; the test is skipped, with the reason, where it is not installed."""

    def find(name: str) -> str:
        places = (NODE / ".bin", Path(sys.executable).parent)
        found = next((str(place / name) for place in places if (place / name).exists()), None) or shutil.which(name)
        if found is None:
            pytest.skip(f"{name} is not installed: see [testenv:tools] in tox.ini")
        return found

    return find
