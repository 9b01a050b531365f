"""Each tool as its users call it: to the end, one step back to nothing, and what it says of a database."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from conftest import EXAMPLES, HERE, NODE

PROJECTS = HERE / "projects"


@dataclass(frozen=True)
class Tool:
    """One tool: the project of ours that it made, where the migrations are in it, and its commands.

    ``up_so_far`` keeps what was deployed before a failure. ``{url}`` in a command is the database's URL; ``{pg}`` the same without its scheme.
    """

    name: str
    project: Path
    folder: str
    program: str
    up: str
    down: str = ""
    steps_down: int = 1
    status: str = ""
    up_to_date: str = ""
    init: str = ""
    up_so_far: str = ""

    def copy(self, place: Path) -> Path:
        """The project in a place of its own, with the tools' packages beside it."""
        shutil.copytree(self.project, place)
        if NODE.is_dir():
            (place / "node_modules").symlink_to(NODE)
        if self.name == "prisma":
            shutil.copyfile(HERE / "prisma.config.ts", place / "prisma.config.ts")
        return place

    def run(self, command: str, url: str, place: Path, find: Callable[[str], str]) -> subprocess.CompletedProcess[str]:
        words = [w.format(url=url, pg=url.partition(":")[2]) for w in command.split()]
        environment = {**os.environ, "DATABASE_URL": f"{url}?sslmode=disable" if self.name == "dbmate" else url}
        if self.name == "prisma":
            environment |= _without_engines(place)
        return subprocess.run(
            [find(self.program), *words],
            cwd=place,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=120,
        )


def _without_engines(place: Path) -> dict[str, str]:
    """Prisma wants to fetch programs at its start that it does not use: it runs its engine as WebAssembly."""
    library, program = place / "unused.so.node", place / "unused-engine"
    library.touch()
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    return {
        "PRISMA_QUERY_ENGINE_LIBRARY": str(library),
        "PRISMA_SCHEMA_ENGINE_BINARY": str(program),
        "CHECKPOINT_DISABLE": "1",
    }


TOOLS = (
    Tool(
        name="prisma",
        project=EXAMPLES / "prisma",
        folder="prisma/migrations",
        program="prisma",
        up="migrate deploy",
        status="migrate status",
        up_to_date="Database schema is up to date!",
    ),
    Tool(
        name="drizzle",
        project=EXAMPLES / "drizzle",
        folder="drizzle",
        program="drizzle-kit",
        up="migrate",
        status="migrate",
        up_to_date="",
        init="init.sql",
    ),
    Tool(
        name="dbmate",
        project=EXAMPLES / "sql",
        folder="db/migrations",
        program="dbmate",
        up="--no-dump-schema up",
        down="--no-dump-schema rollback",
        steps_down=4,
        status="status",
        up_to_date="Pending: 0",
    ),
    Tool(
        name="sqitch",
        project=PROJECTS / "sqitch",
        folder=".",
        program="sqitch",
        up="deploy --verify --target db:pg:{pg}",
        down="revert -y --target db:pg:{pg}",
        # Left alone, it reverts what it has deployed when a change fails.
        up_so_far="deploy --mode change --target db:pg:{pg}",
    ),
    Tool(
        name="yoyo",
        project=PROJECTS / "yoyo",
        folder="migrations",
        program="yoyo",
        up="apply -b --no-config-file -d postgresql+psycopg:{pg} migrations",
        down="rollback -b -a --no-config-file -d postgresql+psycopg:{pg} migrations",
    ),
)
BY_NAME = {tool.name: tool for tool in TOOLS}
