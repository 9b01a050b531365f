"""The user's hooks where there are none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any


class NoHooks:
    """Implements ``history.source.Hooks`` with nothing."""

    def alembic_config(self, config_path: Path) -> Sequence[Any]:
        return ()

    def environment(self, history: str) -> Iterable[AbstractContextManager[Any]]:
        return ()

    def prepare(self, history: str) -> Sequence[Any]:
        return ()

    def metadata(self, history: str) -> Sequence[Any]:
        return ()

    def seed(self, revision: str, connection: Any) -> None:
        """Insert nothing."""

    def test_files(self) -> tuple[Path, ...]:
        return ()
