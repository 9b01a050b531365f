"""Real servers for the tests of the server layer, and a seed cache that they share and that is not the user's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.postgres.ladder import start_server
from pytest_migcheck.postgres.server import Server


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(cache))
        yield cache


@pytest.fixture(scope="session", params=["embedded", "local"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """One server per rung that this machine has."""
    try:
        started = start_server(request.param)
    except MigcheckError as error:
        pytest.skip(str(error))
    yield started
    started.stop()


@pytest.fixture(scope="session")
def any_server() -> Iterator[Server]:
    """The server that the ladder gives."""
    started = start_server()
    yield started
    started.stop()
