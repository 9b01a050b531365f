"""The seed cache: clusters that ``initdb`` made once, never run, only copied.

``initdb`` takes 300 to 500 ms, the copy of a seed 15 to 40.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from platformdirs import user_cache_path

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.postgres.programs import Binaries, Identity, give, run_program

SUPERUSER = "postgres"
_MARKER = "complete"
_KEPT = 6


@dataclass(frozen=True, slots=True)
class Seed:
    """The place of one seed in the cache; ``arguments`` are those of ``initdb``."""

    directory: Path
    arguments: tuple[str, ...]

    def copy_to(self, data: Path, binaries: Binaries, identity: Identity, *, anew: bool = False) -> None:
        """Copy the cluster to ``data``, a new path; run ``initdb`` if there is no whole seed, or for ``anew``."""
        with self._locked():
            if anew or self._copied_size(data, identity) != self._whole_size():
                shutil.rmtree(data, ignore_errors=True)
                self._remove()
                self._make(data.with_name("initdb"), binaries, identity)
                self._copied_size(data, identity)
            os.utime(self.directory)
        data.chmod(0o700)

    def _copied_size(self, data: Path, identity: Identity) -> str:
        """Copy what is there, and tell its size: the check that no file was lost costs no second walk."""
        if not (self.directory / "data").is_dir():
            return "nothing"
        return _text(_copy(str(self.directory / "data"), str(data), identity))

    def _whole_size(self) -> str:
        marker = self.directory / _MARKER
        return marker.read_text() if marker.is_file() else "unknown"

    def _make(self, work: Path, binaries: Binaries, identity: Identity) -> None:
        work.mkdir()
        give(work, identity)
        try:
            run_program([str(binaries.directory / "initdb"), *self.arguments, "-D", str(work / "data")], identity)
            # Copied, then renamed: a seed of this name is whole or not there at all.
            temporary = self.directory.with_name(f"{self.directory.name}.new")
            temporary.mkdir()
            size = _text(_copy(str(work / "data"), str(temporary / "data"), {}))
            (temporary / _MARKER).write_text(size)
            temporary.rename(self.directory)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        _evict(self.directory)

    def _remove(self) -> None:
        for left in self.directory.parent.glob(f"{self.directory.name}*"):
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        lock = self.directory.with_name(f"{self.directory.name}.lock")
        try:
            with FileLock(str(lock), timeout=120):
                yield
        except Timeout as error:
            raise MigcheckError(f"another run has held {lock} for two minutes; remove it if there is none") from error


def seed_for(binaries: Binaries, identity: Identity) -> Seed:
    """The seed for the identity of these binaries: version, size and time of the program, options."""
    version = run_program([str(binaries.directory / "postgres"), "--version"], identity)
    program = (binaries.directory / "postgres").stat()
    arguments = _initdb_arguments(version)
    text = f"{version}|{program.st_size}|{int(program.st_mtime)}|{arguments}"
    return Seed(_cache_directory() / hashlib.sha256(text.encode()).hexdigest()[:24], arguments)


def _initdb_arguments(version: str) -> tuple[str, ...]:
    number = re.search(r"\) (\d+)", version)
    if number is None:
        raise MigcheckError(f"postgres --version says {version!r}, which names no version")
    locale = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8") if int(number[1]) >= 17 else ()
    return ("--no-sync", "--encoding=UTF8", *locale, "--locale=C", "--wal-segsize=1", "-U", SUPERUSER, "-A", "trust")


def _cache_directory() -> Path:
    cache = user_cache_path("pytest-migcheck") / "seeds"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=cache):
            return cache
    except OSError:
        pass  # a read-only home: a folder of this user in the temporary directory serves as well
    fallback = Path(tempfile.gettempdir()) / f"pytest-migcheck-seeds-{os.getuid()}"
    fallback.mkdir(mode=0o700, exist_ok=True)
    if fallback.is_symlink() or fallback.stat().st_uid != os.getuid():
        raise MigcheckError(f"{fallback} belongs to another user; remove it, or set XDG_CACHE_HOME")
    return fallback


def _evict(newest: Path) -> None:
    """Remove the seeds that were not used for longest; one that is being copied stays."""
    seeds = sorted(
        (path for path in newest.parent.iterdir() if (path / _MARKER).is_file() and path != newest),
        key=lambda path: path.stat().st_mtime,
        reverse=True,
    )
    for old in seeds[_KEPT - 1 :]:
        with contextlib.suppress(Timeout), FileLock(str(old.with_name(f"{old.name}.lock")), timeout=0):
            shutil.rmtree(old, ignore_errors=True)


def _copy(source: str, target: str, identity: Identity) -> tuple[int, int]:
    """Copy a directory for the server's user; returns the number of its files and bytes.

    A cluster of ``initdb`` has a thousand small files and no links: ``shutil.copytree`` takes three times as long.
    """
    os.mkdir(target, 0o700)  # noqa: PTH102 - plain strings, for speed
    files = size = 0
    with os.scandir(source) as entries:
        for entry in entries:
            path = f"{target}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                more, bytes_ = _copy(entry.path, path, identity)
                files, size = files + more, size + bytes_
                continue
            shutil.copyfile(entry.path, path)
            files, size = files + 1, size + entry.stat().st_size
            if identity:
                os.chown(path, identity["user"], identity["group"])
    if identity:
        os.chown(target, identity["user"], identity["group"])
    return files, size


def _text(size: tuple[int, int]) -> str:
    return f"{size[0]} files, {size[1]} bytes\n"
