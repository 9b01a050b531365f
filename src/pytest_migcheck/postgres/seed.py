"""The seed: a cluster that ``initdb`` made once for these programs, and that every server starts from.

``initdb`` takes 300 to 500 ms, the copy of a seed 15 to 40.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.postgres.programs import Binaries, Identity, give, run_program
from pytest_migcheck.postgres.store import StoredCluster, cache_directory

SUPERUSER = "postgres"


@dataclass(frozen=True, slots=True)
class Seed:
    """The seed of one PostgreSQL; ``key`` tells it from others, ``arguments`` are those of ``initdb``."""

    key: str
    major: int
    arguments: tuple[str, ...]

    @contextlib.contextmanager
    def copied(self, data: Path, binaries: Binaries, identity: Identity, *, anew: bool = False) -> Iterator[str]:
        """Copy the seed to ``data``, a new path, as ``StoredCluster.copied`` does.

        ``initdb`` runs if there is no seed, or for ``anew``.
        """
        stored = StoredCluster(cache_directory("seeds") / self.key)
        with stored.locked():
            if anew or not stored.exists:
                self._make(stored, data.with_name("initdb"), binaries, identity)
            with stored.copied(data, identity) as password:
                yield password

    def _make(self, stored: StoredCluster, work: Path, binaries: Binaries, identity: Identity) -> None:
        work.mkdir(mode=0o700)
        password = secrets.token_urlsafe(18)
        (work / "password").write_text(password)
        give(work, identity)
        words = [*self.arguments, f"--pwfile={work / 'password'}", "-D", str(work / "data")]
        try:
            run_program([str(binaries.directory / "initdb"), *words], identity)
            stored.save(work / "data", password)
        except OSError as error:
            raise MigcheckError(f"the cluster of initdb cannot be kept in {stored.directory}: {error}") from error
        finally:
            shutil.rmtree(work, ignore_errors=True)


def seed_for(binaries: Binaries) -> Seed:
    """The seed for the identity of these binaries: version, size and time of the program, options."""
    # Root may ask for the version, and reaches folders that the server's user does not.
    version = run_program([str(binaries.directory / "postgres"), "--version"], {})
    number = re.search(r"\) (\d+)", version)
    if number is None:
        raise MigcheckError(f"postgres --version says {version!r}, which names no version")
    major = int(number[1])
    program = (binaries.directory / "postgres").stat()
    locale = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8") if major >= 17 else ()
    words = ("--no-sync", "--encoding=UTF8", *locale, "--locale=C", "--wal-segsize=1", "-U", SUPERUSER)
    arguments = (*words, "-A", "scram-sha-256")
    text = f"{version}|{program.st_size}|{int(program.st_mtime)}|{arguments}"
    return Seed(hashlib.sha256(text.encode()).hexdigest()[:24], major, arguments)
