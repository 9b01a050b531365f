"""Folders of SQL files, and the server to run them on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sql_history_folder import Folder


@pytest.fixture
def folder(tmp_path: Path, server) -> Iterator[Folder]:
    made = Folder(tmp_path, server)
    yield made
    made.close()
