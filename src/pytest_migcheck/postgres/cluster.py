"""Start ``postgres`` from a directory of binaries: seed cache, run directory, leash.

One manager drives embedded and local binaries alike. Figures behind the choices: a copy of a cached
seed and a direct start take about 40 ms, ``initdb`` and ``pg_ctl`` 300 to 500 ms.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock
from platformdirs import user_cache_path

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.postgres.database import ConnectionParams
from pytest_migcheck.postgres.leash import Leash
from pytest_migcheck.postgres.rundir import discard, make_run_directory, sweep_stale
from pytest_migcheck.postgres.server import Server, await_connection, new_password

_SUPERUSER = "postgres"
_OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "100",
    "max_locks_per_transaction": "256",
    "checkpoint_timeout": "1d",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "logging_collector": "off",
}
# The socket's folder belongs to the server's user; the password guards it as it does the TCP port.
_HBA = "local all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """A directory that holds ``postgres`` and ``initdb``, with the version that it prints."""

    directory: Path
    kind: str
    origin: str


def start_cluster(binaries: Binaries, reason: str) -> Server:
    """Start a disposable server from these binaries.

    Raises:
        MigcheckError: initdb or postgres fails; with what they printed.
    """
    if sys.platform == "win32":
        raise MigcheckError("on Windows pytest-migcheck needs a server by URL (or Docker): --migcheck-postgres=URL")
    started = time.perf_counter()
    sweep_stale()
    run_directory, lock = make_run_directory()
    try:
        identity = _identity()
        usable = _reachable(binaries, run_directory, identity)
        _copy_seed(_seed(usable, identity), run_directory / "data")
        (run_directory / "data" / "pg_hba.conf").write_text(_HBA)
        _give(run_directory, identity)
        port, password = _free_port(), new_password()
        _set_password(usable, run_directory, password, identity)
        leash = Leash(_command(usable, run_directory, port), run_directory, identity)
    except BaseException:
        shutil.rmtree(run_directory, ignore_errors=True)
        discard(lock)
        raise
    target = ConnectionParams(
        host=str(run_directory), port=port, user=_SUPERUSER, password=password, dbname="postgres"
    )

    def log_tail() -> str:
        log = run_directory / "log"
        return "\n".join(log.read_text(errors="replace").splitlines()[-15:]) if log.exists() else ""

    def alive() -> bool:
        return leash.holds and (run_directory / "data" / "postmaster.pid").exists()

    def stop() -> None:
        leash.let_go()
        shutil.rmtree(run_directory, ignore_errors=True)
        discard(lock)

    def exited() -> str | None:
        running = leash.holds and not _ended(run_directory)
        return None if running else f"{binaries.origin}\n{log_tail()}"

    try:
        version, number = await_connection(target, exited)
    except BaseException:
        stop()
        raise
    return Server(
        kind=binaries.kind,
        version=version,
        version_num=number,
        reason=reason,
        seconds=time.perf_counter() - started,
        params=target,
        tcp=ConnectionParams(
            host="127.0.0.1", port=port, user=_SUPERUSER, password=password, dbname="postgres"
        ),
        stopper=stop,
        alive=alive,
        log=log_tail,
    )


def _ended(run_directory: Path) -> bool:
    """Whether postgres wrote that it gives up (the leash goes on waiting for us)."""
    log = run_directory / "log"
    return log.exists() and "FATAL:" in log.read_text(errors="replace") and not (
        run_directory / "data" / "postmaster.pid"
    ).exists()


def _command(binaries: Binaries, run_directory: Path, port: int) -> list[str]:
    options = {
        **_OPTIONS,
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": str(run_directory),
    }
    flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    return [str(binaries.directory / "postgres"), "-D", str(run_directory / "data"), *flags]


def _identity() -> dict[str, Any]:
    """Popen's arguments that drop root, since postgres refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise MigcheckError("pytest-migcheck runs as root and found neither a user 'postgres' nor 'nobody' to run PostgreSQL")


def _give(directory: Path, identity: dict[str, Any]) -> None:
    if not identity:
        return
    for root, names, files in os.walk(directory):
        for path in (root, *(os.path.join(root, n) for n in (*names, *files))):
            os.chown(path, identity["user"], identity["group"], follow_symlinks=False)


