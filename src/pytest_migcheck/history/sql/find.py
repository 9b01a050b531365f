"""Find the folders of SQL migrations of a project, where it is beyond doubt what they are, and those that are named."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.history.folders import project_folders
from pytest_migcheck.history.sql import dbmate, drizzle, flyway, golang_migrate, goose, ordered, prisma, sqitch, yoyo
from pytest_migcheck.history.sql.layout import Layout

_SKIPPED = frozenset({"vendor", "target"})
_READERS: dict[str, Callable[[Path], Layout]] = {
    "prisma": prisma.read_prisma,
    "drizzle": drizzle.read_drizzle,
    "golang-migrate": golang_migrate.read_golang_migrate,
    "goose": goose.read_goose,
    "dbmate": dbmate.read_dbmate,
    "flyway": flyway.read_flyway,
    "sqitch": sqitch.read_sqitch,
    "yoyo": yoyo.read_yoyo,
}
_SIGNS: dict[str, Callable[[Path], bool]] = {
    "prisma": prisma.is_prisma,
    "drizzle": drizzle.is_drizzle,
    "sqitch": sqitch.is_sqitch,
    "goose": goose.is_goose,
    "dbmate": dbmate.is_dbmate,
    "golang-migrate": golang_migrate.is_golang_migrate,
    "flyway": flyway.is_flyway,
    "yoyo": yoyo.is_yoyo,
}
ANY = "sql"
TOOLS = (*_READERS, ANY)
# Where migrations are, seen from the folder of a project or of one of its services.
_PLACES = (".", "migrations", "prisma/migrations", "drizzle", "db/migrations", "database/migrations", "sql/migrations")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFolder:
    """A folder (or one file) and the tool that it is for; ``label`` is the name that reports use."""

    label: str
    tool: str
    path: Path

    def layout(self) -> Layout:
        """Read it.

        Raises:
            MigcheckError: it holds no migration of its tool, or a file of it cannot be read.
        """
        return _READERS.get(self.tool, ordered.read_ordered)(self.path)


def named_folders(root: Path, entries: tuple[str, ...], origin: str = "migcheck_histories") -> Iterator[FoundFolder]:
    """The folders that ``TOOL:PATH`` entries name; ``sql:PATH`` is any tool's, or none's.

    Raises:
        MigcheckError: a tool is not known, or a path is not there.
    """
    for entry in entries:
        tool, colon, place = entry.partition(":")
        if not colon or tool not in TOOLS:
            near = difflib.get_close_matches(tool, TOOLS, 1, 0.5)
            hint = f" Did you mean '{near[0]}:{place or 'PATH'}'?" if near else ""
            raise MigcheckError(f"{origin}: {entry!r} is not TOOL:PATH.{hint} Valid tools: alembic, {', '.join(TOOLS)}")
        path = (root / place).resolve()
        if not path.exists():
            raise MigcheckError(f"{origin}: {entry!r}: there is no {path}\nvalid: a folder, or a .sql file for sql:")
        if path.is_file() and tool != ANY:
            path = path.parent.parent if path.parent.name == "meta" else path.parent
        yield FoundFolder(label=place.rstrip("/"), tool=tool if tool != ANY else _tool_of(path) or ANY, path=path)


def find_folders(root: Path) -> tuple[FoundFolder, ...]:
    """The folders that can be nothing but migrations of one tool, in the project's root and two folders deep."""
    found: dict[Path, FoundFolder] = {}
    for directory in project_folders(root, _SKIPPED):
        for place in (directory / name for name in _PLACES):
            path = place.resolve()
            if path.is_dir() and path not in found and not any(path.is_relative_to(other) for other in found):
                tool = _tool_of(path)
                if tool is not None:
                    label = (
                        path.relative_to(root.resolve()).as_posix()
                        if path.is_relative_to(root.resolve())
                        else str(path)
                    )
                    found[path] = FoundFolder(label=tool if label == "." else label, tool=tool, path=path)
    return tuple(found.values())


def _tool_of(folder: Path) -> str | None:
    """The one tool whose signs a folder has; None where there is none, or more than one."""
    if not folder.is_dir():
        return None
    tools = [tool for tool, looks_like in _SIGNS.items() if looks_like(folder)]
    return tools[0] if len(tools) == 1 else None
