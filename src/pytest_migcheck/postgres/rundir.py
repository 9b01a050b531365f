"""Run directories: where a server's data, socket and log live while it runs, and the sweep of stale ones."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.postgres.leash import KEPT
from pytest_migcheck.postgres.programs import Identity, traversable

PREFIX = "migcheck-server-"
PASSFILE = "pgpass"
_LOCK = "owner.lock"
_BEGINNING = 60
_ENDING = 5
_NEEDED = 512 * 1024 * 1024
# A socket's path has 108 bytes on Linux, 104 on macOS: room for the name of ours and of the socket.
_LONGEST = 104 - len(f"/{PREFIX}12345678/.s.PGSQL.12345") - 1


def new_run_directory(identity: Identity) -> Path:
    """A path for a run directory; the leash makes it."""
    return _base(identity) / f"{PREFIX}{secrets.token_hex(4)}"


def hold(directory: Path) -> FileLock:
    """Lock a run directory as long as we live.

    Raises:
        MigcheckError: it cannot be locked.
    """
    lock = FileLock(str(directory / _LOCK))
    try:
        lock.acquire(timeout=5)
    except (OSError, Timeout) as error:
        raise MigcheckError(f"the run directory {directory} cannot be locked: {error}") from error
    return lock


def discard(directory: Path, lock: FileLock | None) -> None:
    """Remove a run directory, or what is left of it, and release its lock."""
    if directory.exists():
        # The leash would have ended the server and removed it: somebody has killed the leash itself.
        _quit_server(directory)
    _remove(directory)
    if lock is not None:
        lock.release()


def read_log_tail(directory: Path) -> str:
    """The last lines of the log of the server that runs in the directory."""
    log = directory / "log"
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:]) if log.exists() else ""


def sweep_stale(identity: Identity) -> None:
    """Remove run directories of ours whose owner is gone; those of other users are left alone."""
    owners = {os.geteuid(), identity.get("user", os.geteuid())}
    for base in {_base(identity), *_bases()}:
        for directory in base.glob(f"{PREFIX}*"):
            # Another sweep, or the leash, can remove it at any moment.
            with contextlib.suppress(OSError, Timeout):
                if directory.lstat().st_uid in owners and not directory.is_symlink():
                    _sweep(directory)


def _sweep(directory: Path) -> None:
    if not (directory / _LOCK).exists():
        # Without a lock nothing says whose it is: it goes only if it is empty, an owner killed as it began.
        if time.time() - directory.stat().st_mtime > _BEGINNING:
            directory.rmdir()
        return
    with FileLock(str(directory / _LOCK), timeout=0):
        # Where there is no /proc, a kept server is left to whoever kept it.
        if (directory / KEPT).exists() and (_server_pid(directory) or not Path("/proc/self").exists()):
            return
        _quit_server(directory)
        _remove(directory)


def _remove(directory: Path) -> None:
    """Remove a directory, its lock last: if that is interrupted, the next sweep knows whose it is."""
    with contextlib.suppress(OSError):
        version = (directory / "data" / "PG_VERSION").read_text().strip()
        # A tablespace lies elsewhere; what this cluster has made there goes with it.
        for place in filter(Path.is_symlink, (directory / "data" / "pg_tblspc").iterdir()):
            for path in place.glob(f"PG_{version or '-'}_*"):
                shutil.rmtree(path, ignore_errors=True)
    for path in directory.glob("[!o]*"):
        shutil.rmtree(path, ignore_errors=True)
    shutil.rmtree(directory, ignore_errors=True)


def _quit_server(directory: Path) -> None:
    """End a postmaster that outlived its keeper, if it really runs in this directory."""
    deadline = time.monotonic() + _ENDING
    while (pid := _server_pid(directory)) is not None:
        # One that is only starting has no handler yet, and its shell has told it to ignore SIGQUIT.
        number = signal.SIGQUIT if time.monotonic() < deadline else signal.SIGKILL
        with contextlib.suppress(OSError):
            os.kill(pid, number)
        time.sleep(0.02)


def _server_pid(directory: Path) -> int | None:
    """The postmaster that runs in this directory, None if there is none, or if there is no /proc to see it in."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        pid = int((directory / "data" / "postmaster.pid").read_text().split()[0])
        if Path(f"/proc/{pid}/cwd").readlink() == directory / "data":
            return pid
    # It writes that file some time after it was started.
    wanted = b"\0-D\0" + os.fsencode(directory / "data") + b"\0"
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted in (process / "cmdline").read_bytes():
                return int(process.name)
    return None


def _base(identity: Identity) -> Path:
    """``/dev/shm`` where it is a tmpfs with room, else the temporary directory, if the server can live there."""
    for base in _bases():
        fits = len(os.fsencode(base)) <= _LONGEST
        if fits and os.access(base, os.W_OK | os.X_OK) and (not identity or traversable(base)):
            return base
    raise MigcheckError(
        f"no folder for the server's data: {tempfile.gettempdir()} is closed to the server's user, or too long a path\n"
        "what to do: set TMPDIR"
    )


def _bases() -> Iterator[Path]:
    shm = Path("/dev/shm")  # noqa: S108 - a unique directory below it
    with contextlib.suppress(OSError):
        room = os.statvfs(shm)
        if _is_tmpfs(shm) and room.f_bavail * room.f_frsize >= _NEEDED:
            yield shm
    yield Path(tempfile.gettempdir()).resolve()
    yield Path("/tmp").resolve()  # noqa: S108 - a unique directory below it


def _is_tmpfs(directory: Path) -> bool:
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    return any(line.split()[1:3] == [str(directory), "tmpfs"] for line in mounts)
