"""Servers for the tests of the catalog: the embedded one and a local one, where they are to be had."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from catalog_server import Scratch

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.postgres.ladder import start_server
from pytest_migcheck.postgres.server import Server


@pytest.fixture(scope="session", params=["embedded", "local"])
def catalog_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server of each kind; skipped where this machine has none."""
    try:
        server = start_server(request.param)
    except MigcheckError as error:
        pytest.skip(str(error))
    yield server
    server.stop()


@pytest.fixture
def scratch(catalog_server: Server) -> Iterator[Scratch]:
    """A fresh database."""
    scratch = Scratch(catalog_server)
    yield scratch
    scratch.close()


@pytest.fixture
def new_scratch(catalog_server: Server) -> Iterator[Callable[[], Scratch]]:
    """A function that makes fresh databases."""
    made: list[Scratch] = []

    def make() -> Scratch:
        made.append(Scratch(catalog_server))
        return made[-1]

    yield make
    for scratch in made:
        scratch.close()
