"""Run directories: where a server's data, socket and log live while it runs, and the sweep of stale ones."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
from pathlib import Path

from filelock import FileLock, Timeout

PREFIX = "migcheck-run-"
_NEEDED = 512 * 1024 * 1024


def make_run_directory() -> tuple[Path, FileLock]:
    """Make a run directory with a lock that is held as long as its owner lives."""
    directory = Path(tempfile.mkdtemp(prefix=PREFIX, dir=_base()))
    directory.chmod(0o711)
    lock = FileLock(str(_lock_path(directory)))
    lock.acquire(timeout=5)
    return directory, lock


def discard(lock: FileLock) -> None:
    """Release the lock of a run directory that is gone, and remove its file."""
    Path(lock.lock_file).unlink(missing_ok=True)
    lock.release()


def sweep_stale() -> None:
    """Remove run directories of this user whose owner is gone."""
    for base in {_base(), Path(tempfile.gettempdir())}:
        for lock_path in base.glob(f".{PREFIX}*.lock"):
            with contextlib.suppress(OSError):
                if lock_path.stat().st_uid == os.getuid():
                    _sweep(lock_path)


def _sweep(lock_path: Path) -> None:
    lock = FileLock(str(lock_path))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return
    try:
        directory = lock_path.with_name(lock_path.name[1:].removesuffix(".lock"))
        _quit_server(directory)
        shutil.rmtree(directory, ignore_errors=True)
        lock_path.unlink(missing_ok=True)
    finally:
        lock.release()


def _quit_server(directory: Path) -> None:
    """End a postmaster that outlived its owner, if it really runs in this directory."""
    pid_file = directory / "data" / "postmaster.pid"
    with contextlib.suppress(OSError, ValueError):
        pid = int(pid_file.read_text().split()[0])
        if Path(os.readlink(f"/proc/{pid}/cwd")) == directory / "data":
            os.kill(pid, signal.SIGQUIT)


def _lock_path(directory: Path) -> Path:
    # Beside the directory: the leash removes the directory, and the lock must outlive it.
    return directory.with_name(f".{directory.name}.lock")


def _base() -> Path:
    """``/dev/shm`` where it is a tmpfs with room, else the temporary directory."""
    shm = Path("/dev/shm")
    with contextlib.suppress(OSError):
        room = os.statvfs(shm)
        if os.access(shm, os.W_OK) and room.f_bavail * room.f_frsize >= _NEEDED:
            return shm
    return Path(tempfile.gettempdir())
