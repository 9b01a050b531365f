"""Refuse revision files that Alembic leaves out because of their names: no database would ever get them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from alembic.script import ScriptDirectory

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.history.alembic.written import is_revision


def refuse_left_out(scripts: ScriptDirectory, label: str) -> None:
    """Look at the names in the folders of versions.

    Raises:
        MigcheckError: a file holds a revision, and Alembic does not load it.
    """
    for path in _files(scripts):
        why = _why_left_out(path.name)
        if why and is_revision(path):
            raise MigcheckError(
                f"{label}: {str(path)!r}: Alembic does not load this file because its name {why}\n"
                "valid: a name in one line that ends with .py and does not begin with __init__\n"
                "what to do: rename the file; its revision id stays"
            )


def _files(scripts: ScriptDirectory) -> Iterator[Path]:
    for folder in scripts._version_locations or ():
        for root, folders, files in os.walk(folder):
            folders[:] = sorted(f for f in folders if f != "__pycache__") if scripts.recursive_version_locations else []
            yield from (Path(root).absolute() / name for name in sorted(files))


def _why_left_out(name: str) -> str | None:
    """What of a name Alembic's pattern for revision files does not take; None where there is nothing."""
    if "\n" in name:
        return "holds a newline" if name.strip().endswith(".py") else None
    if name.startswith("__init__") and name.endswith(".py"):
        return "begins with __init__"
    suffix = Path(name).suffix
    return f"ends with {suffix}" if suffix.lower() == ".py" and suffix != ".py" else None