def _reachable(binaries: Binaries, run_directory: Path, identity: dict[str, Any]) -> Binaries:
    """The binaries where the server's user can reach them; a copy if they lie below a private folder.

    The user's own folders are never opened up for it.
    """
    if not identity or all(
        parent.stat().st_mode & stat.S_IXOTH for parent in (binaries.directory, *binaries.directory.parents)
    ):
        return binaries
    install = binaries.directory.parent
    libraries = install.parent.parent / f"{install.parent.name}.libs"
    base = run_directory / "programs" / install.parent.name
    shutil.copytree(install, base / install.name, symlinks=True)
    if libraries.is_dir():
        shutil.copytree(libraries, run_directory / "programs" / libraries.name, symlinks=True)
    _give(run_directory, identity)
    return Binaries(directory=base / install.name / "bin", kind=binaries.kind, origin=binaries.origin)


def _seed(binaries: Binaries, identity: dict[str, Any]) -> Path:
    """A cluster that ``initdb`` made once for these binaries; never run, only copied."""
    version = _run([str(binaries.directory / "postgres"), "--version"], identity)
    program = (binaries.directory / "postgres").stat()
    arguments = _initdb_arguments(version)
    text = f"{version}|{program.st_size}|{int(program.st_mtime)}|{arguments}"
    key = hashlib.sha256(text.encode()).hexdigest()[:24]
    cache = _cache_directory()
    seed = cache / key
    with FileLock(str(cache / f"{key}.lock"), timeout=120):
        if not (seed / "complete").is_file():
            shutil.rmtree(seed, ignore_errors=True)
            _initdb(binaries, arguments, seed, identity)
    return seed / "data"


def _initdb_arguments(version: str) -> list[str]:
    major = int(next(part for part in version.split() if part[:1].isdigit()).split(".")[0].rstrip("abcdevlrt"))
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"] if major >= 17 else ["--locale=C"]
    return ["--no-sync", "--encoding=UTF8", *locale, "--wal-segsize=1", "-U", _SUPERUSER, "-A", "trust"]


def _initdb(binaries: Binaries, arguments: list[str], seed: Path, identity: dict[str, Any]) -> None:
    work = Path(tempfile.mkdtemp(prefix="migcheck-initdb-"))
    try:
        _give(work, identity)
        _run([str(binaries.directory / "initdb"), *arguments, "-D", str(work / "data")], identity)
        temporary = seed.with_name(f"{seed.name}.{os.getpid()}")
        shutil.copytree(work / "data", temporary / "data", symlinks=True)
        (temporary / "complete").write_text("initdb ended without error\n")
        temporary.rename(seed)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _cache_directory() -> Path:
    cache = user_cache_path("pytest-migcheck") / "seeds"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        if os.access(cache, os.W_OK):
            return cache
    except OSError:
        pass  # a read-only home: a folder of this user in the temporary directory serves as well
    fallback = Path(tempfile.gettempdir()) / f"pytest-migcheck-seeds-{os.getuid()}"
    fallback.mkdir(mode=0o700, exist_ok=True)
    if fallback.stat().st_uid != os.getuid():
        raise MigcheckError(f"{fallback} belongs to another user; remove it, or set XDG_CACHE_HOME")
    return fallback


def _copy_seed(seed: Path, data: Path) -> None:
    shutil.copytree(seed, data, symlinks=True)
    data.chmod(0o700)


def _set_password(binaries: Binaries, run_directory: Path, password: str, identity: dict[str, Any]) -> None:
    """Set the superuser's password in single-user mode, before anyone can connect."""
    statement = f"ALTER USER {_SUPERUSER} PASSWORD '{password}'\n"
    command = [str(binaries.directory / "postgres"), "--single", "-D", str(run_directory / "data"), "-c", "fsync=off"]
    _run([*command, "postgres"], identity, statement)


def _run(command: list[str], identity: dict[str, Any], text: str | None = None) -> str:
    completed = subprocess.run(
        command, input=text, capture_output=True, text=True, check=False, cwd="/",
        env={**os.environ, "LC_ALL": "C", "TZ": "UTC"}, **identity,
    )
    if completed.returncode != 0:
        printed = (completed.stderr or completed.stdout).strip()
        raise MigcheckError(f"{Path(command[0]).name} failed ({command[0]}):\n{printed[-2000:]}")
    return completed.stdout.strip()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
