"""The programs of a PostgreSQL, and the user that runs them: postgres refuses to run as root."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pytest_migcheck.core.outcome import MigcheckError

# Popen's arguments that drop root; empty when there is nothing to drop.
Identity = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """A directory that holds ``postgres`` and ``initdb``, with where it comes from."""

    directory: Path
    kind: str
    origin: str


def server_identity() -> Identity:
    """Who runs the server: ourselves, or as root the user ``postgres``, else ``nobody``."""
    if os.geteuid() != 0:
        return {}
    import pwd  # not on Windows, where a server by URL still works

    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise MigcheckError(
        "pytest-migcheck runs as root and found neither a user 'postgres' nor 'nobody' to run PostgreSQL"
    )


def server_environment() -> dict[str, str]:
    """Our environment without what would reach into the server or the client programs."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def give(directory: Path, identity: Identity) -> None:
    """Make the server's user the owner of the directory and all that is in it."""
    if not identity:
        return
    for root, names, files in os.walk(directory):
        for name in ("", *names, *files):
            os.chown(Path(root) / name, identity["user"], identity["group"], follow_symlinks=False)


def traversable(directory: Path) -> bool:
    """Whether every user can reach the directory; read from the modes, since root can always."""
    resolved = directory.resolve()
    return all(part.stat().st_mode & stat.S_IXOTH for part in (resolved, *resolved.parents))


def reachable(binaries: Binaries, target: Path, identity: Identity) -> Binaries:
    """The binaries where the server's user can reach them; a copy below ``target`` if their folder is private.

    The user's own folders are never opened up for it.
    """
    directory = binaries.directory.resolve()
    if not identity or traversable(directory):
        return replace(binaries, directory=directory)
    install = directory.parent
    if not any((install / name).is_dir() for name in ("share", "lib")):
        raise MigcheckError(
            f"{directory} is closed to other users, and postgres does not run as root\n"
            "what to do: open the folder, or run as another user"
        )
    libraries = install.parent.with_name(f"{install.parent.name}.libs")
    copied = target / install.parent.name / install.name
    shutil.copytree(install, copied, symlinks=True)
    if libraries.is_dir():
        shutil.copytree(libraries, target / libraries.name, symlinks=True)
    give(target, identity)
    return replace(binaries, directory=copied / directory.name)


def run_program(command: list[str], identity: Identity) -> str:
    """Run a program of the server to its end; returns what it printed.

    Raises:
        MigcheckError: it cannot be run or fails; with the end of what it printed.
    """
    name = Path(command[0]).name
    try:
        completed = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            cwd="/",
            env=server_environment(),
            **identity,
        )
    except OSError as error:
        raise MigcheckError(f"{name} cannot be run ({command[0]}): {error.strerror}") from error
    if completed.returncode != 0:
        printed = (completed.stderr or completed.stdout).strip()
        raise MigcheckError(f"{name} failed ({command[0]}):\n{printed[-2000:]}")
    return completed.stdout.strip()
