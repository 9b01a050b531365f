"""Folders of SQL files written on the spot, as histories."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pytest_migcheck.core.catalog import Catalog
from pytest_migcheck.history.source import StepResult
from pytest_migcheck.history.sql.find import FoundFolder
from pytest_migcheck.history.sql.history import SqlHistory, SqlOptions
from pytest_migcheck.postgres.database_set import DatabaseSet
from pytest_migcheck.walk.cursor import Cursor
from pytest_migcheck.walk.stairway import Stairway


class Folder:
    """Histories below a directory, and what becomes of databases that they run in."""

    def __init__(self, path: Path, server) -> None:
        self.path = path
        self.server = server
        self._cursors: list[Cursor] = []

    def history(self, tool: str, files: Mapping[str, str | bytes], place: str = "m") -> SqlHistory:
        for name, text in files.items():
            path = self.path / place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return self.open(tool, self.path / place)

    def open(self, tool: str, path: Path) -> SqlHistory:
        layout = FoundFolder(label="m", tool=tool, path=path).layout()
        return SqlHistory(layout, SqlOptions(name="m", prepare=lambda _databases: None, init=(), timeout=60.0))

    def upgrade(self, history: SqlHistory) -> tuple[StepResult, Catalog]:
        databases = DatabaseSet(self.server, "up")
        try:
            history.prepare(databases)
            return history.upgrade_to_heads(databases), databases.read_catalog(history.version_tables())
        finally:
            databases.drop()

    def stairway(self, history: SqlHistory, revision: str) -> Stairway:
        cursor = Cursor(history, self.server, lambda: None)
        self._cursors.append(cursor)
        return cursor.stairway(revision)

    def close(self) -> None:
        for cursor in self._cursors:
            cursor.forget()


def tables(catalog: Catalog) -> set[str]:
    return {key.name for key in catalog.objects if key.kind == "table"}
