"""Whether a project has an Alembic configuration, seen without Alembic."""

from __future__ import annotations

from pathlib import Path

from pytest_migcheck.history.folders import project_folders


def has_config(root: Path) -> bool:
    """Whether there is a configuration in one of the places where ``history.alembic.discover`` looks for it."""
    return any(_has_config_in(directory) for directory in project_folders(root))


def _has_config_in(directory: Path) -> bool:
    toml = directory / "pyproject.toml"
    return (directory / "alembic.ini").is_file() or (
        toml.is_file() and "[tool.alembic]" in toml.read_text(encoding="utf-8", errors="replace")
    )
