"""The folders of a project in which a history is looked for, and what of them can be read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

# Other people's code, and what is built from one's own.
_SKIPPED = {"node_modules", "site-packages", "__pycache__", "venv", "env", "build", "dist"}


def project_folders(root: Path, skipped: frozenset[str] = frozenset()) -> Iterator[Path]:
    """The root, its folders, and theirs; ``skipped`` are names to leave out besides those of every project.

    A folder that may not be read, such as the data directory of a database that runs as somebody else, is left out.
    """
    yield root
    first = _below(root, skipped)
    yield from first
    for directory in first:
        yield from _below(directory, skipped)


def _below(directory: Path, skipped: frozenset[str]) -> list[Path]:
    return [path for path in sorted(directory.iterdir()) if _is_project_folder(path, skipped)]


def _is_project_folder(path: Path, skipped: frozenset[str]) -> bool:
    return (
        path.is_dir()
        and not path.name.startswith(".")
        and path.name not in _SKIPPED | skipped
        and os.access(path, os.R_OK | os.X_OK)
        and not (path / "pyvenv.cfg").exists()
    )
