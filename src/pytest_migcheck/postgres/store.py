"""Clusters on disk that are never run, only copied: seeds that ``initdb`` made, and clusters with a migrated template.

They lie in the user's cache directory, with the password of their superuser beside them: no connection is trusted.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from platformdirs import user_cache_path

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.postgres.programs import Identity

_MARKER = "complete"
_PASSWORD = "password"  # noqa: S105 - the name of a file
_KEPT = 8
_THREADS = min(4, os.cpu_count() or 1)


class DamagedClusterError(MigcheckError):
    """A stored cluster is gone or not whole; another rung of the ladder would find it so too."""


@dataclass(frozen=True, slots=True)
class StoredCluster:
    """The place of one cluster in the cache; whole, or not there at all."""

    directory: Path

    def copy_to(self, data: Path, identity: Identity) -> str | None:
        """Copy the cluster to ``data``, a new path, for the server's user; returns its superuser's password.

        None, and nothing in ``data``, where it is not there or not whole.
        """
        try:
            size = _text(_copy(str(self.directory / "data"), str(data), identity))
            if size == (self.directory / _MARKER).read_text():
                os.utime(self.directory)
                data.chmod(0o700)
                return (self.directory / _PASSWORD).read_text()
        except OSError:
            pass  # it is removed or damaged; its maker makes it anew
        shutil.rmtree(data, ignore_errors=True)
        return None

    def save(self, data: Path, password: str, texts: Mapping[str, str] | None = None) -> None:
        """Keep a copy of a cluster that was shut down cleanly, with further files of text beside it.

        The caller holds the lock.
        """
        # Copied, then renamed: a cluster of this name is whole or not there at all.
        self.remove()
        temporary = self.directory.with_name(f"{self.directory.name}.new")
        temporary.mkdir(mode=0o700)
        try:
            size = _text(_copy(str(data), str(temporary / "data"), {}))
            for name, text in {**(texts or {}), _PASSWORD: password, _MARKER: size}.items():
                (temporary / name).touch(mode=0o600)
                (temporary / name).write_text(text)
        except OSError:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        temporary.rename(self.directory)
        _evict(self.directory)

    def read(self, name: str) -> str | None:
        """The text of a file beside the cluster."""
        try:
            return (self.directory / name).read_text()
        except OSError:
            return None

    def remove(self) -> None:
        """Remove the cluster, and what a run that was killed left of it."""
        for left in self.directory.parent.glob(f"{self.directory.name}*"):
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)

    @contextlib.contextmanager
    def locked(self, seconds: float = 120) -> Iterator[None]:
        """Hold the cluster's lock: one run makes it, the others wait and copy.

        Raises:
            MigcheckError: another run has held it for that many seconds.
        """
        lock = self.directory.with_name(f"{self.directory.name}.lock")
        try:
            with FileLock(str(lock), timeout=seconds):
                yield
        except Timeout as error:
            raise MigcheckError(f"another run has held {lock} for {seconds:g} s; remove it if there is none") from error


def cache_directory(kind: str) -> Path:
    """The folder of the user's cache for ``kind``, private to the user.

    Raises:
        MigcheckError: neither the cache directory nor the temporary one can be used.
    """
    cache = user_cache_path("pytest-migcheck") / kind
    try:
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=cache):
            return cache
    except OSError:
        pass  # a read-only home: a folder of this user in the temporary directory serves as well
    fallback = Path(tempfile.gettempdir()) / f"pytest-migcheck-{kind}-{os.getuid()}"
    fallback.mkdir(mode=0o700, exist_ok=True)
    if fallback.is_symlink() or fallback.stat().st_uid != os.getuid():
        raise MigcheckError(f"{fallback} belongs to another user; remove it, or set XDG_CACHE_HOME")
    return fallback


def clear_cache() -> tuple[Path, ...]:
    """Remove every stored cluster of this user; returns the folders that are gone."""
    folders = tuple(cache_directory(kind) for kind in ("seeds", "templates"))
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    return folders


def _evict(newest: Path) -> None:
    """Remove the clusters that were not used for longest; one that is being copied stays."""
    stored = sorted(
        (path for path in newest.parent.iterdir() if (path / _MARKER).is_file() and path != newest),
        key=lambda path: path.stat().st_mtime,
        reverse=True,
    )
    for old in stored[_KEPT - 1 :]:
        with contextlib.suppress(Timeout), FileLock(str(old.with_name(f"{old.name}.lock")), timeout=0):
            shutil.rmtree(old, ignore_errors=True)
            old.with_name(f"{old.name}.lock").unlink(missing_ok=True)


def _copy(source: str, target: str, identity: Identity) -> tuple[int, int]:
    """Copy a directory for the server's user; returns the number of its files and bytes.

    A cluster has a thousand small files and no links. Two threads take a third of the time of ``shutil.copytree``:
    the kernel does the work, outside of Python's lock.
    """
    pairs = _make_directories(source, target, identity)
    with ThreadPoolExecutor(_THREADS) as threads:
        shares = [pairs[n::_THREADS] for n in range(_THREADS)]
        sizes = threads.map(lambda share: sum(_copy_file(old, new, identity) for old, new in share), shares)
        return len(pairs), sum(sizes)


def _make_directories(source: str, target: str, identity: Identity) -> list[tuple[str, str]]:
    """Make the directories; returns (source, target) of every file in them."""
    pairs: list[tuple[str, str]] = []
    os.mkdir(target, 0o700)  # noqa: PTH102 - plain strings, for speed
    if identity:
        os.chown(target, identity["user"], identity["group"])
    with os.scandir(source) as entries:
        for entry in entries:
            path = f"{target}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                pairs += _make_directories(entry.path, path, identity)
            else:
                pairs.append((entry.path, path))
    return pairs


def _copy_file(source: str, target: str, identity: Identity) -> int:
    with open(source, "rb", buffering=0) as reader, open(target, "xb", buffering=0) as writer:  # noqa: PTH123
        os.fchmod(writer.fileno(), 0o600)
        if identity:
            os.fchown(writer.fileno(), identity["user"], identity["group"])
        size = 0
        if sys.platform == "linux":
            while count := os.sendfile(writer.fileno(), reader.fileno(), None, 1 << 30):
                size += count
        else:
            shutil.copyfileobj(reader, writer, 1 << 20)
            size = writer.tell()
        return size


def _text(size: tuple[int, int]) -> str:
    return f"{size[0]} files, {size[1]} bytes\n"
