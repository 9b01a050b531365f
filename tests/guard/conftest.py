"""A database of ours and a decoy for each test of the guard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from decoy import Decoy
from guarded import Guarded


@pytest.fixture(scope="session")
def place_of_ours(server):
    """A database of the server, as the arguments of a Place.

    Its user's password is stored with as many iterations as pg8000 asks for.
    """
    database = server.create_database("guarded")
    near, tcp = (replace(params, user="guarded", password="guarded") for params in (database.params, database.tcp))
    with server.connect() as connection:
        if server.version_num >= 160000:
            connection.execute("SET scram_iterations = 4096")
        connection.execute("CREATE ROLE guarded LOGIN SUPERUSER REPLICATION PASSWORD 'guarded'")
    return {
        "host": near.host, "port": near.port, "user": near.user, "password": near.password, "dbname": near.dbname,
        "tcp_host": tcp.host, "tcp_port": tcp.port,
    }  # fmt: skip


@pytest.fixture
def decoy() -> Iterator[Decoy]:
    with Decoy(second=True) as listening:
        yield listening


@pytest.fixture
def guarded(tmp_path: Path, place_of_ours, decoy: Decoy) -> Guarded:
    return Guarded(tmp_path, place_of_ours, decoy.port)
