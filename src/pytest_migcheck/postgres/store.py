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
from concurrent.futures import Future, ThreadPoolExecutor
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

    @property
    def exists(self) -> bool:
        """Whether it is there; only a copy tells whether it is whole."""
        return (self.directory / _MARKER).is_file()

    @contextlib.contextmanager
    def copied(self, data: Path, identity: Identity) -> Iterator[str]:
        """Copy the cluster to ``data``, a new path, for the server's user; yields its superuser's password.

        Whoever is in the block may start the server and connect to ``postgres``. The other databases are whole
        when the block has ended.

        Raises:
            DamagedClusterError: it is not there, or not whole.
        """
        with self._copying():
            password = (self.directory / _PASSWORD).read_text()
            marker = (self.directory / _MARKER).read_text()
            if not password or not marker:
                raise DamagedClusterError(f"the stored cluster {self.directory} is damaged")
            copy = _Copy(str(self.directory / "data"), str(data), identity)
        with contextlib.closing(copy):
            with self._copying():
                copy.wait_for_start()
            yield password
            with self._copying():
                size = copy.wait()
                os.utime(self.directory)
        if _text(size) != marker:
            raise DamagedClusterError(f"the stored cluster {self.directory} is damaged")

    @contextlib.contextmanager
    def _copying(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DamagedClusterError(f"the stored cluster {self.directory} cannot be copied: {error}") from error

    def save(self, data: Path, password: str, texts: Mapping[str, str] | None = None) -> None:
        """Keep a copy of a cluster that was shut down cleanly, with further files of text beside it.

        The caller holds the lock.
        """
        # Copied, then renamed: a cluster of this name is whole or not there at all.
        self.remove()
        temporary = self.directory.with_name(f"{self.directory.name}.new")
        temporary.mkdir(mode=0o700)
        try:
            with contextlib.closing(_Copy(str(data), str(temporary / "data"), {})) as copy:
                size = _text(copy.wait())
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


class _Copy:
    """A copy of a directory for the server's user; what a server needs to start comes first.

    A cluster has a thousand small files, and links to tablespaces only. Two threads take a third of the time of
    ``shutil.copytree``: the kernel does the work, outside of Python's lock.
    """

    def __init__(self, source: str, target: str, identity: Identity) -> None:
        pairs = _make_directories(source, target, identity)
        first: list[tuple[str, str]] = []
        late: list[tuple[str, str]] = []
        for pair in pairs:
            (late if _is_late(pair[0].removeprefix(source)) else first).append(pair)
        self._count = len(pairs)
        self._threads = ThreadPoolExecutor(_THREADS)
        self._first = self._submit(first, identity)
        self._late = self._submit(late, identity)

    def _submit(self, pairs: list[tuple[str, str]], identity: Identity) -> list[Future[int]]:
        def copy(share: list[tuple[str, str]]) -> int:
            return sum(_copy_file(old, new, identity) for old, new in share)

        return [self._threads.submit(copy, pairs[n::_THREADS]) for n in range(_THREADS)]

    def wait_for_start(self) -> None:
        """Wait for what a server needs to start."""
        for future in self._first:
            future.result()

    def wait(self) -> tuple[int, int]:
        """Wait for all; returns the number of files and bytes."""
        return self._count, sum(future.result() for future in (*self._first, *self._late))

    def close(self) -> None:
        """End the threads; what they have not begun stays undone."""
        self._threads.shutdown(cancel_futures=True)


def _is_late(path: str) -> bool:
    """Whether a file belongs to a template or a user's database; ``postgres`` is where servers are asked first.

    The numbers are template1's, template0's since PostgreSQL 15, and FirstNormalObjectId.
    """
    parts = path.split("/")
    return parts[1] == "base" and parts[2].isdigit() and (parts[2] in ("1", "4") or int(parts[2]) >= 16384)


def _version_of(tablespaces: str) -> str:
    return (Path(tablespaces).parent / "PG_VERSION").read_text().strip()


def _make_directories(source: str, target: str, identity: Identity, version: str = "") -> list[tuple[str, str]]:
    """Make the directories; returns (source, target) of every file in them.

    A tablespace is a link to a folder of the machine; in the copy it is a folder of its own, with what this cluster
    has in it. ``version`` is the cluster's then: other versions may have folders beside it.
    """
    pairs: list[tuple[str, str]] = []
    os.mkdir(target, 0o700)  # noqa: PTH102 - plain strings, for speed
    if identity:
        os.chown(target, identity["user"], identity["group"])
    with os.scandir(source) as entries:
        for entry in entries:
            path = f"{target}/{entry.name}"
            if version and not entry.name.startswith(f"PG_{version}_"):
                continue
            if entry.is_dir(follow_symlinks=False):
                pairs += _make_directories(entry.path, path, identity)
            elif entry.is_symlink() and entry.is_dir():
                pairs += _make_directories(entry.path, path, identity, _version_of(source))
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
